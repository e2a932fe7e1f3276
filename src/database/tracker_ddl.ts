/** Everything that pgmigrate ever installs in a database. A DBA who will not let it may run this by hand. */

import { type Sql, sql } from "./sql.ts";

/** The tables, by their quoted and qualified names. */
export interface TrackerTables {
  /** What was applied. */
  readonly applied: Sql;
  /** What has begun and not ended. */
  readonly unfinished: Sql;
}

/**
 * Columns that an older table may lack, in order, as they are added to it. None has a default: when the rows that are
 * there were applied, nobody knows.
 */
export const ADDED: Readonly<Record<string, string>> = {
  applied_at: "TIMESTAMPTZ",
  checksum: "TEXT",
  duration_ms: "BIGINT",
  applied_by: "TEXT",
  source: "TEXT",
};

/** The tracker: a row for each migration that was applied. */
export function createApplied({ applied }: TrackerTables): string {
  return `CREATE TABLE ${applied} (
    version     BIGINT PRIMARY KEY,
    name        TEXT NOT NULL,
    applied_at  TIMESTAMPTZ NOT NULL DEFAULT pg_catalog.now(),
    checksum    TEXT,          -- SHA-256 of the file, hex; NULL in rows another tool wrote
    duration_ms BIGINT,        -- NULL where unknown
    applied_by  TEXT,          -- the database role
    source      TEXT           -- the file as applied; NULL above 1 MiB and in rows another tool wrote
)`;
}

/** A row for each migration that has begun and not ended, so that the tracker never claims more than was applied. */
export function createUnfinished({ unfinished }: TrackerTables): string {
  return `CREATE TABLE ${unfinished} (
    version    BIGINT PRIMARY KEY,
    name       TEXT NOT NULL,
    checksum   TEXT NOT NULL,
    source     TEXT,
    xact       XID8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
    started_at TIMESTAMPTZ NOT NULL DEFAULT pg_catalog.now(),
    statement  INTEGER NOT NULL DEFAULT 0,  -- how many statements are known to be done
    pid        INTEGER NOT NULL DEFAULT pg_catalog.pg_backend_pid()
)`;
}

/** Adds the columns that a table of an older runner lacks. */
export function addColumns({ applied }: TrackerTables, columns: readonly string[]): string {
  return `ALTER TABLE ${applied} ${columns.map((name) => `ADD COLUMN ${name} ${ADDED[name]}`).join(", ")}`;
}

/** Makes room for versions past 2^31-1 in a table of an older runner. */
export function widenVersion({ applied }: TrackerTables): Sql {
  return sql`ALTER TABLE ${applied} ALTER COLUMN version TYPE BIGINT`;
}
