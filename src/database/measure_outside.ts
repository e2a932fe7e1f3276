/** Measures a statement that runs outside a transaction, on a database to which nobody else is connected. */

import type { Database } from "./database.ts";
import { type MeasureOptions, measureStatement, type Observed, type Send } from "./measure_statement.ts";
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
  readonly onNotice: MeasureOptions["onNotice"];
}

/** `isComplete`: whether locks were looked for. There may be too many relations to look at each. */
export type ObservedOutside = Observed & { readonly isComplete: boolean };

/** @throws as {@link measureStatement} */
export async function measureOutside(
  session: Session,
  send: Send,
  { database, observer, named, onNotice }: OutsideOptions,
): Promise<ObservedOutside> {
  const all = [...(await readSnapshot(session)).relations.values()];
  const relations = canProbe(all) ? all : all.filter(named);
  if (!canProbe(relations)) return { ...await measureStatement(session, send, { onNotice }), isComplete: false };
  const tables = relations.filter((relation) => ["r", "p"].includes(relation.kind) && named(relation));
  const probing = { database, observer, pid: session.facts.serverPid, relations, named: tables };
  const observed = await probeLocks(probing, (probe) =>
    measureStatement(session, (listen) => probe.run(send(listen)), {
      onNotice,
      seenLocks: () => probe.locks,
      notCountedMs: () => probe.stoppedMs,
    }));
  return { ...withDropped(observed), isComplete: true };
}

/** DROP INDEX CONCURRENTLY takes a lock that it had already in a stronger mode, at its very end. */
function withDropped(observed: Observed): Observed {
  const { before, after, command, locks } = observed;
  if (!command.startsWith("DROP ")) return observed;
  const dropped = [...before.relations.values()].filter(({ oid }) => !after.relations.has(oid));
  const mode = "AccessExclusiveLock";
  const lacking = dropped.filter(({ oid }) => !locks.some((lock) => lock.relation.oid === oid && lock.mode === mode));
  return { ...observed, locks: [...locks, ...lacking.map((relation) => ({ relation, mode }))] };
}
