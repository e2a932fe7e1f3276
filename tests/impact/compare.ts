/** Predicted against measured, cell by cell: a cell is a lock on a relation, a scan of it, or a rewrite. */

import { qualified } from "../../src/catalog/catalog.ts";
import type { Observed } from "../../src/database/measure_statement.ts";
import type { Impact, LockMode } from "../../src/impact/impact.ts";
import { strongest } from "../../src/impact/lock_strength.ts";

export type Aspect = "locks" | "scans" | "rewrites";
export const ASPECTS: readonly Aspect[] = ["locks", "scans", "rewrites"];

/** What a statement does, as one side tells it: `t AccessExclusiveLock`, or `t` for scans and rewrites. */
export interface Told {
  readonly locks: readonly string[];
  readonly scans: readonly string[];
  readonly rewrites: readonly string[];
  /** Those of scans and rewrites that are only possible. */
  readonly possible: readonly string[];
  readonly unknown: boolean;
}

export function toldByImpact({ locks, scans, rewrites, unknown }: Impact, name: (text: string) => string): Told {
  const passes = [...scans, ...rewrites];
  return {
    locks: locks.map(({ relation, mode }) => `${name(qualified(relation))} ${mode}`),
    scans: scans.map(({ relation }) => name(qualified(relation))),
    rewrites: rewrites.map(({ relation }) => name(qualified(relation))),
    possible: passes.filter(({ certain }) => !certain).map(({ relation }) => name(qualified(relation))),
    unknown: unknown !== null,
  };
}

export function toldByServer({ locks, scans, rewrites }: Observed, name: (text: string) => string): Told {
  const modes = new Map<string, LockMode[]>();
  for (const { relation, mode } of locks) {
    const key = name(qualified(relation));
    modes.set(key, [...modes.get(key) ?? [], mode as LockMode]);
  }
  return {
    locks: [...modes].flatMap(([key, all]) => strongest(all).map((mode) => `${key} ${mode}`)),
    scans: scans.map((relation) => name(qualified(relation))),
    rewrites: rewrites.map((relation) => name(qualified(relation))),
    possible: [],
    unknown: false,
  };
}

/** A cell off the diagonal. */
export interface Difference {
  readonly aspect: Aspect;
  readonly cell: string;
  readonly predicted: boolean;
  readonly isPossible: boolean;
}

export function differences(predicted: Told, measured: Told): readonly Difference[] {
  return ASPECTS.flatMap((aspect) => {
    const [ours, theirs] = [new Set(predicted[aspect]), new Set(measured[aspect])];
    const off = [...new Set([...ours, ...theirs])].filter((cell) => ours.has(cell) !== theirs.has(cell));
    return off.map((cell) => ({
      aspect,
      cell,
      predicted: ours.has(cell),
      isPossible: aspect !== "locks" && predicted.possible.includes(cell),
    }));
  });
}
