/** Which statements of a file with transactions of its own count: what a ROLLBACK took back does not. */

import type { StatementEffect } from "./statement_effect.ts";

/**
 * The indexes of the statements, but for BEGIN, COMMIT and the like, that no ROLLBACK took back; what stands in a block that
 * has no end yet is not among them.
 */
export function keptIndexes(effects: readonly StatementEffect[]): readonly number[] {
  const kept: number[] = [];
  let open: number[] | null = null;
  for (const [index, effect] of effects.entries()) {
    if (effect.kind !== "block") {
      (open ?? kept).push(index);
      continue;
    }
    if (effect.ends === "commit") kept.push(...open ?? []);
    open = effect.ends === null ? open ?? [] : null;
  }
  return kept;
}

/** The temporary objects that there are behind the first statements of a file, by their names. */
export function temporariesBehind(effects: readonly StatementEffect[]): readonly string[] {
  const names = new Set<string>();
  for (const index of keptIndexes(effects)) {
    const effect = effects[index]!;
    if (effect.kind !== "atomic") continue;
    if (effect.makesTemporary !== undefined) names.add(effect.makesTemporary);
    for (const name of effect.drops ?? []) names.delete(name);
  }
  return [...names];
}
