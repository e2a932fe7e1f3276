/** One look, over the lock's connection, at what the migration's backend waits for and how far its statement is. */

import type { Blocker, LockWait } from "../events.ts";
import { shownQuery } from "./shown_query.ts";

/** What was seen of a backend. */
export interface Look {
  /** null: it waits for no lock. */
  readonly wait: LockWait | null;
  /** Its COMMIT waits for a synchronous standby. */
  readonly standby: boolean;
  /** It has answered some time ago, or is gone. */
  readonly silent: boolean;
  readonly progress: ProgressRow | null;
  /** Somebody (a CREATE INDEX CONCURRENTLY) waits for the transaction of the connection that looked. */
  readonly inTheWay: boolean;
}

/** How far a statement is. `done` and `total` count what its phase counts; a total of 0 is for not known. */
export interface ProgressRow {
  readonly command: string;
  readonly phase: string;
  readonly done: number;
  readonly total: number;
  /** Rows that a COPY has taken. */
  readonly rows: number | null;
}

interface WaitRow {
  readonly pid: number;
  readonly locktype: string;
  readonly mode: string;
  readonly relation: string | null;
  readonly oid: string | null;
  readonly transaction: string | null;
  readonly catalog: string | null;
  readonly key: string | null;
  /** null in the moment in which the wait begins. */
  readonly waited_seconds: number | null;
}

/** What a row has of somebody who is in the way. */
export interface BlockerColumns {
  readonly holds: boolean;
  readonly pid: number | null;
  readonly gid: string | null;
  readonly application: string | null;
  readonly role: string | null;
  readonly client: string | null;
  readonly process: string | null;
  readonly state: string | null;
  readonly since_seconds: number | null;
  readonly query: string | null;
}

interface BlockerRow extends BlockerColumns {
  readonly waiter: number;
  readonly depth: number;
  readonly total: number;
}

interface LookRow {
  /** null where no backend runs such a statement now. */
  readonly pid: number | null;
  readonly waits: readonly WaitRow[] | null;
  readonly blockers: readonly BlockerRow[] | null;
  readonly standby: boolean;
  readonly silent: boolean;
  readonly in_the_way: boolean;
  readonly progress: ProgressRow | null;
}

/** Reads what `lookSql` gives. */
export function readLook(json: string): Look {
  const { pid, waits, blockers, standby, silent, in_the_way: inTheWay, progress } = JSON.parse(json) as LookRow;
  const rows = { waits: waits ?? [], blockers: blockers ?? [] };
  return { wait: pid === null ? null : waitOf({ pid, depth: 1 }, rows), standby, silent, inTheWay, progress };
}

interface Rows {
  readonly waits: readonly WaitRow[];
  readonly blockers: readonly BlockerRow[];
}

/** Goes one step deeper each time, so that sessions that wait for each other in a circle come to an end. */
function waitOf(waiter: { readonly pid: number; readonly depth: number }, rows: Rows): LockWait | null {
  const wait = rows.waits.find(({ pid }) => pid === waiter.pid);
  if (wait === undefined) return null;
  const blockers = rows.blockers.filter((row) => row.waiter === waiter.pid && row.depth === waiter.depth);
  // Several prepared transactions count as one there.
  const more = Math.max(0, (blockers[0]?.total ?? 0) - blockers.length);
  return {
    kind: wait.locktype,
    mode: wait.mode,
    relation: wait.relation,
    thing: wait.transaction ?? wait.key ?? wait.catalog ?? wait.oid,
    waitedSeconds: wait.waited_seconds ?? 0,
    blockers: blockers.map((row) =>
      shownBlocker(row, row.pid === null ? null : waitOf({ pid: row.pid, depth: waiter.depth + 1 }, rows))
    ),
    more,
  };
}

/** @param waitsFor in its turn */
export function shownBlocker(row: BlockerColumns, waitsFor: LockWait | null): Blocker {
  const { pid, gid, application, role, client, process, state, query, holds } = row;
  return {
    pid,
    gid,
    application: application || null,
    user: role,
    client,
    process,
    state,
    sinceSeconds: row.since_seconds === null ? null : Math.round(row.since_seconds),
    query: query ? shownQuery(query) : null,
    holds,
    waitsFor,
  };
}
