/** The SQL of a file that is about to run, and what stands in the file beside it. */

import type { Failure } from "../errors/failure.ts";
import { fileChanged, tooMuchSql } from "../errors/sql.ts";
import { psqlCommandFailure } from "../sql/psql_command.ts";
import { readScript, type Script, ScriptBuilder } from "../sql/script.ts";
import type { SqlFile } from "../sql/sql_file.ts";
import { Checksum, piecesWithoutBom } from "./checksum.ts";
import type { Files } from "./files.ts";
import type { Migration } from "./migration.ts";

export interface ReadSql {
  readonly sql: SqlFile;
  readonly script: Script;
}

/** One message holds the SQL of a file. The longest string of the runtime has 2^29-24 characters; this much fits. */
const MAX_SQL_BYTES = 500_000_000;

/** What is shown of a file with many commands of psql. */
const MAX_COMMANDS_SHOWN = 10;

/**
 * Takes a file apart. One that is too large to be held is read once more, and of its data nothing is kept.
 *
 * @returns the failures of a file with commands of psql, or with too much SQL
 * @throws {Failure} `file-changed`, `file-unreadable`
 */
export async function readSql(files: Files, migration: Migration): Promise<ReadSql | readonly Failure[]> {
  const { path, text } = migration;
  const script = text === null ? await readLarge(files, migration) : readScript(text);
  if (script === null) return [tooMuchSql(path, `${MAX_SQL_BYTES / 1e6} MB`)];
  const sql = { path, text: script.sql, cuts: script.copies };
  const commands = script.commands.slice(0, MAX_COMMANDS_SHOWN).map((command) => psqlCommandFailure(sql, command));
  return commands.length > 0 ? commands : { sql, script };
}

/** null for a file with more SQL than can be sent. */
async function readLarge(files: Files, { path, checksum: expected }: Migration): Promise<Script | null> {
  const builder = new ScriptBuilder();
  const checksum = new Checksum();
  for await (const bytes of piecesWithoutBom(files.stream(path))) {
    checksum.update(bytes);
    builder.push(bytes);
    if (builder.sqlBytes > MAX_SQL_BYTES) return null;
  }
  if (checksum.digest() !== expected) throw fileChanged(path);
  return builder.end();
}
