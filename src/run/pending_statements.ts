/** The statements of the files that `up` would run. */

import { parse, type Statement } from "../sql/parser.ts";
import type { CheckedFile } from "./check_files.ts";

/** A file of the run with its statements. */
export interface ParsedFile {
  readonly file: CheckedFile;
  /** Those that are yet to run, in order; null for a file that is too large to be parsed. */
  readonly statements: readonly Statement[] | null;
}

/** Parses files that were checked, and so have been parsed before: their trees were not kept. */
export async function parseChecked(files: readonly CheckedFile[]): Promise<readonly ParsedFile[]> {
  const parsed: ParsedFile[] = [];
  for (const file of files) {
    const outcome = file.statements === null ? null : await parse(file.text);
    const statements = outcome?.kind === "statements" ? outcome.statements.slice(file.resume?.done ?? 0) : null;
    parsed.push({ file, statements });
  }
  return parsed;
}
