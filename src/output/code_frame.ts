/** The source line of an error with a caret under the place, or of a finding with its span underlined. */

import type { Place } from "../errors/failure.ts";
import { escapeLine, escapeSourceLine } from "./escape.ts";
import { redact, redactLine } from "./redact.ts";
import type { Style } from "./style.ts";
import { characterWidth, textWidth } from "./width.ts";

/** What a source line may take where there is no terminal to say. */
const DEFAULT_COLUMNS = 120;
const TAB_COLUMNS = 8;

/** UTF-16 units on each side of the place: more than any terminal is wide, and little of a line of a gigabyte. */
const MOST_LOOKED_AT = 2_000;

/** A place, or a stretch of its line. */
export interface Marked extends Place {
  /** Behind the last character that is underlined; left out: there is one caret. */
  readonly endColumn?: number;
}

/** One character of the source line as it is shown. */
interface Cell {
  readonly text: string;
  readonly width: number;
}

/**
 * ```
 *   --> migrations/004_add_created_at.sql:7:31
 *    |
 *  7 | UPDATE posts SET created_at = nonsense WHERE created_at IS NULL;
 *    |                               ^
 * ```
 * A line that is too wide is cut on both sides of the caret.
 *
 * @param options.paint how the caret looks; red where it is left out
 */
export function codeFrame(
  place: Marked,
  { columns, style, paint = style.red }: {
    readonly columns: number | null;
    readonly style: Style;
    readonly paint?: (text: string) => string;
  },
): readonly string[] {
  const number = String(place.line);
  const blank = " ".repeat(number.length);
  const room = Math.max(20, (columns ?? DEFAULT_COLUMNS) - number.length - 4);
  const { line, caret, marked } = cutAround(place, room);
  return [
    `${blank} ${style.dim("-->")} ${escapeLine(redact(place.file))}:${place.line}:${place.column}`,
    ` ${blank} ${style.dim("|")}`,
    ` ${style.dim(`${number} |`)} ${line}`,
    ` ${blank} ${style.dim("|")} ${caret}${paint("^".repeat(marked))}`,
  ];
}

interface Cut {
  readonly line: string;
  readonly caret: string;
  /** Columns to be underlined, one at least. */
  readonly marked: number;
}

function cutAround(place: Marked, room: number): Cut {
  const { before, after, more } = nearby(redactLine(place.sourceLine).trimEnd(), place.column);
  const cells = [...before, ...after].map(cell);
  const at = before.length;
  const characters = place.endColumn === undefined ? 0 : place.endColumn - place.column;
  if (!more.before && !more.after && widthOf(cells) <= room) {
    const line = cells.map((one) => one.text).join("");
    return { line, caret: underlay(cells.slice(0, at)), marked: markedColumns(cells.slice(at, at + characters)) };
  }
  // Tabs would stand elsewhere in a line that is cut.
  const flat = cells.map((one) => one.text === "\t" ? { text: " ", width: 1 } : one);
  let start = at;
  let end = at;
  let used = flat[at]?.width ?? 0;
  // Two thirds of the room before the caret: what led to the place says more than what follows it.
  while (start > 0 && used + flat[start - 1]!.width <= (room * 2) / 3) used += flat[--start]!.width;
  while (end < flat.length && used + (end === at ? 0 : flat[end]!.width) <= room - 2) {
    used += end === at ? 0 : flat[end]!.width;
    end++;
  }
  while (start > 0 && used + flat[start - 1]!.width <= room - 2) used += flat[--start]!.width;
  const cutBefore = start > 0 || more.before ? "…" : "";
  const cutAfter = end < flat.length || more.after ? "…" : "";
  return {
    line: cutBefore + flat.slice(start, end).map((one) => one.text).join("") + cutAfter,
    caret: " ".repeat(cutBefore.length) + underlay(flat.slice(start, at)),
    marked: markedColumns(flat.slice(at, Math.min(end, at + characters))),
  };
}

/** The characters around a column, and whether there are more; a column past the end is the end. */
function nearby(line: string, column: number) {
  let index = 0;
  for (let left = column - 1; left > 0 && index < line.length; left--) {
    index += line.codePointAt(index)! > 0xffff ? 2 : 1;
  }
  const [start, end] = [Math.max(0, index - MOST_LOOKED_AT), Math.min(line.length, index + MOST_LOOKED_AT)];
  return {
    before: Array.from(line.slice(start, index)),
    after: Array.from(line.slice(index, end)),
    more: { before: start > 0, after: end < line.length },
  };
}

function cell(character: string): Cell {
  if (character === "\t") return { text: character, width: TAB_COLUMNS };
  const text = escapeSourceLine(character);
  return { text, width: text === character ? characterWidth(character) : textWidth(text) };
}

function widthOf(cells: readonly Cell[]): number {
  return cells.reduce((sum, one) => sum + one.width, 0);
}

/** How much of these cells can be underlined: a tab ends it, since its width depends on where it stands. */
function markedColumns(cells: readonly Cell[]): number {
  const tab = cells.findIndex(({ text }) => text === "\t");
  return Math.max(1, widthOf(tab === -1 ? cells : cells.slice(0, tab)));
}

/** White space as wide as the cells; a tab stays a tab, so that it ends where the one above it does. */
function underlay(cells: readonly Cell[]): string {
  return cells.map((one) => one.text === "\t" ? "\t" : " ".repeat(one.width)).join("");
}
