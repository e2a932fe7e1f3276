/** What an `up` did before it failed, told from its events: the result of a failed run lists that too. */

import type { Event, UpResult } from "../events.ts";

/** A run as far as its events have told. */
export type RunRecord = UpResult | null;

/** @returns the record with one more event; null as long as no run has started */
export function followRun(record: RunRecord, event: Event): RunRecord {
  if (event.event === "run_started") {
    const pending = event.migrations.map((migration) => migration.version);
    return { command: "up", applied: [], pending, version: event.version, durationMs: 0, dryRun: false };
  }
  if (record === null || event.event !== "migration_applied") return record;
  return {
    ...record,
    applied: [...record.applied, event.version],
    pending: record.pending.filter((version) => version !== event.version),
    version: record.version === null || event.version > record.version ? event.version : record.version,
    durationMs: record.durationMs + event.durationMs,
  };
}
