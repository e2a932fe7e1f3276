/**
 * One run at a time: an advisory lock on a connection of its own. The lock belongs to a transaction, so that it works
 * through a transaction pooler and goes with its connection; nothing is left to clean up.
 */

import { createHash } from "node:crypto";
import { Failure } from "../errors/failure.ts";
import { lockNotHad } from "../errors/other_runs.ts";
import type { Tracker } from "./find_tracker.ts";
import { HeldLock, type Lock } from "./held_lock.ts";
import { pause } from "./pause.ts";
import { isPooled } from "./pooler.ts";
import type { ServerFacts, Session } from "./session.ts";
import { EQUALS, identifier, sql } from "./sql.ts";

/** Settings of the server that could end an idle transaction, which the lock's is, by the version that brought them. */
const TIMEOUTS: Readonly<Record<string, number>> = {
  statement_timeout: 0,
  lock_timeout: 0,
  idle_in_transaction_session_timeout: 0,
  idle_session_timeout: 140_000,
  transaction_timeout: 170_000,
};

/**
 * How soon the server notices that the machine of its client is gone, which by default takes two hours, with the lock
 * held. Of no effect over a Unix socket.
 */
const KEEPALIVE = [
  "SET LOCAL tcp_keepalives_idle = 10",
  "SET LOCAL tcp_keepalives_interval = 5",
  "SET LOCAL tcp_keepalives_count = 3",
];

/** Between two tries, at most; each pause is a random part of it, so that waiting runs do not try in step. */
const MAX_PAUSE_MS = 500;

export interface LockOptions {
  /** 0: do not wait. */
  readonly waitMs: number;
  /** Opens another session on the same server. */
  readonly reopen: () => Promise<Session>;
  readonly signal: AbortSignal;
  /** Called when the run begins to wait, and again when another run holds the lock. */
  readonly onWait: (holder: string) => void;
}

/** What is locked: a tracker, there or not, by its name. */
export type Locked = Pick<Tracker, "schema" | "table">;

/** The key of a tracker's lock: the first 8 bytes of SHA-256 of `pgmigrate:schema.table`, as a signed integer. */
export function lockKey({ schema, table }: Locked): bigint {
  return createHash("sha256").update(`pgmigrate:${schema}.${table}`).digest().readBigInt64BE(0);
}

/**
 * Takes the lock of a tracker, waiting for another run to end. It never calls the blocking `pg_advisory_lock`: its
 * waiter holds a snapshot, for which a CREATE INDEX CONCURRENTLY of the other run would wait in its turn.
 *
 * @param first is the lock's from now on
 * @throws {Failure} `lock-not-had`, exit code 5; of opening a session; the reason of `signal`
 */
export async function takeLock(first: Session, tracker: Locked, options: LockOptions): Promise<Lock> {
  let session = first;
  const key = lockKey(tracker);
  const begin = beginning(key, session.facts);
  const deadline = performance.now() + options.waitMs;
  let shown = "";
  for (;;) {
    const [row] = await session.query(begin);
    if (row!.got === "t") return new HeldLock(session, { key, begin });
    const holder = await holderOf(session, key);
    await session.run("ROLLBACK");
    const left = deadline - performance.now();
    if (left <= 0) throw lockNotHad(`${tracker.schema}.${tracker.table}`, { holder, waitedMs: options.waitMs });
    if (holder !== shown) options.onWait(shown = holder);
    // A pool of sessions has room for few: the run that holds the lock may need this place for its migrations.
    const pooled = isPooled(session);
    if (pooled) await session[Symbol.asyncDispose]();
    await pause(Math.min(left, MAX_PAUSE_MS * (0.2 + 0.8 * Math.random())), options.signal);
    if (pooled) session = await reopen(options, deadline);
  }
}

/** While other clients have all connections of a pool, the run waits for its turn as for the lock. */
async function reopen({ reopen, signal }: LockOptions, deadline: number): Promise<Session> {
  for (;;) {
    try {
      return await reopen();
    } catch (error) {
      const isFull = error instanceof Failure && error.code === "not-served";
      if (!isFull || performance.now() >= deadline) throw error;
      await pause(MAX_PAUSE_MS, signal);
    }
  }
}

/** Begins the transaction that the lock belongs to, and tries to take it. */
function beginning(key: bigint, { versionNumber }: ServerFacts): string {
  const timeouts = Object.keys(TIMEOUTS).filter((name) => versionNumber >= TIMEOUTS[name]!);
  return [
    "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY",
    // No SQL but ours runs here: no name in it is somebody else's.
    "SET LOCAL search_path = pg_catalog, pg_temp",
    ...timeouts.map((name) => sql`SET LOCAL ${identifier(name)} = 0`),
    ...KEEPALIVE,
    sql`SELECT pg_catalog.pg_try_advisory_xact_lock(${key}) AS got`,
  ].join("; ");
}

/** Who holds the lock, in words. `pg_locks` shows a 64-bit key as two halves (documentation, "pg_locks"). */
async function holderOf(session: Session, key: bigint): Promise<string> {
  const bits = BigInt.asUintN(64, key);
  const [row] = await session.query(
    sql`
    SELECT a.pid, a.application_name AS application, a.usename AS role, a.client_addr AS address,
      pg_catalog.to_char(a.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"') AS since
    FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid ${EQUALS} l.pid
    WHERE l.locktype ${EQUALS} 'advisory' AND l.granted AND l.objsubid ${EQUALS} 1
      AND l.classid ${EQUALS} ${bits >> 32n} AND l.objid ${EQUALS} ${bits & 0xffffffffn}
      AND l.database ${EQUALS} (SELECT oid FROM pg_catalog.pg_database WHERE datname ${EQUALS} pg_catalog.current_database())`
      .text,
  );
  if (row === undefined) return "a run that has just ended";
  const { pid, application, role, address, since } = row;
  const parts = [
    application ? `application ${application}` : null,
    role ? `user ${role}` : null,
    address ? `from ${address}` : null,
    since ? `since ${since}` : null,
  ];
  return `pid ${pid} (${parts.filter((part) => part !== null).join(", ")})`;
}
