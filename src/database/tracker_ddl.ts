/** Everything that pgmigrate ever installs in a database. A DBA who will not let it may run this by hand. */

import { join, type Sql, sql } from "./sql.ts";

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
export const ADDED: Readonly<Record<string, Sql>> = {
  applied_at: sql`ADD COLUMN applied_at TIMESTAMPTZ`,
  checksum: sql`ADD COLUMN checksum TEXT`,
  duration_ms: sql`ADD COLUMN duration_ms BIGINT`,
  applied_by: sql`ADD COLUMN applied_by TEXT`,
  source: sql`ADD COLUMN source TEXT`,
};

/** Columns that an older table of unfinished migrations may lack, as they are made and added. */
export const ADDED_UNFINISHED: Readonly<Record<string, Sql>> = {
  statements: sql`ADD COLUMN statements INTEGER`,
  sent: sql`ADD COLUMN sent INTEGER`,
  failure: sql`ADD COLUMN failure TEXT`,
  attempt: sql`ADD COLUMN attempt INTEGER NOT NULL DEFAULT 1`,
  attempt_at: sql`ADD COLUMN attempt_at TIMESTAMPTZ NOT NULL DEFAULT pg_catalog.now()`,
  applied_by: sql`ADD COLUMN applied_by TEXT NOT NULL DEFAULT SESSION_USER`,
};

/** The tracker: a row for each migration that was applied. */
export function createApplied({ applied }: TrackerTables): string {
  return sql`CREATE TABLE ${applied} (
    version     BIGINT PRIMARY KEY,
    name        TEXT NOT NULL,
    applied_at  TIMESTAMPTZ NOT NULL DEFAULT pg_catalog.now(),
    checksum    TEXT,          -- SHA-256 of the file, hex; NULL in rows another tool wrote
    duration_ms BIGINT,        -- NULL where unknown
    applied_by  TEXT,          -- the database role
    source      TEXT           -- the file as applied; NULL above 1 MiB and in rows another tool wrote
)`.text;
}

/** A row for each migration that has begun and not ended, so that the tracker never claims more than was applied. */
export function createUnfinished({ unfinished }: TrackerTables): string {
  return sql`CREATE TABLE ${unfinished} (
    version    BIGINT PRIMARY KEY,
    name       TEXT NOT NULL,
    checksum   TEXT NOT NULL,
    source     TEXT,                        -- the file as it was begun; NULL above 1 MiB
    xact       XID8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
    started_at TIMESTAMPTZ NOT NULL DEFAULT pg_catalog.now(),
    applied_by TEXT NOT NULL DEFAULT SESSION_USER,
    statement  INTEGER NOT NULL DEFAULT 0,  -- how many statements are known to be done
    statements INTEGER,                     -- how many there are; NULL in a transaction, and where it was not parsed
    sent       INTEGER,                     -- the one that runs outside a transaction, or was running when it stopped
    failure    TEXT,                        -- what stopped it; NULL where nobody could tell
    attempt    INTEGER NOT NULL DEFAULT 1,
    attempt_at TIMESTAMPTZ NOT NULL DEFAULT pg_catalog.now(),
    pid        INTEGER DEFAULT pg_catalog.pg_backend_pid()  -- of the backend that runs it; NULL behind a pooler
)`.text;
}

/** Adds the columns that a table of an older runner lacks. */
export function addColumns({ applied }: TrackerTables, columns: readonly string[]): string {
  return sql`ALTER TABLE ${applied} ${join(columns.map((name) => ADDED[name]!), ", ")}`.text;
}

/** Adds the columns that an older table of unfinished migrations lacks. */
export function addUnfinishedColumns({ unfinished }: TrackerTables, columns: readonly string[]): string {
  const added = columns.map((name) => ADDED_UNFINISHED[name]!);
  return sql`ALTER TABLE ${unfinished} ${join([...added, sql`ALTER COLUMN pid DROP NOT NULL`], ", ")}`.text;
}

/** Makes room for versions past 2^31-1 in a table of an older runner. */
export function widenVersion({ applied }: TrackerTables): Sql {
  return sql`ALTER TABLE ${applied} ALTER COLUMN version TYPE BIGINT`;
}
