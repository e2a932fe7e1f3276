/**
 * One run at a time: an advisory lock on a connection of its own. The lock belongs to a transaction, so that it works
 * through a transaction pooler and goes with its connection; nothing is left to clean up.
 */

import { createHash } from "node:crypto";
import { lockNotHad } from "../errors.ts";
import type { ServerFacts, Session } from "./session.ts";
import { sql } from "./sql.ts";
import type { Tracker } from "./find_tracker.ts";

/** Settings of the server that could end an idle transaction, which the lock's is, by the version that brought them. */
const TIMEOUTS: Readonly<Record<string, number>> = {
  statement_timeout: 0,
  lock_timeout: 0,
  idle_in_transaction_session_timeout: 0,
  idle_session_timeout: 140_000,
  transaction_timeout: 170_000,
};

/** Between two tries, at most; each pause is a random part of it, so that waiting runs do not try in step. */
const MAX_PAUSE_MS = 500;

/** How often the lock's connection is asked whether it still lives. */
const HEARTBEAT_MS = 5_000;

/** After so many without an answer the connection counts as lost. */
const MISSED_HEARTBEATS = 3;

export interface LockOptions {
  /** 0: do not wait. */
  readonly waitMs: number;
  readonly signal: AbortSignal;
  /** Called when the run begins to wait, and again when another run holds the lock. */
  readonly onWait: (holder: string) => void;
}

/** A lock that is held. Disposing of it ends the session that holds it. */
export interface Lock extends AsyncDisposable {
  /** Whether the connection that holds it still lives. */
  readonly held: boolean;
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
 * @param session is the lock's from now on
 * @throws {Failure} `lock-not-had`, exit code 5; the reason of `signal`
 */
export async function takeLock(session: Session, tracker: Locked, options: LockOptions): Promise<Lock> {
  const key = lockKey(tracker);
  const deadline = performance.now() + options.waitMs;
  let shown = "";
  for (;;) {
    const [row] = await session.query(attempt(key, session.facts));
    if (row!.got === "t") return held(session);
    const holder = await holderOf(session, key);
    await session.run("ROLLBACK");
    const left = deadline - performance.now();
    if (left <= 0) throw lockNotHad(`${tracker.schema}.${tracker.table}`, { holder, waitedMs: options.waitMs });
    if (holder !== shown) options.onWait(shown = holder);
    await pause(Math.min(left, MAX_PAUSE_MS * (0.2 + 0.8 * Math.random())), options.signal);
  }
}

function attempt(key: bigint, { versionNumber }: ServerFacts): string {
  const timeouts = Object.keys(TIMEOUTS).filter((name) => versionNumber >= TIMEOUTS[name]!);
  return [
    "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY",
    ...timeouts.map((name) => `SET LOCAL ${name} = 0`),
    `SELECT pg_catalog.pg_try_advisory_xact_lock(${key}) AS got`,
  ].join("; ");
}

/** Who holds the lock, in words. `pg_locks` shows a 64-bit key as two halves (documentation, "pg_locks"). */
async function holderOf(session: Session, key: bigint): Promise<string> {
  const bits = BigInt.asUintN(64, key);
  const [row] = await session.query(
    sql`
    SELECT a.pid, a.application_name AS application, a.usename AS role, a.client_addr AS address,
      pg_catalog.to_char(a.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"') AS since
    FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
    WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
      AND l.classid = ${bits >> 32n} AND l.objid = ${bits & 0xffffffffn}
      AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())`.text,
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

function held(session: Session): Lock {
  let alive = true;
  session.gone.then(() => alive = false);
  let unanswered = 0;
  const heartbeat = setInterval(async () => {
    if (!alive) return;
    if (unanswered > 0) {
      // Half-open: the other side is gone, and nothing will ever say so.
      if (++unanswered > MISSED_HEARTBEATS) await session[Symbol.asyncDispose]();
      return;
    }
    unanswered = 1;
    await session.run("SELECT 1").catch(() => {});
    unanswered = 0;
  }, HEARTBEAT_MS);
  return {
    get held() {
      return alive;
    },
    async [Symbol.asyncDispose]() {
      clearInterval(heartbeat);
      // The session ends in its own time; the lock is free now.
      if (alive) await session.run("ROLLBACK").catch(() => {});
      await session[Symbol.asyncDispose]();
    },
  };
}

/** Waits, or throws the reason of the signal as soon as it aborts. */
export function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const abort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", abort);
      resolve();
    }, durationMs);
    signal.addEventListener("abort", abort, { once: true });
  });
}
