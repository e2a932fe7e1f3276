/** The safe form as a change of files: pure texts, written by whoever asks for them. */

import { firstStatementIndex } from "../migration/directives.ts";
import type { Statement } from "../sql/parser.ts";
import type { Fix, NextMigration } from "./rule.ts";
import { behindSemicolon } from "./behind_semicolon.ts";

const NO_TRANSACTION = "-- pgmigrate: no-transaction\n";

/** A statement of a text and what is to become of it. */
export interface Edit {
  readonly statement: Statement;
  readonly fix: Fix;
}

export interface Fixed {
  readonly text: string;
  /** New migrations, in order, each with its whole text. */
  readonly next: readonly { readonly title: string; readonly text: string }[];
}

/**
 * Applies fixes to a file's text.
 *
 * A statement that leaves the file takes the comments along that stand directly above it, unless they open the file: they
 * may be about all of it.
 *
 * @param edits one a statement at most
 */
export function applyFixes(text: string, edits: readonly Edit[]): Fixed {
  const next: { title: string; text: string }[] = [];
  let result = text;
  const inOrder = edits.toSorted((a, b) => a.statement.start - b.statement.start);
  // From the last to the first, so that the places of those before stay right.
  for (const { statement, fix } of inOrder.toReversed()) {
    const region = fix.statement === null ? placeOf(text, statement) : statement;
    const sql = fix.statement === null ? "" : withLineEnds(withoutSemicolon(fix.statement), text);
    result = result.slice(0, region.start) + sql + result.slice(region.end);
  }
  for (const { statement, fix } of inOrder) {
    const comments = fix.statement === null ? placeOf(text, statement) : { above: "", behind: "" };
    next.push(...fix.next.map((one, index) => (
      { title: one.title, text: fileText(one, index === 0 ? comments : { above: "", behind: "" }) }
    )));
  }
  // The empty line above the last statement is of no use when that has gone.
  if (inOrder.some(({ fix }) => fix.statement === null)) result = result.replace(/(\r?\n)\s+$/, "$1");
  const outside = inOrder.some(({ fix }) => fix.noTransaction) && !result.startsWith(NO_TRANSACTION.trimEnd());
  return { text: outside ? withLineEnds(NO_TRANSACTION, text) + result : result, next };
}

/** The comments of a statement: on the lines directly above it, and behind it on its last line. */
interface Comments {
  readonly above: string;
  readonly behind: string;
}

function fileText({ sql, noTransaction }: NextMigration, { above, behind }: Comments): string {
  return `${noTransaction ? NO_TRANSACTION : ""}${above}${withoutSemicolon(sql)};${behind}\n`;
}

function withoutSemicolon(sql: string): string {
  return sql.trim().replace(/[\s;]*;$/, "");
}

/** A file keeps the line ends that it has. */
function withLineEnds(inserted: string, text: string): string {
  return text.includes("\r\n") ? inserted.replaceAll(/\r?\n/g, "\r\n") : inserted;
}

/** What a statement takes in the text: with its `;`, and where nothing else stands on its lines, these and its comments. */
function placeOf(
  text: string,
  { start, end }: Statement,
): Comments & { readonly start: number; readonly end: number } {
  const semicolon = behindSemicolon(text, end);
  const before = /(?:^|[\r\n])([ \t]*)$/.exec(text.slice(0, start));
  const after = /^([ \t]*--[^\r\n]*|[ \t]*)(\r\n|\n|\r|$)/.exec(text.slice(semicolon));
  if (before === null || after === null) return { start, end: semicolon, above: "", behind: "" };
  const above = commentsAbove(text, start);
  const from = start - before[1]!.length - above.length;
  const to = semicolon + after[0].length;
  // Of the empty lines above and below, one is left.
  const blank = /^[ \t]*(?:\r\n|\n|\r)/.exec(text.slice(to));
  const isBlankBefore = /(^|\r\n|\n|\r)[ \t]*(\r\n|\n|\r)$|^$/.test(text.slice(0, from));
  const upTo = to + (blank !== null && isBlankBefore ? blank[0].length : 0);
  return { start: from, end: upTo, above, behind: after[1]!.trimEnd() };
}

/** The lines of nothing but a `--` comment directly above the line of an index, with their line ends. */
function commentsAbove(text: string, start: number): string {
  if (start <= firstStatementIndex(text)) return "";
  const lineStart = Math.max(text.lastIndexOf("\n", start - 1), text.lastIndexOf("\r", start - 1)) + 1;
  if (text.slice(lineStart, start).trim() !== "") return "";
  return /(?:(?<=^|[\r\n])[ \t]*--[^\r\n]*(?:\r\n|\n|\r))*$/.exec(text.slice(0, lineStart))![0];
}
