/**
 * How a migration gets into the tracker. It is claimed before its file runs and moved after, so that nothing that the
 * file does to its session can break either, and the primary key of the claim keeps two runners apart even when the lock
 * is lost.
 */

import type { Migration } from "../migration/migration.ts";
import type { Session } from "./session.ts";
import { EQUALS, type Sql, sql } from "./sql.ts";
import type { TrackerTables } from "./tracker_ddl.ts";

/** Files above this size are not kept in the tracker. */
const MAX_SOURCE_BYTES = 1024 * 1024;

/** The text to keep of a migration, or null when it is too large. */
export function keptSource(text: string | null): string | null {
  if (text === null || text.length > MAX_SOURCE_BYTES) return null;
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
    WHERE NOT EXISTS (SELECT FROM ${tables.applied} WHERE version ${EQUALS} ${version}) RETURNING xact`;
  const [row] = await session.query([...options.before, insert.text, ...options.after ?? []].join("; "));
  return row?.xact ?? null;
}

/**
 * The statement that claims a migration inside its own transaction. It gives one row, the transaction's id in its second
 * column and the server's process id in its third, or raises {@link NO_ROW}: when the tracker has the migration as applied, or does not have the one before it.
 *
 * @param options.after the version that must be applied, for what is sent before its predecessor's end is known
 */
export function claimOrRaise(
  tables: TrackerTables,
  { migration: { version, name, checksum, text }, after }: {
    readonly migration: Migration;
    readonly after: bigint | null;
  },
): Sql {
  const isApplied = (which: bigint) => sql`EXISTS (SELECT FROM ${tables.applied} WHERE version ${EQUALS} ${which})`;
  const ready = after === null
    ? sql`NOT ${isApplied(version)}`
    : sql`NOT ${isApplied(version)} AND ${isApplied(after)} AND ${isRemembered(after)}`;
  const put = sql`INSERT INTO ${tables.unfinished} (version, name, checksum, source)
    SELECT ${version}, ${name}, ${checksum}, ${keptSource(text)} WHERE ${ready} RETURNING xact`;
  return sql`WITH put AS (${put}) SELECT ${oneOrRaise}, pg_catalog.min(xact::pg_catalog.text) AS xact,
    pg_catalog.pg_backend_pid() AS pid FROM put`;
}

/**
 * The statement that moves a claim of the running transaction to the tracker. It gives one row, the milliseconds since
 * the transaction began in its second column, or raises {@link NO_ROW}: when the claim is not this transaction's, or the
 * tracker took no row. ASCII only, for the file may have set another client_encoding.
 */
export function moveOrRaise(tables: TrackerTables, version: bigint): Sql {
  const own = sql`version ${EQUALS} ${version} AND xact ${EQUALS} pg_catalog.pg_current_xact_id()`;
  const take = sql`DELETE FROM ${tables.unfinished} WHERE ${own} RETURNING *`;
  const columns = sql`version, name, applied_at, checksum, duration_ms, applied_by, source`;
  const sinceBegin = sql`EXTRACT(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.now())`;
  const duration = sql`pg_catalog.round(${sinceBegin} * 1000)`;
  const values = sql`version, name, pg_catalog.now(), checksum, ${duration}, CURRENT_USER, source`;
  const put = sql`INSERT INTO ${tables.applied} (${columns}) SELECT ${values} FROM ended RETURNING duration_ms`;
  return sql`WITH ended AS (${take}), put AS (${put}) SELECT ${oneOrRaise}, pg_catalog.min(duration_ms) FROM put`;
}

/**
 * Notes in the session, with the transaction that moves the claim, that this session has applied a version: where a rival
 * has, what was sent behind must not run either. For a session without a pooler, whose other clients would inherit it.
 */
export function rememberApplied(version: bigint): string {
  return sql`SET pgmigrate.applied = ${String(version)}`.text;
}

function isRemembered(version: bigint): Sql {
  return sql`pg_catalog.current_setting('pgmigrate.applied', true) ${EQUALS} ${String(version)}`;
}

/** division_by_zero: how a statement without a function of ours raises an error where it finds no row. */
export const NO_ROW = "22012";

const oneOrRaise = sql`1 OPERATOR(pg_catalog./) pg_catalog.count(*)`;

/** A claim: its version, and the transaction that made it where only that one counts. */
export interface ClaimOf {
  readonly version: bigint;
  readonly xact?: string;
  /** Which attempt to go on with it, where only that one counts. */
  readonly attempt?: number;
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

/** Whether the claim of a version is committed. */
export async function isClaimed(session: Session, tables: TrackerTables, version: bigint): Promise<boolean> {
  const rows = await session.query(sql`SELECT FROM ${tables.unfinished} WHERE version ${EQUALS} ${version}`.text);
  return rows.length > 0;
}

/** The condition that a row of the table of unfinished migrations is this claim. */
export function claimIs({ version, xact, attempt }: ClaimOf): Sql {
  const own = xact === undefined
    ? sql`version ${EQUALS} ${version}`
    : sql`version ${EQUALS} ${version} AND xact ${EQUALS} ${xact}`;
  return attempt === undefined ? own : sql`${own} AND attempt ${EQUALS} ${attempt}`;
}
