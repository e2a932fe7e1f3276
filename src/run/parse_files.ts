/** Migrations → what the linter looks at, and the mistakes for which a file cannot be looked at. */

import { Failure } from "../errors/failure.ts";
import type { ParsedMigration } from "../lint/lint.ts";
import type { Files } from "../migration/files.ts";
import type { Migration } from "../migration/migration.ts";
import { type ReadSql, readSql } from "../migration/read_sql.ts";
import { copyFailures, encodingFailures } from "../sql/copy_statements.ts";
import { parse, type Statement } from "../sql/parser.ts";
import { readBodies } from "../sql/routine_body.ts";
import { syntaxFailure } from "../sql/syntax_error.ts";

export interface ParsedFiles {
  readonly parsed: readonly ParsedMigration[];
  /** Mistakes in files that were asked about, each with its place; of such a file nothing else is known. */
  readonly failures: readonly Failure[];
  /** Files that were asked about and are too large to be parsed. */
  readonly tooLarge: readonly Migration[];
}

/**
 * Parses files. One with a mistake is left out, and the others are judged as if it did nothing.
 *
 * @param isAsked whether a file is asked about, and not there only for what it makes
 * @throws {Failure} `file-changed`, `file-unreadable`
 */
export async function parseFiles(
  files: Files,
  { migrations, isAsked }: {
    readonly migrations: readonly Migration[];
    readonly isAsked: (migration: Migration) => boolean;
  },
): Promise<ParsedFiles> {
  const parsed: ParsedMigration[] = [];
  const failures: Failure[] = [];
  const tooLarge: Migration[] = [];
  for (const migration of migrations) {
    const asked = isAsked(migration);
    const outcome = await parseFile(files, migration);
    if (!("sql" in outcome)) failures.push(...asked ? outcome.map(asFound) : []);
    else if (outcome.statements === null) tooLarge.push(...asked ? [migration] : []);
    else {
      const { version, name, directives } = migration;
      const { sql, statements } = outcome;
      parsed.push({ version, name, directives, sql, statements, bodies: await readBodies(statements), asked });
    }
  }
  return { parsed, failures, tooLarge };
}

/** A file's SQL and its statements; null where it is too large to be parsed. */
export interface ParsedSql extends ReadSql {
  readonly statements: readonly Statement[] | null;
}

/**
 * Parses a file.
 *
 * @returns the failures of a file that holds what cannot be parsed, or sent
 * @throws {Failure} `file-changed`, `file-unreadable`
 */
export async function parseFile(files: Files, migration: Migration): Promise<ParsedSql | readonly Failure[]> {
  const read = await readSql(files, migration);
  if (!("script" in read)) return read;
  const { sql, script } = read;
  const outcome = await parse(sql.text);
  if (outcome.kind === "too-large") return { ...read, statements: null };
  if (outcome.kind === "syntax-error") return [syntaxFailure(sql, outcome)];
  const { statements } = outcome;
  const failures = [...copyFailures(sql, statements, script), ...encodingFailures(sql, statements, script)];
  return failures.length > 0 ? failures : { ...read, statements };
}

/** What `up` says of a mistake, without what only holds there: nothing was to be applied, and nothing can be skipped. */
function asFound({ code, message, details }: Failure): Failure {
  const { state: _, hint, ...others } = details;
  const known = hint === undefined ? {} : { hint };
  const kept = code === "syntax-error" ? { hint: "The parser is that of PostgreSQL 18." } : known;
  return new Failure(code, 7, message, { ...others, ...kept });
}
