/** How long each lock was held, as `up` would hold it: until its migration ends. */

import { type Catalog, qualified } from "../catalog/catalog.ts";
import type { LockSpan, RehearsedMigration, RehearsedStatement } from "../events.ts";
import type { LockMode } from "../impact/impact.ts";
import { blockedBy, isLockMode, ROW_CHANGES } from "../impact/lock_conflicts.ts";

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
      const blocks = blocksOf(judged, mode);
      const waitMs = Math.min(judged.measured?.waitMs ?? 0, untilMs - startMs);
      // Whoever wants a table queues behind a request that waits for it; statements ask for their locks before they work.
      const queueMs = blocks === "writes" || blocks === "reads-and-writes" ? waitMs : 0;
      const fromMs = startMs + waitMs - queueMs;
      taken.set(key, { ...{ version, name, relation, mode, blocks, fromMs, untilMs }, queueMs });
    }
  }
  return [...taken.values()];
}

/** Rows that were changed stay locked as long as the table. */
function blocksOf({ statement, measured }: RehearsedStatement["judged"], mode: LockMode): LockSpan["blocks"] {
  const changesRows = mode === "RowExclusiveLock" && ROW_CHANGES.includes(statement) && (measured?.rows ?? 0) > 0;
  return changesRows ? "row-writes" : blockedBy(mode);
}

const SEVERITY: readonly LockSpan["blocks"][] = ["nobody", "row-writes", "writes", "reads-and-writes"];

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
