/** Watches from a connection beside it how long a backend waits for locks while it runs a statement, and for whom. */

import type { LockWait } from "../events.ts";
import { readLook } from "./look.ts";
import { lookSql } from "./look_sql.ts";
import type { Session } from "./session.ts";
import { EQUALS, sql } from "./sql.ts";

/** What a statement waited for. */
export interface Waited {
  readonly ms: number;
  /** One for each lock that was waited for, as it was when it was last looked at, in order. */
  readonly waits: readonly LockWait[];
}

export interface WaitWatch {
  /** Ends the watch. */
  stop(): Promise<Waited>;
}

/** Most statements have ended by then, and are not looked at. */
const FIRST_LOOK_MS = 5;

/** Between two looks while a statement is young: what it waited is known that well. */
const LOOK_MS = 10;

/** Between two looks at a statement that has run for so many milliseconds. */
const LATER_LOOK_MS = 50;
const YOUNG_MS = 1_000;

/** What the connection that looks runs under. Just-in-time compilation would take 20 times as long as the query. */
export const OBSERVER_SETTINGS: readonly string[] = [
  "SET search_path = pg_catalog, pg_temp",
  "SET jit = off",
  "SET statement_timeout = 5000",
  "SET idle_in_transaction_session_timeout = 0",
];

interface Seen {
  waitedMs: number;
  /** When that was known, by the clock of this process. */
  atMs: number;
  wait: LockWait | null;
}

/**
 * @param observer runs under {@link OBSERVER_SETTINGS} and is used by nobody else meanwhile. When it fails, the watch
 * has seen what it has seen.
 */
export function watchWaits(observer: Session, pid: number): WaitWatch {
  const began = performance.now();
  const seen = new Map<string, Seen>();
  const over = Promise.withResolvers<void>();
  let isOver = false;
  let waitedMs = 0;
  let current: string | null = null;

  /** A wait ended some time between the last look at it and now. */
  function end(): void {
    if (current === null) return;
    const { waitedMs: known, atMs } = seen.get(current)!;
    waitedMs += known + (performance.now() - atMs) / 2;
    current = null;
  }

  async function look(): Promise<void> {
    const [row] = await observer.query(waitOf(pid).text);
    const key = row?.since ?? null;
    if (key !== current) end();
    // In the moment in which a wait begins, nobody knows yet when that was.
    if (key === null) return;
    current = key;
    const now = { waitedMs: Number(row!.waited_ms), atMs: performance.now(), wait: seen.get(key)?.wait ?? null };
    seen.set(key, now);
    if (now.wait === null) now.wait = await whatAndWho(observer, pid);
  }

  const work = (async () => {
    for (
      let pauseMs = FIRST_LOOK_MS;
      !isOver;
      pauseMs = performance.now() - began < YOUNG_MS ? LOOK_MS : LATER_LOOK_MS
    ) {
      await pauseOr(over.promise, pauseMs);
      if (!isOver) await look();
    }
  })().catch(() => {});

  return {
    async stop() {
      end();
      isOver = true;
      over.resolve();
      await work;
      const waits = [...seen.values()].flatMap(({ wait, waitedMs }) =>
        wait === null ? [] : [{ ...wait, waitedSeconds: Math.max(wait.waitedSeconds, waitedMs / 1000) }]
      );
      return { ms: waitedMs, waits };
    },
  };
}

async function pauseOr(over: Promise<void>, ms: number): Promise<void> {
  let timer;
  await Promise.race([over, new Promise((resolve) => timer = setTimeout(resolve, ms))]);
  clearTimeout(timer);
}

function waitOf(pid: number) {
  return sql`SELECT l.waitstart AS since,
      EXTRACT(epoch FROM pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) l.waitstart)
        OPERATOR(pg_catalog.*) 1000 AS waited_ms
    FROM pg_catalog.pg_locks l
    WHERE l.pid ${EQUALS} ${pid} AND NOT l.granted AND l.waitstart IS NOT NULL LIMIT 1`;
}

async function whatAndWho(observer: Session, pid: number): Promise<LockWait | null> {
  const [row] = await observer.query(lookSql(pid).text);
  return readLook(row!.look!).wait;
}
