/** Which lock modes of tables exclude each other, and what that means for the programs that use a table. */

import { LOCK_MODES, type LockMode } from "./impact.ts";

/** PostgreSQL documentation, "Explicit Locking", table "Conflicting Lock Modes": each mode with those it waits for. */
const CONFLICTS: Readonly<Record<LockMode, readonly LockMode[]>> = {
  AccessShareLock: ["AccessExclusiveLock"],
  RowShareLock: ["ExclusiveLock", "AccessExclusiveLock"],
  RowExclusiveLock: ["ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock"],
  ShareUpdateExclusiveLock: [
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
  ],
  ShareLock: [
    "RowExclusiveLock",
    "ShareUpdateExclusiveLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
  ],
  ShareRowExclusiveLock: [
    "RowExclusiveLock",
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
  ],
  ExclusiveLock: LOCK_MODES.slice(1),
  AccessExclusiveLock: LOCK_MODES,
};

/** Whether one transaction waits for the mode while another holds the other. */
export function conflicts(mode: LockMode, held: LockMode): boolean {
  return CONFLICTS[mode].includes(held);
}

/** Whom a lock keeps from its table. `nobody`: only those who change its definition, or vacuum it. */
export type Blocked = "reads-and-writes" | "writes" | "nobody";

/** SELECT takes AccessShareLock; INSERT, UPDATE and DELETE take RowExclusiveLock. */
export function blockedBy(mode: LockMode): Blocked {
  if (conflicts(mode, "AccessShareLock")) return "reads-and-writes";
  return conflicts(mode, "RowExclusiveLock") ? "writes" : "nobody";
}

/** The commands that lock rows that others may write, by their tags; those of code of somebody's own may. */
export const ROW_CHANGES: readonly string[] = ["UPDATE", "DELETE", "MERGE", "DO", "CALL"];

/** The stronger of two, by their order; `ShareLock` and `ShareUpdateExclusiveLock` exclude each other, and differ so too. */
export function stronger(one: LockMode, other: LockMode): LockMode {
  return LOCK_MODES.indexOf(one) >= LOCK_MODES.indexOf(other) ? one : other;
}

/** Whether a name of `pg_locks.mode` is that of a table lock. */
export function isLockMode(mode: string): mode is LockMode {
  return (LOCK_MODES as readonly string[]).includes(mode);
}
