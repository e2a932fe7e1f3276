/** Files are parsed before the first one runs, so that a mistake in the fifth stops the run before the first. */

import type { Failure } from "../errors.ts";
import type { Migration } from "../migration/migration.ts";
import { type ConcurrentIndex, concurrentIndexes } from "../sql/concurrent_indexes.ts";
import { parse, type Statement } from "../sql/parser.ts";
import { syntaxFailure } from "../sql/syntax_error.ts";
import { inOneTransaction, oneByOne } from "../sql/transaction_control.ts";

/** A migration that is ready to be sent. */
export interface CheckedFile {
  readonly migration: Migration;
  /** The text to send: the file's, with a BEGIN and COMMIT round the whole of it blanked out. */
  readonly text: string;
  /** Where each statement starts and ends in the text; null when the file was not parsed. */
  readonly statements: readonly Extent[] | null;
  /** Indexes that the file builds concurrently, to be looked at afterwards. */
  readonly indexes: readonly ConcurrentIndex[];
}

/** UTF-16 indices into a text. */
export interface Extent {
  readonly start: number;
  readonly end: number;
}

/** The files as they are, for `--no-parse`: the server alone says what is wrong with them. */
export function uncheckedFiles(migrations: readonly Migration[]): readonly CheckedFile[] {
  return migrations.map((migration) => ({ migration, text: migration.text, statements: null, indexes: [] }));
}

/**
 * Parses every file and looks for what could not run in the way that pgmigrate runs it.
 *
 * @throws {Failure} exit code 1, for every file that has a mistake
 */
export async function checkFiles(migrations: readonly Migration[]): Promise<readonly CheckedFile[]> {
  const checked: CheckedFile[] = [];
  const failures: Failure[] = [];
  for (const migration of migrations) {
    const result = await checkFile(migration);
    if (result instanceof Error) failures.push(result);
    else checked.push(result);
  }
  const [first, ...others] = failures;
  if (first !== undefined) throw others.length === 0 ? first : first.with({ others });
  return checked;
}

async function checkFile(migration: Migration): Promise<CheckedFile | Failure> {
  const { text, path, directives } = migration;
  const parsed = await parse(text);
  if (parsed.kind === "too-large") return { migration, text, statements: null, indexes: [] };
  if (parsed.kind === "syntax-error") return syntaxFailure({ path, text }, parsed);
  const indexes = concurrentIndexes(parsed.statements);
  if (directives.noTransaction) {
    const fit = oneByOne({ path, text }, parsed.statements);
    if (fit.kind === "refused") return fit.failure;
    return { migration, text, statements: fit.steps.map(({ statement }) => extentOf(statement)), indexes };
  }
  const fit = inOneTransaction({ path, text }, parsed.statements);
  if (fit.kind === "refused") return fit.failure;
  return { migration, text: fit.text, statements: fit.statements.map(extentOf), indexes };
}

function extentOf({ start, end }: Statement): Extent {
  return { start, end };
}
