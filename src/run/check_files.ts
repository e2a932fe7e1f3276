/** Files are parsed before the first one runs, so that a mistake in the fifth stops the run before the first. */

import { type Failure, together } from "../errors/failure.ts";
import { copyToStdout, unparsedTransaction } from "../errors/sql.ts";
import { firstStatementIndex } from "../migration/directives.ts";
import type { Files } from "../migration/files.ts";
import type { Migration } from "../migration/migration.ts";
import { type ReadSql, readSql } from "../migration/read_sql.ts";
import type { Statement } from "../sql/parser.ts";
import type { ScriptCopy } from "../sql/script.ts";
import { placeInFile, type SqlFile } from "../sql/sql_file.ts";
import { type StatementEffect, statementEffect } from "../sql/statement_effect.ts";
import { inOneTransaction, oneByOne } from "../sql/transaction_control.ts";
import { parseFile } from "./parse_files.ts";
import type { ResumePoint } from "./resume_point.ts";

/** A migration that is ready to be sent. */
export interface CheckedFile {
  readonly migration: Migration;
  /** The file's SQL as it is written, without the data of its COPY statements. */
  readonly sql: SqlFile;
  /** The text to send: its SQL, with a BEGIN and COMMIT round the whole of it blanked out. */
  readonly text: string;
  /** Where each statement starts and ends in the text; null when the file was not parsed. */
  readonly statements: readonly CheckedStatement[] | null;
  /** Each COPY … FROM stdin, in order. */
  readonly copies: readonly ScriptCopy[];
  /** Where to go on, for one that was begun before and is to be ended. */
  readonly resume?: ResumePoint;
}

/** A migration that could not run, for the mistakes in its file. */
export interface MistakenFile {
  readonly migration: Migration;
  readonly mistakes: readonly [Failure, ...Failure[]];
}

export interface CheckedStatement {
  /** UTF-16 indices into the text. */
  readonly start: number;
  readonly end: number;
  readonly effect: StatementEffect;
}

/** As {@link checkFiles}, for those who go on with the files that have no mistake. */
export async function checkEachFile(
  files: Files,
  migrations: readonly Migration[],
): Promise<readonly (CheckedFile | MistakenFile)[]> {
  return await Promise.all(migrations.map(async (migration) => {
    const result = await checkFile(files, migration);
    return "migration" in result ? result : { migration, mistakes: result as MistakenFile["mistakes"] };
  }));
}

/**
 * The files as they are, for `--no-parse`: the server alone says what is wrong with their SQL.
 *
 * @throws {Failure} for a file that begins with a BEGIN of its own, or holds what is not for the server
 */
export function uncheckedFiles(files: Files, migrations: readonly Migration[]): Promise<readonly CheckedFile[]> {
  return checkEach(migrations, async (migration) => {
    const read = await readSql(files, migration);
    return "script" in read ? uncheckedFile(migration, read) : read;
  });
}

/**
 * Parses every file and looks for what could not run in the way that pgmigrate runs it.
 *
 * @throws {Failure} exit code 1, for every file that has a mistake
 */
export function checkFiles(files: Files, migrations: readonly Migration[]): Promise<readonly CheckedFile[]> {
  return checkEach(migrations, (migration) => checkFile(files, migration));
}

async function checkEach(
  migrations: readonly Migration[],
  check: (migration: Migration) => Promise<CheckedFile | readonly Failure[]>,
): Promise<readonly CheckedFile[]> {
  const files: CheckedFile[] = [];
  const failures: Failure[] = [];
  for (const migration of migrations) {
    const result = await check(migration);
    if ("migration" in result) files.push(result);
    else failures.push(...result.map((failure) => failure.with({ state: "Nothing was applied." })));
  }
  const failure = together(failures);
  if (failure !== null) throw failure;
  return files;
}

/** Its own BEGIN is all that can be seen without the parser: the COMMIT that follows would end our transaction. */
function uncheckedFile(migration: Migration, { sql, script }: ReadSql): CheckedFile | readonly Failure[] {
  const { text } = sql;
  const index = firstStatementIndex(text);
  const begins = /^(begin|start\s+transaction)\b/i.test(text.slice(index, index + 100));
  if (begins && !migration.directives.noTransaction) return [unparsedTransaction(placeInFile(sql, index))];
  const toClient = script.toClient.map((index) => copyToStdout(placeInFile(sql, index)));
  if (toClient.length > 0) return toClient;
  return { migration, sql, text, statements: null, copies: script.copies };
}

async function checkFile(files: Files, migration: Migration): Promise<CheckedFile | readonly Failure[]> {
  const parsed = await parseFile(files, migration);
  if (!("sql" in parsed)) return parsed;
  const { sql, script, statements } = parsed;
  if (statements === null) return uncheckedFile(migration, parsed);
  const common = { migration, sql, copies: script.copies };
  if (migration.directives.noTransaction) {
    const fit = oneByOne(sql, statements);
    if (fit.kind === "refused") return [fit.failure];
    return { ...common, text: sql.text, statements: fit.steps.map(({ statement }) => checked(statement)) };
  }
  const fit = inOneTransaction(sql, statements);
  if (fit.kind === "refused") return [fit.failure];
  return { ...common, text: fit.text, statements: fit.statements.map(checked) };
}

function checked(statement: Statement): CheckedStatement {
  return { start: statement.start, end: statement.end, effect: statementEffect(statement) };
}
