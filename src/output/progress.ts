/** The lines that `up` shows while it runs: one for each migration, with its number, name and time. */

import type { MigrationApplied, MigrationFailed, MigrationPlanned, MigrationStarted, RunStarted } from "../events.ts";
import { escapeLine } from "./escape.ts";
import type { Style } from "./style.ts";
import { cutTo, padTo, textWidth } from "./width.ts";
import { duration } from "./wording.ts";

/** Names are padded to the longest, but one very long name does not push the others' times away. */
const WIDEST_NAME = 60;
/** Times are right-aligned in this many columns: `999 ms`, `12.5 s`. */
const TIME_COLUMNS = 9;

/** The width in which the names of a run stand. */
export function nameWidth(run: RunStarted): number {
  const widths = run.migrations.map((migration) => textWidth(escapeLine(migration.name)));
  return Math.min(WIDEST_NAME, widths.reduce((widest, width) => Math.max(widest, width), 0));
}

/** `  4/5  004_add_created_at.sql       12 ms` */
export function finalLine(
  event: MigrationApplied | MigrationFailed,
  { width, style }: { readonly width: number; readonly style: Style },
): string {
  const failed = event.event === "migration_failed";
  const time = (failed ? "failed" : duration(event.durationMs)).padStart(TIME_COLUMNS);
  return `${ordinal(event)}${padTo(escapeLine(event.name), width)}  ${failed ? style.red(time) : style.dim(time)}`;
}

/** What a terminal shows while a migration runs, never wider than it: a wrapped line could not be written over. */
export function liveLine(event: MigrationStarted, columns: number): string {
  return cutTo(`${ordinal(event)}${escapeLine(event.name)} …`, Math.max(1, columns - 1));
}

/** `up --dry-run`: one migration that would run. */
export function plannedLine(event: MigrationPlanned): string {
  return `${ordinal(event)}${escapeLine(event.name)}${event.transactional ? "" : "  (no transaction)"}`;
}

function ordinal({ index, total }: { readonly index: number; readonly total: number }): string {
  const width = String(total).length;
  return `  ${String(index).padStart(width)}/${total}  `;
}
