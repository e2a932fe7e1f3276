/** How long each lock was held, as `up` would hold it: until its migration ends. */

import { type Catalog, qualified } from "../catalog/catalog.ts";
import type { LockSpan, RehearsedMigration } from "../events.ts";
import { blockedBy, isLockMode } from "../impact/lock_conflicts.ts";

/** The tables of indexes and the owners of sequences, by qualified name. */
export type Owners = ReadonlyMap<string, string>;

export function ownersIn({ relations }: Catalog): Owners {
  return new Map(
    [...relations].flatMap(([name, { index, kind, dependsOn }]) => {
      const owner = index !== null ? index.table : kind === "sequence" ? dependsOn[0] : undefined;
      return owner === undefined ? [] : [[name, qualified(owner)] as const];
    }),
  );
}

/**
 * Every lock that migrations took, in order; of a mode that a migration takes twice, the first. Who uses a table uses its
 * indexes: a lock on one of these is told only where it keeps more people waiting than those on its table.
 */
export function lockSpans(migrations: readonly RehearsedMigration[], owners: Owners): readonly LockSpan[] {
  return migrations.flatMap((migration) => {
    const spans = spansOf(migration);
    return spans.filter((span) => {
      const owner = owners.get(span.relation);
      return owner === undefined || !spans.some((other) => other.relation === owner && covers(other, span));
    });
  });
}

function spansOf({ version, name, transactional, endMs, statements }: RehearsedMigration): readonly LockSpan[] {
  const taken = new Map<string, LockSpan>();
  for (const { judged, startMs, endMs: statementEndMs } of statements) {
    const untilMs = transactional ? endMs : statementEndMs;
    for (const { relation, mode } of judged.locks) {
      const key = JSON.stringify(transactional ? [relation, mode] : [relation, mode, startMs]);
      if (taken.has(key) || !isLockMode(mode)) continue;
      // While it was waited for, it was not held yet.
      const fromMs = Math.min(startMs + (judged.measured?.waitMs ?? 0), untilMs);
      taken.set(key, { version, name, relation, mode, blocks: blockedBy(mode), fromMs, untilMs });
    }
  }
  return [...taken.values()];
}

const SEVERITY: readonly LockSpan["blocks"][] = ["nobody", "writes", "reads-and-writes"];

function covers(other: LockSpan, span: LockSpan): boolean {
  return SEVERITY.indexOf(other.blocks) >= SEVERITY.indexOf(span.blocks) && other.fromMs <= span.fromMs;
}

/** Of each migration and relation the lock that kept most of its users waiting, the longest first. */
export function blockedSpans(spans: readonly LockSpan[]): readonly LockSpan[] {
  const worst = new Map<string, LockSpan>();
  for (const span of spans.filter(({ blocks }) => blocks !== "nobody")) {
    const key = JSON.stringify([String(span.version), span.relation]);
    const before = worst.get(key);
    const isWorse = before === undefined || SEVERITY.indexOf(before.blocks) < SEVERITY.indexOf(span.blocks);
    if (isWorse) worst.set(key, span);
  }
  return [...worst.values()].sort((a, b) => b.untilMs - b.fromMs - (a.untilMs - a.fromMs));
}
