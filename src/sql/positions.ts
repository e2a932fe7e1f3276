/**
 * Positions in a text, of three kinds: *positions* as PostgreSQL counts them (characters, that is code points, from 1),
 * *indices* as JavaScript counts them (UTF-16 units, from 0), and line and column (characters, from 1).
 *
 * A line ends with LF, with CRLF, or with a lone CR: PostgreSQL's scanner ends a `--` comment at each of them, and
 * libpq's `LINE n` counts them the same way.
 */

/** A place in a text, as an editor shows it, with the line it is on. */
export interface PlaceInText {
  readonly line: number;
  /** Characters (code points) from 1. */
  readonly column: number;
  /** The text of that line, without its line end. */
  readonly sourceLine: string;
}

const LINE_END = /\r\n|\n|\r/g;
const FIRST_LOW_SURROGATE = 0xdc00;
const LAST_LOW_SURROGATE = 0xdfff;
const FIRST_HIGH_SURROGATE = 0xd800;

/** Where an index stands, with its source line. An index inside a surrogate pair stands at the pair. */
export function placeAtIndex(text: string, index: number): PlaceInText {
  const at = startOfCharacter(text, Math.max(0, Math.min(index, text.length)));
  let line = 1;
  let start = 0;
  let end = text.length;
  for (const match of text.matchAll(LINE_END)) {
    const next = match.index + match[0].length;
    if (next > at) {
      end = match.index;
      break;
    }
    line++;
    start = next;
  }
  return { line, column: countCharacters(text, start, at) + 1, sourceLine: text.slice(start, end) };
}

/** The index of a position; the end of the text for a position past it. */
export function indexAt(text: string, position: number): number {
  return skipCharacters(text, 0, position - 1);
}

/** The position of an index: the reverse of {@link indexAt}. */
export function positionAt(text: string, index: number): number {
  return countCharacters(text, 0, startOfCharacter(text, Math.min(index, text.length))) + 1;
}

function skipCharacters(text: string, from: number, count: number): number {
  let index = from;
  for (let skipped = 0; skipped < count && index < text.length; skipped++) index += lengthAt(text, index);
  return index;
}

function countCharacters(text: string, from: number, to: number): number {
  let count = 0;
  for (let index = from; index < to; index += lengthAt(text, index)) count++;
  return count;
}

function lengthAt(text: string, index: number): 1 | 2 {
  return text.codePointAt(index)! > 0xffff ? 2 : 1;
}

function startOfCharacter(text: string, index: number): number {
  const unit = text.charCodeAt(index);
  const before = text.charCodeAt(index - 1);
  const inPair = unit >= FIRST_LOW_SURROGATE && unit <= LAST_LOW_SURROGATE &&
    before >= FIRST_HIGH_SURROGATE && before < FIRST_LOW_SURROGATE;
  return inPair ? index - 1 : index;
}
