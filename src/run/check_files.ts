/** Files are parsed before the first one runs, so that a mistake in the fifth stops the run before the first. */

import { Failure, together, unparsedTransaction } from "../errors.ts";
import { firstStatementIndex } from "../migration/directives.ts";
import type { Migration } from "../migration/migration.ts";
import { type ConcurrentIndex, concurrentIndexes } from "../sql/concurrent_indexes.ts";
import { mayLeavePart } from "../sql/may_leave_part.ts";
import { parse, type Statement } from "../sql/parser.ts";
import { placeAtIndex } from "../sql/positions.ts";
import { syntaxFailure } from "../sql/syntax_error.ts";
import { inOneTransaction, oneByOne } from "../sql/transaction_control.ts";

/** A migration that is ready to be sent. */
export interface CheckedFile {
  readonly migration: Migration;
  /** The text to send: the file's, with a BEGIN and COMMIT round the whole of it blanked out. */
  readonly text: string;
  /** Where each statement starts and ends in the text; null when the file was not parsed. */
  readonly statements: readonly CheckedStatement[] | null;
  /** Indexes that the file builds concurrently, to be looked at afterwards. */
  readonly indexes: readonly ConcurrentIndex[];
}

export interface CheckedStatement {
  /** UTF-16 indices into the text. */
  readonly start: number;
  readonly end: number;
  /** Whether it may leave a part of its work behind when it fails, outside a transaction. */
  readonly mayLeavePart: boolean;
}

/**
 * The files as they are, for `--no-parse`: the server alone says what is wrong with them.
 *
 * @throws {Failure} for a file that begins with a BEGIN of its own
 */
export function uncheckedFiles(migrations: readonly Migration[]): readonly CheckedFile[] {
  return migrations.map((migration) => {
    const file = uncheckedFile(migration);
    if (file instanceof Failure) throw file.with({ state: "Nothing was applied." });
    return file;
  });
}

/** Its own BEGIN is all that can be seen without the parser: the COMMIT that follows would end our transaction. */
function uncheckedFile(migration: Migration): CheckedFile | Failure {
  const { text, path, directives } = migration;
  const index = firstStatementIndex(text);
  const begins = /^(begin|start\s+transaction)\b/i.test(text.slice(index, index + 100));
  if (begins && !directives.noTransaction) return unparsedTransaction({ file: path, ...placeAtIndex(text, index) });
  return { migration, text, statements: null, indexes: [] };
}

/**
 * Parses every file and looks for what could not run in the way that pgmigrate runs it.
 *
 * @throws {Failure} exit code 1, for every file that has a mistake
 */
export async function checkFiles(migrations: readonly Migration[]): Promise<readonly CheckedFile[]> {
  const files: CheckedFile[] = [];
  const failures: Failure[] = [];
  for (const migration of migrations) {
    const result = await checkFile(migration);
    if (result instanceof Error) failures.push(result.with({ state: "Nothing was applied." }));
    else files.push(result);
  }
  const failure = together(failures);
  if (failure !== null) throw failure;
  return files;
}

async function checkFile(migration: Migration): Promise<CheckedFile | Failure> {
  const { text, path, directives } = migration;
  const parsed = await parse(text);
  if (parsed.kind === "too-large") return uncheckedFile(migration);
  if (parsed.kind === "syntax-error") return syntaxFailure({ path, text }, parsed);
  const indexes = concurrentIndexes(parsed.statements);
  if (directives.noTransaction) {
    const fit = oneByOne({ path, text }, parsed.statements);
    if (fit.kind === "refused") return fit.failure;
    return { migration, text, statements: fit.steps.map(({ statement }) => checked(statement)), indexes };
  }
  const fit = inOneTransaction({ path, text }, parsed.statements);
  if (fit.kind === "refused") return fit.failure;
  return { migration, text: fit.text, statements: fit.statements.map(checked), indexes };
}

function checked(statement: Statement): CheckedStatement {
  return { start: statement.start, end: statement.end, mayLeavePart: mayLeavePart(statement) };
}
