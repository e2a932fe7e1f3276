/** The locks that a transaction holds, and how much work has been done under each. */

import type { PlannedBlock, StatementJudged } from "../events.ts";
import { blockedBy, isLockMode, stronger } from "../impact/lock_conflicts.ts";
import type { HeldLock } from "./verdict.ts";

/** The locks behind a statement: those before it and its own, with its work. */
export function heldAfter(
  held: readonly HeldLock[],
  { locks, span }: StatementJudged,
  seconds: number | null,
): readonly HeldLock[] {
  const own = locks.flatMap(({ relation, mode }) =>
    isLockMode(mode) && blockedBy(mode) !== "nobody" ? [{ relation, mode, line: span.line, seconds: 0 }] : []
  );
  return [...held, ...own].map((lock) => ({
    ...lock,
    seconds: lock.seconds === null || seconds === null ? null : lock.seconds + seconds,
  }));
}

/**
 * For how long each table is kept from its readers or writers, by the lock that keeps most of them out, the longest first.
 *
 * @param held when they are given back
 */
export function blockedTables(
  held: readonly HeldLock[],
  { version, name }: Pick<PlannedBlock, "version" | "name">,
): readonly PlannedBlock[] {
  const worst = new Map<string, HeldLock>();
  for (const lock of held) {
    const before = worst.get(lock.relation);
    const isWorse = before === undefined ||
      blockedBy(before.mode) !== blockedBy(lock.mode) && stronger(before.mode, lock.mode) === lock.mode;
    if (isWorse) worst.set(lock.relation, lock);
  }
  return [...worst.values()].flatMap(({ relation, mode, seconds }) => {
    const blocks = blockedBy(mode);
    return blocks === "nobody" ? [] : [{ version, name, relation, mode, blocks, seconds }];
  });
}
