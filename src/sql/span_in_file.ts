/** A stretch of a file's SQL, as the user finds it in the file. */

import type { Span } from "../events.ts";
import { placeInFile, type SqlFile } from "./sql_file.ts";

/** @param stretch UTF-16 indices into the text */
export function spanInFile(
  file: SqlFile,
  stretch: { readonly start: number; readonly end: number },
): Span {
  const { line, column, sourceLine } = placeInFile(file, stretch.start);
  const end = placeInFile(file, stretch.end);
  return { file: file.path, line, column, endLine: end.line, endColumn: end.column, sourceLine };
}
