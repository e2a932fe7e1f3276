/** How long each lock was held, as `up` would hold it: until its migration ends. */

import type { LockSpan, RehearsedMigration } from "../events.ts";
import { blockedBy, isLockMode } from "../impact/lock_conflicts.ts";

/** Every lock that migrations took, in order; of a mode that a migration takes twice, the first. */
export function lockSpans(migrations: readonly RehearsedMigration[]): readonly LockSpan[] {
  return migrations.flatMap(({ version, name, transactional, endMs, statements }) => {
    const taken = new Map<string, LockSpan>();
    for (const { judged, startMs, endMs: statementEndMs } of statements) {
      const untilMs = transactional ? endMs : statementEndMs;
      for (const { relation, mode } of judged.locks) {
        const key = JSON.stringify(transactional ? [relation, mode] : [relation, mode, startMs]);
        if (taken.has(key) || !isLockMode(mode)) continue;
        // What was waited for the lock, it was not held yet.
        const fromMs = Math.min(startMs + (judged.measured?.waitMs ?? 0), untilMs);
        taken.set(key, { version, name, relation, mode, blocks: blockedBy(mode), fromMs, untilMs });
      }
    }
    return [...taken.values()];
  });
}

/** Of each migration and relation the lock that kept most of its users waiting, the longest first. */
export function blockedSpans(spans: readonly LockSpan[]): readonly LockSpan[] {
  const worst = new Map<string, LockSpan>();
  for (const span of spans.filter(({ blocks }) => blocks !== "nobody")) {
    const key = JSON.stringify([String(span.version), span.relation]);
    const before = worst.get(key);
    const isWorse = before === undefined || before.blocks === "writes" && span.blocks === "reads-and-writes";
    if (isWorse) worst.set(key, span);
  }
  return [...worst.values()].sort((a, b) => b.untilMs - b.fromMs - (a.untilMs - a.fromMs));
}
