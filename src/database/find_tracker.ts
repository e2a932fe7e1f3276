/** Finding the tracker, and telling it from the tables of other tools. */

import { foreignTracker, noSchema, schemaMissing, tableNameTooLong, trackerElsewhere } from "../errors.ts";
import type { Session } from "./session.ts";
import { identifier, type Sql, sql } from "./sql.ts";
import { ADDED, type TrackerTables } from "./tracker_ddl.ts";

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
  const missing = Object.keys(ADDED).filter((name) => !found.some((column) => column.name === name));
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
    column.required && !["version", "name", ...Object.keys(ADDED)].includes(column.name)
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
