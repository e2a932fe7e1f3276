/**
 * How a migration gets into the tracker. It is claimed before its file runs and moved after, so that nothing that the
 * file does to its session can break either, and the primary key of the claim keeps two runners apart even when the lock
 * is lost.
 */

import type { Migration } from "../migration/migration.ts";
import type { Session } from "./session.ts";
import { type Sql, sql } from "./sql.ts";
import type { TrackerTables } from "./tracker_ddl.ts";

/** Files above this size are not kept in the tracker. */
const MAX_SOURCE_BYTES = 1024 * 1024;

/** The text to keep of a migration, or null when it is too large. */
export function keptSource(text: string): string | null {
  return new TextEncoder().encode(text).length <= MAX_SOURCE_BYTES ? text : null;
}

/** Says that a migration begins. Gives its transaction's id, by which its end can be found out later. */
export async function claim(session: Session, tables: TrackerTables, options: {
  readonly migration: Migration;
  /** Statements to send before, in the same message: `BEGIN` and its settings. */
  readonly before: readonly string[];
}): Promise<string> {
  const { version, name, checksum, text } = options.migration;
  const insert = sql`
    INSERT INTO ${tables.unfinished} (version, name, checksum, source)
    VALUES (${version}, ${name}, ${checksum}, ${keptSource(text)}) RETURNING xact`;
  const [row] = await session.query([...options.before, insert.text].join("; "));
  return row!.xact!;
}

/**
 * The statement that moves a claim to the tracker; it gives one row when it did. ASCII only, for the file may have set
 * another client_encoding.
 *
 * @param of which claim: the one of the transaction that runs, or the one of a version
 */
export function moveClaim(
  tables: TrackerTables,
  { of, durationMs }: { readonly of: "this-transaction" | bigint; readonly durationMs: number | null },
): Sql {
  const which = of === "this-transaction" ? sql`xact = pg_catalog.pg_current_xact_id()` : sql`version = ${of}`;
  return sql`
    WITH ended AS (DELETE FROM ${tables.unfinished} WHERE ${which} RETURNING version, name, checksum, source)
    INSERT INTO ${tables.applied} (version, name, applied_at, checksum, duration_ms, applied_by, source)
    SELECT version, name, pg_catalog.now(), checksum, ${
    durationMs === null ? null : Math.round(durationMs)
  }, CURRENT_USER, source FROM ended
    RETURNING version`;
}

/** Notes how many statements of a non-transactional migration are done. */
export function noteProgress(tables: TrackerTables, version: bigint, done: number): Sql {
  return sql`UPDATE ${tables.unfinished} SET statement = ${done} WHERE version = ${version}`;
}

/** What ends a claim by hand, as a person would type it. */
export function waysOut(tables: TrackerTables, version: bigint): { readonly forget: string; readonly record: string } {
  const onOneLine = (statement: Sql) => `${statement.text.trim().replaceAll(/\s+/g, " ")};`;
  return {
    forget: onOneLine(dropClaim(tables, version)),
    record: onOneLine(moveClaim(tables, { of: version, durationMs: null })),
  };
}

/** Takes a claim back: nothing of its migration was done. */
export function dropClaim(tables: TrackerTables, version: bigint): Sql {
  return sql`DELETE FROM ${tables.unfinished} WHERE version = ${version}`;
}
