/** The SQL of a file, and where it stands in the file. */

import type { Place } from "../errors/failure.ts";
import { indexAt, placeAtIndex, positionAt } from "./positions.ts";

/** A file's SQL as the user knows it. */
export interface SqlFile {
  readonly path: string;
  readonly text: string;
  /** Lines of the file that are not in the text, in order, each with the index in the text before which they stand. */
  readonly cuts?: readonly { readonly cut: number; readonly lines: number }[];
}

/** Where an index of the text stands in the file. */
export function placeInFile({ path, text, cuts = [] }: SqlFile, index: number): Place {
  const { line, column, sourceLine } = placeAtIndex(text, index);
  const before = cuts.filter(({ cut }) => cut <= index).reduce((sum, { lines }) => sum + lines, 0);
  return { file: path, line: line + before, column, sourceLine };
}

/**
 * Where a position of PostgreSQL's stands in the file, counted from an index of the text.
 *
 * A position past the last character (`syntax error at end of input`) is placed after the last character that is not
 * white space, so that the line shown is the one that wants an end, not an empty one below it.
 */
export function positionInFile(file: SqlFile, { start, position }: {
  readonly start: number;
  readonly position: number;
}): Place {
  const { text } = file;
  const index = indexAt(text, positionAt(text, start) + position - 1);
  return placeInFile(file, index < text.length ? index : text.trimEnd().length);
}
