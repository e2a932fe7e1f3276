/** Runs one statement and finds out what it did: by the server's own counters, not by rules about statements. */

import { isWanted, type Work, workOf } from "./debug_messages.ts";
import type { Answer, ServerMessage, Session } from "./session.ts";
import {
  type Counted,
  type HeldRelation,
  readSnapshot,
  type SeenRelation,
  type Snapshot,
  walPosition,
} from "./snapshot.ts";
import { EQUALS, sql } from "./sql.ts";

/** What a statement did. Relations are as they were before it, by name too; those that it made are in no list. */
export interface Observed {
  /** From sending it to its end, waiting included; milliseconds. */
  readonly durationMs: number;
  /** Bytes of write-ahead log that the server wrote meanwhile, for others too. */
  readonly walBytes: number;
  /**
   * What its command tag counts: rows inserted, updated, deleted, copied or returned. Of DO and CALL, which have no count:
   * rows that the server's own counters say were written.
   */
  readonly rows: number;
  /** The command's tag without its count: `ALTER TABLE`. */
  readonly command: string;
  /** Locks that the transaction did not hold in this mode before. */
  readonly locks: readonly ObservedLock[];
  /** Relations that it scanned, or said to build an index of or to check. */
  readonly scans: readonly SeenRelation[];
  /** Tables and materialized views that have another file than before. */
  readonly rewrites: readonly SeenRelation[];
  readonly before: Snapshot;
  readonly after: Snapshot;
}

export interface ObservedLock {
  readonly relation: SeenRelation;
  readonly mode: string;
}

export interface MeasureOptions {
  /** Called for the messages that the session would have been sent without being measured. */
  readonly onNotice: (notice: ServerMessage) => void;
  /** Locks that were seen from elsewhere while the statement ran, for one that holds none at its end. */
  readonly seenLocks?: () => readonly HeldRelation[];
  /** What of its time was somebody else's doing, and is not counted; milliseconds. */
  readonly notCountedMs?: () => number;
  /** Which counters tell its rows and scans; those of its transaction where this is left out. */
  readonly counted?: Counted;
}

/** Sends a statement as one message, with the listener that it is given. */
export type Send = (onNotice: (notice: ServerMessage) => void) => Promise<Pick<Answer, "tag">>;

/**
 * @throws {ServerError} of the statement; {@link SessionLost}
 */
export async function measureStatement(
  session: Session,
  send: Send,
  options: MeasureOptions,
): Promise<Observed> {
  const before = await readSnapshot(session, options.counted);
  const works: Work[] = [];
  const listen = (message: ServerMessage) => {
    const work = workOf(message);
    if (work !== null) works.push(work);
    if (isWanted(message, before.messages)) options.onNotice(message);
  };
  await setMessages(session, MEASURING);
  const walBefore = await walPosition(session);
  const start = performance.now();
  const { tag } = await send(listen);
  const durationMs = performance.now() - start - (options.notCountedMs?.() ?? 0);
  // After a COMMIT of the file's own, or without a transaction, locks and counters are gone.
  const walBytes = Number(await walPosition(session) - walBefore);
  const after = await readSnapshot(session, options.counted);
  if (after.messages === MEASURING) await setMessages(session, before.messages);
  const { command, rows } = readTag(tag);
  const held = [...after.locks, ...options.seenLocks?.() ?? []];
  return {
    durationMs: Math.max(0, durationMs),
    walBytes,
    rows: COUNTED.includes(command) ? writtenRows(before, after) : rows,
    command,
    locks: newLocks(before, held),
    // Indexes are built on the new, empty file, which is counted and told like any other work.
    scans: command === "TRUNCATE TABLE" ? [] : await scannedRelations(session, { before, after, held, works }),
    rewrites: rewritten(before, after),
    before,
    after,
  };
}

const MEASURING = "debug1";

/** Outside a transaction SET LOCAL does nothing. */
async function setMessages(session: Session, level: string): Promise<void> {
  const isLocal = session.status === "in-transaction";
  await session.run(sql`SELECT pg_catalog.set_config('client_min_messages', ${level}, ${isLocal})`.text);
}

/** `INSERT 0 5` counts 5, `SELECT 3` counts 3, `ALTER TABLE` nothing. */
export function readTag(tag: string): { readonly command: string; readonly rows: number } {
  const [, command = tag, , rows = "0"] = /^(.*?)( \d+)?(?: (\d+))$/.exec(tag) ?? [];
  return { command, rows: Number(rows) };
}

