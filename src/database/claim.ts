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

/**
 * Says that a migration begins.
 *
 * @returns its transaction's id, by which its end can be found out later; null when the tracker has it as applied
 */
export async function claim(session: Session, tables: TrackerTables, options: {
  readonly migration: Migration;
  /** Statements to send around it in the same message: `BEGIN` and its settings, and `COMMIT`. */
  readonly before: readonly string[];
  readonly after?: readonly string[];
}): Promise<string | null> {
  const { version, name, checksum, text } = options.migration;
  const insert = sql`
    INSERT INTO ${tables.unfinished} (version, name, checksum, source)
    SELECT ${version}, ${name}, ${checksum}, ${keptSource(text)}
    WHERE NOT EXISTS (SELECT FROM ${tables.applied} WHERE version = ${version}) RETURNING xact`;
  const [row] = await session.query([...options.before, insert.text, ...options.after ?? []].join("; "));
  return row?.xact ?? null;
}

/** A claim: its version, and the transaction that made it where only that one counts. */
export interface ClaimOf {
  readonly version: bigint;
  readonly xact?: string;
}

/**
 * The statement that moves a claim to the tracker; it gives one row when it did. ASCII only, for the file may have set
 * another client_encoding.
 */
export function moveClaim(tables: TrackerTables, of: ClaimOf, durationMs: number | null): Sql {
  const duration = durationMs === null ? null : Math.round(durationMs);
  const take = sql`DELETE FROM ${tables.unfinished} WHERE ${claimIs(of)} RETURNING *`;
  const columns = sql`version, name, applied_at, checksum, duration_ms, applied_by, source`;
  const values = sql`version, name, pg_catalog.now(), checksum, ${duration}, CURRENT_USER, source`;
  const put = sql`INSERT INTO ${tables.applied} (${columns}) SELECT ${values} FROM ended RETURNING version`;
  return sql`WITH ended AS (${take}) ${put}`;
}

/** Takes a claim back: nothing of its migration was done. */
export function dropClaim(tables: TrackerTables, of: ClaimOf): Sql {
  return sql`DELETE FROM ${tables.unfinished} WHERE ${claimIs(of)}`;
}

/** Notes how many statements of a non-transactional migration are done. */
export function noteProgress(tables: TrackerTables, of: ClaimOf, done: number): Sql {
  return sql`UPDATE ${tables.unfinished} SET statement = ${done} WHERE ${claimIs(of)}`;
}

/** Whether the claim of a version is committed. */
export async function isClaimed(session: Session, tables: TrackerTables, version: bigint): Promise<boolean> {
  const rows = await session.query(sql`SELECT FROM ${tables.unfinished} WHERE version = ${version}`.text);
  return rows.length > 0;
}

/** What ends a claim by hand, as a person would type it. */
export function waysOut(tables: TrackerTables, version: bigint): { readonly forget: string; readonly record: string } {
  return { forget: `${dropClaim(tables, { version })};`, record: `${moveClaim(tables, { version }, null)};` };
}

function claimIs({ version, xact }: ClaimOf): Sql {
  return xact === undefined ? sql`version = ${version}` : sql`version = ${version} AND xact = ${xact}`;
}
