/** The lines that `up` shows while it runs: one for each migration, with its number, name and time. */

import type { MigrationApplied, MigrationFailed, MigrationPlanned, MigrationStarted, RunStarted } from "../events.ts";
import { escapeLine } from "./escape.ts";
import { redact } from "./redact.ts";
import type { Style } from "./style.ts";
import { cutTo, padTo, textWidth, wrapTo } from "./width.ts";
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

/** Of what a migration waits for, a terminal shows so many lines. */
const MOST_LIVE_LINES = 5;

/**
 * What a terminal shows while a migration runs, never wider than it: a wrapped line could not be written over.
 * @param options.doing what it waits for or how far it is
 */
export function liveLines(
  event: MigrationStarted,
  { columns, doing }: { readonly columns: number; readonly doing: string | null },
): readonly string[] {
  const width = Math.max(1, columns - 1);
  const first = cutTo(`${ordinal(event)}${escapeLine(event.name)} …`, width);
  if (doing === null) return [first];
  const text = escapeLine(redact(doing));
  if (textWidth(first) + 1 + textWidth(text) <= width) return [`${first} ${text}`];
  const indent = " ".repeat(Math.min(ordinal(event).length, width >> 1));
  const lines = wrapTo(text, width - indent.length);
  const shown = lines.length <= MOST_LIVE_LINES
    ? lines
    : [...lines.slice(0, MOST_LIVE_LINES - 1), cutTo(`${lines[MOST_LIVE_LINES - 1]}…`, width - indent.length)];
  return [first, ...shown.map((line) => indent + line)];
}

/** What a migration that runs waits for or how far it is, where nothing can be written over. */
export function stepLine(
  { running, name }: { readonly running: MigrationStarted | null; readonly name: string },
  text: string,
): string {
  return `${running === null ? "" : ordinal(running)}${escapeLine(name)}  ${escapeLine(text)}`;
}

/** `up --dry-run`: one migration that would run. */
export function plannedLine(event: MigrationPlanned): string {
  const how = event.transactional
    ? ""
    : event.fromStatement === undefined
    ? "  (no transaction)"
    : `  (no transaction, goes on at statement ${event.fromStatement})`;
  return `${ordinal(event)}${escapeLine(event.name)}${how}`;
}

function ordinal({ index, total }: { readonly index: number; readonly total: number }): string {
  const width = String(total).length;
  return `  ${String(index).padStart(width)}/${total}  `;
}
