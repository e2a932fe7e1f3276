/** Tells what a migration waits for and how far it is, from what the lock's connection sees of its backend. */

import { type Lock, LOOK_MS } from "../database/held_lock.ts";
import type { Look } from "../database/look.ts";
import type { Backend } from "../database/look_sql.ts";
import type { Event, LockWait } from "../events.ts";
import { estimate, measure, type Measured } from "./progress_rate.ts";
import { STANDBY_WORDS, waitKind, waitWords } from "./wait_words.ts";

/** However short lock_timeout is, nobody looks more often. */
const SHORTEST_LOOK_MS = 100;

/** A wait that is shorter is told only when it still lasts at the next look. */
const TOLD_AFTER = 0.4;

export interface WatchedMigration {
  readonly version: bigint;
  readonly name: string;
  /** The backend that runs it; null while that is not known. */
  readonly backend: () => Backend | null;
  /** Its lock_timeout, in milliseconds; 0 for none. */
  readonly lockTimeoutMs: number;
  /** Called when its backend has answered long ago, or is gone: the network has kept that from its session. */
  readonly onSilence: () => void;
}

/** So many looks one after the other, for an answer may be on its way. */
const SILENT_LOOKS = 2;

export interface Watch {
  /** What it waited for when it was last looked at, and how long it had by now, in milliseconds. */
  readonly lastWait: () => { readonly wait: LockWait; readonly waitedMs: number } | null;
  /** Stops looking. */
  readonly stop: () => void;
}

/** Watches a migration until it is told to stop. A lock_timeout is looked at before it ends. */
export function watchMigration(
  lock: Lock,
  migration: WatchedMigration,
  report: (event: Event) => void,
): Watch {
  const { version, name, lockTimeoutMs, backend } = migration;
  const everyMs = lookEvery(lockTimeoutMs);
  const began = performance.now();
  let last: { readonly wait: LockWait; readonly atMs: number } | null = null;
  let told = "";
  let measured: Measured | null = null;
  let silentLooks = 0;

  function tellWait({ wait, standby }: Look): boolean {
    const lasts = wait !== null && wait.waitedSeconds * 1000 >= TOLD_AFTER * everyMs;
    if (!lasts && !standby) {
      if (told !== "") report({ event: "waiting_ended", version, name });
      told = "";
      return false;
    }
    const now = lasts ? whoAndWhat(wait) : "standby";
    report({
      event: "waiting",
      for: lasts ? waitKind(wait) : "standby",
      version,
      name,
      wait: lasts ? wait : null,
      again: now === told,
      message: lasts ? waitWords(wait) : STANDBY_WORDS,
    });
    told = now;
    return true;
  }

  const stop = lock.watch({
    backend,
    everyMs,
    onLook(look) {
      const now = performance.now();
      silentLooks = look.silent ? silentLooks + 1 : 0;
      if (silentLooks === SILENT_LOOKS) migration.onSilence();
      last = look.wait === null ? null : { wait: look.wait, atMs: now };
      const waits = tellWait(look);
      measured = look.progress === null ? null : measure(measured, look.progress, now);
      if (waits || measured === null) return;
      const { command, phase } = measured;
      const { rows } = look.progress!;
      report({ event: "progress", version, name, command, phase, ...estimate(measured), rows, elapsedMs: now - began });
    },
    onRefusal: (reason) => report({ event: "detail", message: `Cannot see what ${name} waits for: ${reason}` }),
  });
  return {
    lastWait: () =>
      last === null
        ? null
        : { wait: last.wait, waitedMs: last.wait.waitedSeconds * 1000 + performance.now() - last.atMs },
    stop,
  };
}

/** A lock_timeout that is shorter than two seconds would end the wait before anybody has looked. */
export function lookEvery(lockTimeoutMs: number): number {
  if (lockTimeoutMs === 0) return LOOK_MS;
  return Math.min(LOOK_MS, Math.max(SHORTEST_LOOK_MS, Math.floor(lockTimeoutMs * 0.45)));
}

/** Equal as long as the same ones are in the way of the same thing, whatever they do meanwhile. */
function whoAndWhat(wait: LockWait): string {
  const who = wait.blockers.map(({ pid, gid, holds, waitsFor }) => [
    pid,
    gid,
    holds,
    waitsFor === null ? null : whoAndWhat(waitsFor),
  ]);
  return JSON.stringify([wait.kind, wait.mode, wait.relation, wait.thing, who, wait.more]);
}
