/** The tracker: finding it, reading it, making it. */

import {
  foreignTracker,
  lockTimeout,
  noSchema,
  schemaMissing,
  tableNameTooLong,
  trackerElsewhere,
  trackerNotAllowed,
} from "../errors.ts";
import type { AppliedRow, Recorded, UnfinishedRow } from "../history/compare.ts";
import { ServerError, type Session } from "./session.ts";
import { identifier, type Sql, sql } from "./sql.ts";
import {
  addColumns,
  createApplied,
  createUnfinished,
  TRACKER_COLUMNS,
  type TrackerTables,
  widenVersion,
} from "./tracker_ddl.ts";

/** A tracker that was looked for. What exists of it is part of the value. */
export interface Tracker {
  readonly schema: string;
  readonly table: string;
  readonly tables: TrackerTables;
  readonly exists: boolean;
  readonly unfinishedExists: boolean;
  /** Columns that the table lacks, in order. */
  readonly lacks: readonly string[];
  /** The largest version that the table can hold. */
  readonly maxVersion: bigint;
}

/** PostgreSQL cuts longer names off (NAMEDATALEN - 1, in bytes). */
const MAX_NAME_BYTES = 63;

/** lock_not_available (PostgreSQL documentation, "PostgreSQL Error Codes"). */
const LOCK_NOT_AVAILABLE = "55P03";

const UNFINISHED_SUFFIX = "_unfinished";

/** The integer types that `version` may have, and the largest version of each. */
const VERSION_TYPES: Readonly<Record<string, bigint>> = {
  smallint: 2n ** 15n - 1n,
  integer: 2n ** 31n - 1n,
  bigint: 2n ** 63n - 1n,
};

interface Column {
  readonly name: string;
  readonly type: string;
  /** NOT NULL without a default: a row of ours would lack it. */
  readonly required: boolean;
}

/**
 * Looks for the tracker, without writing anything.
 *
 * @param wanted its name; a schema of null is the first of the connection's search_path
 * @throws {Failure} when there is no such schema, or a table of that name has another shape
 */
export async function findTracker(
  session: Session,
  wanted: { readonly schema: string | null; readonly name: string },
): Promise<Tracker> {
  const unfinished = wanted.name + UNFINISHED_SUFFIX;
  if (new TextEncoder().encode(unfinished).length > MAX_NAME_BYTES) {
    throw tableNameTooLong(wanted.name, MAX_NAME_BYTES - UNFINISHED_SUFFIX.length);
  }
  const [row] = await session.query(lookFor(wanted.schema, wanted.name, unfinished).text);
  const { schema, schema_exists, kind, columns, unfinished_exists } = row!;
  if (schema === null || schema === undefined) throw noSchema();
  const others = JSON.parse(row!.elsewhere ?? "[]") as string[];
  if (wanted.schema === null && kind === null && others.length > 0) throw trackerElsewhere(schema, others, wanted.name);
  if (schema_exists !== "t") throw schemaMissing(schema);
  const found = JSON.parse(columns ?? "[]") as Column[];
  if (kind !== null && kind !== undefined) checkShape(`${schema}.${wanted.name}`, kind, found);
  const versionType = found.find((column) => column.name === "version")?.type ?? "bigint";
  const missing = Object.keys(TRACKER_COLUMNS).filter((name) => !found.some((column) => column.name === name));
  return {
    schema,
    table: wanted.name,
    tables: {
      applied: sql`${identifier(schema)}.${identifier(wanted.name)}`,
      unfinished: sql`${identifier(schema)}.${identifier(unfinished)}`,
    },
    exists: kind !== null,
    unfinishedExists: unfinished_exists === "t",
    lacks: kind === null ? [] : missing,
    maxVersion: VERSION_TYPES[versionType]!,
  };
}

function lookFor(schema: string | null, table: string, unfinished: string): Sql {
  return sql`
    SELECT wanted.schema, n.oid IS NOT NULL AS schema_exists, c.relkind AS kind, u.oid IS NOT NULL AS unfinished_exists,
      (SELECT pg_catalog.json_agg(o.nspname) FROM pg_catalog.pg_namespace o
        JOIN pg_catalog.pg_class t ON t.relnamespace = o.oid AND t.relname = ${table} AND t.relkind IN ('r', 'p')
        WHERE o.nspname = ANY (pg_catalog.current_schemas(false)) AND o.nspname <> wanted.schema) AS elsewhere,
      (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('name', a.attname,
          'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
          'required', a.attnotnull AND NOT a.atthasdef AND a.attidentity = ''))
        FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
    FROM (SELECT COALESCE(${schema}, pg_catalog.current_schema()::text) AS schema) wanted
    LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = wanted.schema
    LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = ${table}
    LEFT JOIN pg_catalog.pg_class u ON u.relnamespace = n.oid AND u.relname = ${unfinished}`;
}

function checkShape(table: string, kind: string, columns: readonly Column[]): void {
  const type = (name: string) => columns.find((column) => column.name === name)?.type;
  const stranger = columns.find((column) =>
    column.required && !(column.name in TRACKER_COLUMNS) && column.name !== "version"
  );
  if (kind !== "r" && kind !== "p") throw foreignTracker(table, "it is not a table", null);
  if (type("version") === undefined) throw foreignTracker(table, "it has no column version", null);
  if (type("name") === undefined) throw foreignTracker(table, "it has no column name", ownerOf(type, columns.length));
  if (!(type("version")! in VERSION_TYPES)) {
    throw foreignTracker(table, `its column version is ${type("version")}, not an integer`, null);
  }
  if (stranger !== undefined) {
    throw foreignTracker(table, `its column ${stranger.name} is NOT NULL and has no default`, null);
  }
}

/** Whose table this looks like, by the columns that well-known tools give it. */
function ownerOf(type: (name: string) => string | undefined, columns: number): string | null {
  if (type("dirty") === "boolean") return "golang-migrate";
  if (type("inserted_at") !== undefined) return "Ecto";
  if (columns !== 1) return null;
  if (type("version") === "character varying") return "Rails";
  return type("version")!.startsWith("character varying") ? "dbmate" : null;
}

/** What the tracker says, without writing anything; a tracker that does not exist says that nothing was applied. */
export async function readTracker(session: Session, tracker: Tracker): Promise<Recorded> {
  return {
    applied: tracker.exists ? await readApplied(session, tracker) : [],
    unfinished: tracker.unfinishedExists ? await readUnfinished(session, tracker) : [],
  };
}

async function readApplied(session: Session, { tables, lacks }: Tracker): Promise<readonly AppliedRow[]> {
  const column = (name: string, expression: Sql) => lacks.includes(name) ? sql`NULL` : expression;
  const rows = await session.query(
    sql`
    SELECT version, name, ${column("applied_at", epochMs("applied_at"))} AS applied_at,
      ${column("checksum", sql`checksum`)} AS checksum
    FROM ${tables.applied}`.text,
  );
  return rows.map((row) => ({
    version: BigInt(row.version!),
    name: row.name!,
    appliedAt: row.applied_at == null ? null : new Date(Number(row.applied_at)),
    checksum: row.checksum ?? null,
  }));
}

async function readUnfinished(session: Session, { tables }: Tracker): Promise<readonly UnfinishedRow[]> {
  const rows = await session.query(
    sql`
    SELECT version, name, ${epochMs("started_at")} AS started_at, statement FROM ${tables.unfinished}`.text,
  );
  return rows.map((row) => ({
    version: BigInt(row.version!),
    name: row.name!,
    startedAt: new Date(Number(row.started_at)),
    statementsDone: Number(row.statement),
  }));
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
