/** What the tracker holds: reading it, making it, and writing what another tool left out. */

import { lockTimeout, trackerNotAllowed } from "../errors.ts";
import type { AppliedRow, Recorded, UnfinishedRow } from "../history/compare.ts";
import type { Tracker } from "./find_tracker.ts";
import { type Row, ServerError, type Session } from "./session.ts";
import { identifier, type Sql, sql } from "./sql.ts";
import { addColumns, createApplied, createUnfinished, widenVersion } from "./tracker_ddl.ts";

/** lock_not_available (PostgreSQL documentation, "PostgreSQL Error Codes"). */
const LOCK_NOT_AVAILABLE = "55P03";

/** What the tracker says, without writing anything; a tracker that does not exist says that nothing was applied. */
export async function readTracker(session: Session, tracker: Tracker): Promise<Recorded> {
  const parts = [
    ...tracker.exists ? [selectApplied(tracker)] : [],
    ...tracker.unfinishedExists ? [selectUnfinished(tracker)] : [],
  ];
  const rows = parts.length === 0 ? [] : await session.query(parts.join(" UNION ALL "));
  return {
    applied: rows.filter(({ statement }) => statement === null).map(appliedRow),
    unfinished: rows.filter(({ statement }) => statement !== null).map(unfinishedRow),
  };
}

function selectApplied({ tables, lacks }: Tracker): Sql {
  const appliedAt = lacks.includes("applied_at") ? sql`NULL` : epochMs("applied_at");
  const checksum = lacks.includes("checksum") ? sql`NULL` : sql`checksum`;
  return sql`SELECT version::pg_catalog.text AS version, name::pg_catalog.text AS name,
    ${appliedAt}::pg_catalog.text AS at, ${checksum}::pg_catalog.text AS checksum, NULL::pg_catalog.int4 AS statement
    FROM ${tables.applied} WHERE version IS NOT NULL`;
}

function selectUnfinished({ tables }: Tracker): Sql {
  return sql`SELECT version::pg_catalog.text, name, ${epochMs("started_at")}::pg_catalog.text, checksum, statement
    FROM ${tables.unfinished}`;
}

function appliedRow(row: Row): AppliedRow {
  return {
    version: BigInt(row.version!),
    name: row.name!,
    appliedAt: row.at == null ? null : new Date(Number(row.at)),
    checksum: row.checksum ?? null,
  };
}

function unfinishedRow(row: Row): UnfinishedRow {
  return {
    version: BigInt(row.version!),
    name: row.name!,
    startedAt: new Date(Number(row.at)),
    statementsDone: Number(row.statement),
  };
}

/** The text that each of some versions was applied with; null where it was not kept. */
export async function readSources(
  session: Session,
  { tables, lacks }: Tracker,
  versions: readonly bigint[],
): Promise<ReadonlyMap<bigint, string | null>> {
  if (versions.length === 0 || lacks.includes("source")) return new Map();
  const list = versions.map((version) => sql`${version}`).join(", ");
  const rows = await session.query(`SELECT version, source FROM ${tables.applied} WHERE version IN (${list})`);
  return new Map(rows.map((row) => [BigInt(row.version!), row.source ?? null]));
}

/** Writes the checksum (and the text, where it may be kept) of migrations that another tool applied. */
export async function recordChecksums(
  session: Session,
  { tables }: Tracker,
  migrations: readonly { readonly version: bigint; readonly checksum: string; readonly source: string | null }[],
): Promise<void> {
  const updates = migrations.map(({ version, checksum, source }) =>
    sql`UPDATE ${tables.applied} SET checksum = ${checksum}, source = ${source}
      WHERE version = ${version} AND checksum IS NULL`.text
  );
  await session.run(["BEGIN READ WRITE", ...updates, "COMMIT"].join(";\n"));
}

/**
 * Makes the tracker, or takes over the table of an older runner: adds the columns that it lacks, and widens `version`
 * when a version to come needs it. Call it under the lock: `CREATE TABLE IF NOT EXISTS` is not safe against itself.
 *
 * @param options.highestVersion of the migrations to come
 * @param options.lockTimeoutMs how long to wait for a lock on the tracker; 0 for no limit
 * @throws {Failure} `tracker-not-allowed`, `lock-timeout`
 */
export async function prepareTracker(
  session: Session,
  tracker: Tracker,
  { highestVersion, lockTimeoutMs }: { readonly highestVersion: bigint; readonly lockTimeoutMs: number },
): Promise<void> {
  const steps: string[] = [];
  if (!tracker.exists) steps.push(createApplied(tracker.tables));
  if (tracker.lacks.length > 0) steps.push(addColumns(tracker.tables, tracker.lacks));
  if (highestVersion > tracker.maxVersion) steps.push(widenVersion(tracker.tables).text);
  if (!tracker.unfinishedExists) steps.push(createUnfinished(tracker.tables));
  if (steps.length === 0) return;
  try {
    await session.run(
      ["BEGIN READ WRITE", `SET LOCAL lock_timeout = ${lockTimeoutMs}`, ...steps, "COMMIT"].join(";\n"),
    );
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    await session.run("ROLLBACK");
    const { message, sqlstate } = error.server;
    if (sqlstate === LOCK_NOT_AVAILABLE) throw lockTimeout(message, { sqlstate, state: "Nothing was applied." });
    throw trackerNotAllowed(`${tracker.schema}.${tracker.table}`, { message, sqlstate, statements: steps });
  }
}

/** Milliseconds since 1970, whether the column is TIMESTAMPTZ or the TIMESTAMP of an older runner. */
function epochMs(column: string): Sql {
  return sql`pg_catalog.round(EXTRACT(epoch FROM ${identifier(column)}::pg_catalog.timestamptz) * 1000)`;
}
