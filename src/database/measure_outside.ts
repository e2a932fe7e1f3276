/** Measures a statement that runs outside a transaction, on a database to which nobody else is connected. */

import type { Database } from "./database.ts";
import { type MeasureOptions, measureStatement, type Observed, type Send, writtenTables } from "./measure_statement.ts";
import { canProbe, probeLocks } from "./probe_locks.ts";
import type { Session } from "./session.ts";
import { readSnapshot, type SeenRelation } from "./snapshot.ts";

export interface OutsideOptions {
  /** Opens the connections that hold locks in its way. */
  readonly database: Database;
  /** Looks at the session's backend, under the settings of an observer. */
  readonly observer: Session;
  /** The tables that the statement names: it may wait for all who use them. */
  readonly named: (relation: SeenRelation) => boolean;
  /** Whether it commits on its way, as DO and CALL may: its own counters then say too little. */
  readonly commits: boolean;
  readonly onNotice: MeasureOptions["onNotice"];
}

/** `isComplete`: whether locks were looked for. There may be too many relations to look at each. */
export type ObservedOutside = Observed & { readonly isComplete: boolean };

/** @throws as {@link measureStatement} */
export async function measureOutside(
  session: Session,
  send: Send,
  { database, observer, named, commits, onNotice }: OutsideOptions,
): Promise<ObservedOutside> {
  const all = [...(await readSnapshot(session)).relations.values()];
  const relations = canProbe(all) ? all : all.filter(named);
  const counting: MeasureOptions = { onNotice, counted: commits ? "database" : "transaction" };
  if (!canProbe(relations)) {
    const observed = await measureStatement(session, send, counting);
    return { ...commits ? withWritten(observed) : observed, isComplete: false };
  }
  const tables = relations.filter((relation) => ["r", "p"].includes(relation.kind) && named(relation));
  const probing = { database, observer, pid: session.facts.serverPid, relations, named: tables };
  const observed = await probeLocks(probing, (probe) =>
    measureStatement(session, (listen) => probe.run(send(listen)), {
      ...counting,
      seenLocks: () => probe.locks,
      notCountedMs: () => probe.stoppedMs,
    }));
  return { ...commits ? withWritten(observed) : withDropped(observed), isComplete: true };
}

/** Nothing stands in the way of ROW EXCLUSIVE here; what was written tells that it was taken. */
function withWritten(observed: Observed): Observed {
  return withLocks(observed, { relations: writtenTables(observed), mode: "RowExclusiveLock" });
}

/** DROP INDEX CONCURRENTLY takes a lock that it had already in a stronger mode, at its very end. */
function withDropped(observed: Observed): Observed {
  const { before, after, command } = observed;
  if (!command.startsWith("DROP ")) return observed;
  const relations = [...before.relations.values()].filter(({ oid }) => !after.relations.has(oid));
  return withLocks(observed, { relations, mode: "AccessExclusiveLock" });
}

function withLocks(
  observed: Observed,
  { relations, mode }: { readonly relations: readonly SeenRelation[]; readonly mode: string },
): Observed {
  const { locks } = observed;
  const lacking = relations.filter(({ oid }) => !locks.some((lock) => lock.relation.oid === oid && lock.mode === mode));
  return { ...observed, locks: [...locks, ...lacking.map((relation) => ({ relation, mode }))] };
}
