/** Finding the tracker, and telling it from the tables of other tools. */

import {
  foreignTracker,
  noSchema,
  rowsHidden,
  schemaMissing,
  tableNameTooLong,
  trackerElsewhere,
} from "../errors/tracker.ts";
import type { Session } from "./session.ts";
import { EQUALS, identifier, type Sql, sql } from "./sql.ts";
import { ADDED, ADDED_UNFINISHED, type TrackerTables } from "./tracker_ddl.ts";

/** A tracker that was looked for. What exists of it is part of the value. */
export interface Tracker {
  readonly schema: string;
  readonly table: string;
  readonly tables: TrackerTables;
  readonly exists: boolean;
  readonly unfinishedExists: boolean;
  /** Columns that the table of unfinished migrations lacks. */
  readonly unfinishedLacks: readonly string[];
  /** Columns that the table lacks, in order. */
  readonly lacks: readonly string[];
  /** The largest version that the table can hold. */
  readonly maxVersion: bigint;
  /** An owner of the tables who could have code run as the role that writes to them; null where there is none. */
  readonly stranger: { readonly owner: string; readonly writer: string } | null;
}

/** `pg_class.relkind` of an ordinary and of a partitioned table. */
const TABLE_KINDS: readonly string[] = ["r", "p"];

const NO_TABLE = "it is not a table";

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
  const { schema, schema_exists, kind, columns, unfinished_kind, filtered, stranger, me } = row!;
  if (schema === null || schema === undefined) throw noSchema();
  const others = JSON.parse(row!.elsewhere ?? "[]") as string[];
  if (wanted.schema === null && kind === null && others.length > 0) throw trackerElsewhere(schema, others, wanted.name);
  if (schema_exists !== "t") throw schemaMissing(schema);
  const found = JSON.parse(columns ?? "[]") as Column[];
  if (kind !== null && kind !== undefined) checkShape(`${schema}.${wanted.name}`, kind, found);
  if (unfinished_kind != null && !TABLE_KINDS.includes(unfinished_kind)) {
    throw foreignTracker(`${schema}.${unfinished}`, NO_TABLE, null);
  }
  if (filtered != null) throw rowsHidden(`${schema}.${filtered}`, me!);
  const unfinishedColumns = JSON.parse(row!.unfinished_columns ?? "[]") as string[];
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
    unfinishedExists: unfinished_kind != null,
    unfinishedLacks: unfinished_kind == null
      ? []
      : Object.keys(ADDED_UNFINISHED).filter((name) => !unfinishedColumns.includes(name)),
    lacks: kind === null ? [] : missing,
    maxVersion: VERSION_TYPES[versionType]!,
    stranger: stranger == null ? null : { owner: stranger, writer: me! },
  };
}

function lookFor(schema: string | null, table: string, unfinished: string): Sql {
  return sql`
    SELECT wanted.schema, n.oid IS NOT NULL AS schema_exists, c.relkind AS kind, u.relkind AS unfinished_kind,
      (SELECT pg_catalog.json_agg(o.nspname) FROM pg_catalog.pg_namespace o
        JOIN pg_catalog.pg_class t ON t.relnamespace ${EQUALS} o.oid AND t.relname ${EQUALS} ${table}
          AND t.relkind ${EQUALS} ANY (ARRAY['r', 'p']::pg_catalog."char"[])
        WHERE o.nspname ${EQUALS} ANY (pg_catalog.current_schemas(false))
          AND NOT o.nspname::pg_catalog.text ${EQUALS} wanted.schema) AS elsewhere,
      (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('name', a.attname,
          'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
          'required', a.attnotnull AND NOT a.atthasdef AND a.attidentity ${EQUALS} ''))
        FROM pg_catalog.pg_attribute a
        WHERE a.attrelid ${EQUALS} c.oid AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped) AS columns,
      (SELECT pg_catalog.json_agg(a.attname) FROM pg_catalog.pg_attribute a
        WHERE a.attrelid ${EQUALS} u.oid AND NOT a.attisdropped) AS unfinished_columns,
      CASE WHEN pg_catalog.row_security_active(c.oid) THEN c.relname
        WHEN pg_catalog.row_security_active(u.oid) THEN u.relname END AS filtered,
      ${ownedByStranger} AS stranger, CURRENT_USER AS me
    FROM (SELECT COALESCE(${schema}, pg_catalog.current_schema()::pg_catalog.text) AS schema) wanted
    LEFT JOIN pg_catalog.pg_namespace n ON n.nspname::pg_catalog.text ${EQUALS} wanted.schema
    LEFT JOIN pg_catalog.pg_class c ON c.relnamespace ${EQUALS} n.oid AND c.relname ${EQUALS} ${table}
    LEFT JOIN pg_catalog.pg_class u ON u.relnamespace ${EQUALS} n.oid AND u.relname ${EQUALS} ${unfinished}`;
}

/**
 * The owner of one of the tables who is nobody to trust. Whoever owns a table can have code run as those who write to it
 * (triggers, defaults, checks); this one can do nothing else that would come to the same: is no superuser, owns neither
 * database nor schema, and is no role that ours is a member of.
 */
const ownedByStranger = sql`
  (SELECT o.rolname FROM pg_catalog.pg_roles o, pg_catalog.pg_roles me, pg_catalog.pg_database d
    WHERE o.oid ${EQUALS} ANY (ARRAY[c.relowner, u.relowner]) AND me.rolname ${EQUALS} CURRENT_USER
      AND d.datname ${EQUALS} pg_catalog.current_database()
      AND NOT (o.rolsuper OR o.oid ${EQUALS} n.nspowner OR o.oid ${EQUALS} d.datdba OR o.oid ${EQUALS} me.oid
        OR o.rolname ${EQUALS} SESSION_USER
        OR NOT me.rolsuper AND pg_catalog.pg_has_role(o.oid, 'MEMBER'))
    LIMIT 1)`;

function checkShape(table: string, kind: string, columns: readonly Column[]): void {
  const type = (name: string) => columns.find((column) => column.name === name)?.type;
  const stranger = columns.find((column) =>
    column.required && !["version", "name", ...Object.keys(ADDED)].includes(column.name)
  );
  if (!TABLE_KINDS.includes(kind)) throw foreignTracker(table, NO_TABLE, null);
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
