/** Which lock modes say more than others. */

import { LOCK_MODES, type LockMode } from "./impact.ts";
import { conflicts } from "./lock_conflicts.ts";

/** Whether who has to wait for the other mode has to wait for this one too. */
export function implies(mode: LockMode, other: LockMode): boolean {
  return LOCK_MODES.every((held) => !conflicts(held, other) || conflicts(held, mode));
}

/** The modes without those that another of them implies, weakest first: S and SUX stay beside each other. */
export function strongest(modes: Iterable<LockMode>): readonly LockMode[] {
  const all = new Set(modes);
  return LOCK_MODES.filter((mode) =>
    all.has(mode) && ![...all].some((other) => other !== mode && implies(other, mode))
  );
}