/** Commands that write rows by code of somebody's own, and whose tags have no count. */
const COUNTED: readonly string[] = ["DO", "CALL"];

function writtenRows(before: Snapshot, after: Snapshot): number {
  return [...after.relations.values()].reduce((sum, relation) => sum + rowsWritten(relation, before), 0);
}

/** Counters that have gone back say nothing. */
function rowsWritten({ oid, kind, written }: SeenRelation, before: Snapshot): number {
  return WITH_ROWS.includes(kind) ? Math.max(0, written - (before.relations.get(oid)?.written ?? 0)) : 0;
}

/** The tables that were there and into which rows were written: this alone takes the lock, for which nothing stops. */
export function writtenTables({ before, after }: Observed): readonly SeenRelation[] {
  return [...after.relations.values()].filter((relation) => rowsWritten(relation, before) > 0).flatMap(({ oid }) =>
    before.relations.get(oid) ?? []
  );
}

function newLocks(before: Snapshot, now: readonly HeldRelation[]): readonly ObservedLock[] {
  const seen = new Set(before.locks.map(({ oid, mode }) => `${oid} ${mode}`));
  const locks: ObservedLock[] = [];
  for (const { oid, mode } of now) {
    const relation = before.relations.get(oid);
    if (relation === undefined || seen.has(`${oid} ${mode}`)) continue;
    seen.add(`${oid} ${mode}`);
    locks.push({ relation, mode });
  }
  return locks;
}

/** Kinds whose rows stand in a file of their own: ordinary tables and materialized views. */
const WITH_ROWS = ["r", "m"];

/** What is gone was not rewritten, and what is new is not looked at. */
function rewritten(before: Snapshot, after: Snapshot): readonly SeenRelation[] {
  return [...before.relations.values()].filter(({ oid, kind, filenode }) => {
    const now = after.relations.get(oid);
    return WITH_ROWS.includes(kind) && now !== undefined && now.filenode !== filenode;
  });
}

/**
 * Its own counters, and what the server said: an index may be built where the counters of its transaction are gone, and
 * a foreign key is checked by a query that may go by an index from end to end.
 */
async function scannedRelations(
  session: Session,
  { before, after, held, works }: {
    readonly before: Snapshot;
    readonly after: Snapshot;
    readonly held: readonly HeldRelation[];
    readonly works: readonly Work[];
  },
): Promise<readonly SeenRelation[]> {
  const all = [...before.relations.values()];
  const counted = all.filter(({ oid, kind, scans }) =>
    WITH_ROWS.includes(kind) && (after.relations.get(oid)?.scans ?? 0) > scans
  );
  const named = new Set(works.flatMap((work) => work.kind === "scans" ? [work.table] : []));
  const told = all.filter(({ oid, kind, name }) =>
    WITH_ROWS.includes(kind) && (named.has(name) || named.has(after.relations.get(oid)?.name ?? ""))
  );
  const checked: string[] = [];
  for (const work of works) {
    if (work.kind === "checks-foreign-key") checked.push(...await tablesOfForeignKey(session, work.constraint));
  }
  const looked = all.filter(({ oid, kind }) => WITH_ROWS.includes(kind) && checked.includes(oid));
  const found = new Set([...counted, ...lockedOf(told, held), ...looked]);
  return [...found];
}

/**
 * Messages name tables without their schema: of several with that name, those that are locked are meant. Where none is,
 * it is one that the statement made, unless nobody has seen its locks and there is only one.
 */
function lockedOf(tables: readonly SeenRelation[], locks: readonly HeldRelation[]): readonly SeenRelation[] {
  const locked = tables.filter(({ oid }) => locks.some((lock) => lock.oid === oid));
  return locks.length > 0 || tables.length > 1 ? locked : tables;
}

/** Both ends of the foreign keys of a name that were touched in this transaction. */
async function tablesOfForeignKey(session: Session, name: string): Promise<readonly string[]> {
  const rows = await session.query(
    sql`SELECT c.conrelid::pg_catalog.text AS child, c.confrelid::pg_catalog.text AS parent
      FROM pg_catalog.pg_constraint c WHERE c.contype ${EQUALS} 'f'::pg_catalog."char" AND c.conname ${EQUALS} ${name}
        AND EXISTS (SELECT FROM pg_catalog.pg_locks l WHERE l.pid ${EQUALS} pg_catalog.pg_backend_pid()
          AND l.locktype ${EQUALS} 'relation' AND l.relation ${EQUALS} c.conrelid)`.text,
  );
  return rows.flatMap(({ child, parent }) => [child!, parent!]);
}
