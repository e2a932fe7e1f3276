/** What a session can see of its own transaction: the locks it holds, the files of relations, the scans it has begun. */

import type { Session } from "./session.ts";
import { EQUALS, join, type Sql, sql } from "./sql.ts";

/** A relation as `pg_class` has it. Catalogs and TOAST tables are none here. */
export interface SeenRelation {
  /** Its OID, by which it stays the same one whatever its name is. */
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  /** `pg_class.relkind`: r table, p partitioned table, i index, I partitioned index, m materialized view, S sequence, … */
  readonly kind: string;
  /** The file that holds its rows; null for one without rows of its own. */
  readonly filenode: string | null;
  /** Sequential scans of it that were begun, by {@link Counted}. */
  readonly scans: number;
  /** Rows of it that were inserted, updated or deleted, by {@link Counted}. */
  readonly written: number;
}

/** A lock that is held. */
export interface HeldRelation {
  readonly oid: string;
  /** As `pg_locks.mode` spells it. */
  readonly mode: string;
}

export interface Snapshot {
  /** By OID. */
  readonly relations: ReadonlyMap<string, SeenRelation>;
  /** Locks of the session on relations of this database, catalogs too, in no order. */
  readonly locks: readonly HeldRelation[];
  /** Catalogs of the whole server that the transaction has written to: `pg_authid` for a CREATE ROLE. */
  readonly shared: readonly string[];
  /** `client_min_messages`. */
  readonly messages: string;
}

/** Every object with an owner has a row in the first of them; of the others comments and labels alone are kept. */
const HARMLESS_SHARED = ["pg_shdepend", "pg_shdescription", "pg_shseclabel"];

/** Modes that a transaction takes only to write. */
const WRITES = ["RowExclusiveLock", "ShareUpdateExclusiveLock", "ShareRowExclusiveLock", "AccessExclusiveLock"];

function list(names: readonly string[]): Sql {
  return sql`ARRAY[${join(names.map((name) => sql`${name}`), ", ")}]`;
}

interface SnapshotRow {
  readonly relations: readonly (readonly [string, string, string, string, string | null, number, number])[] | null;
  readonly locks: readonly (readonly [string, string])[] | null;
  readonly shared: readonly string[] | null;
  readonly messages: string;
}

/**
 * Whose work the counters count. `transaction`: that of the transaction that is open. `database`: that of all that there
 * ever were, for one that commits on its way; what the session has not yet handed over to the others is in it.
 */
export type Counted = "transaction" | "database";

const OWN = {
  scans: sql`pg_catalog.pg_stat_get_xact_numscans(c.oid)`,
  written: sql`pg_catalog.pg_stat_get_xact_tuples_inserted(c.oid)
    OPERATOR(pg_catalog.+) pg_catalog.pg_stat_get_xact_tuples_updated(c.oid)
    OPERATOR(pg_catalog.+) pg_catalog.pg_stat_get_xact_tuples_deleted(c.oid)`,
};

const HANDED_OVER = {
  scans: sql`pg_catalog.pg_stat_get_numscans(c.oid)`,
  written: sql`pg_catalog.pg_stat_get_tuples_inserted(c.oid)
    OPERATOR(pg_catalog.+) pg_catalog.pg_stat_get_tuples_updated(c.oid)
    OPERATOR(pg_catalog.+) pg_catalog.pg_stat_get_tuples_deleted(c.oid)`,
};

const COUNTERS: Readonly<Record<Counted, typeof OWN>> = {
  transaction: OWN,
  database: {
    scans: sql`${OWN.scans} OPERATOR(pg_catalog.+) ${HANDED_OVER.scans}`,
    written: sql`${OWN.written} OPERATOR(pg_catalog.+) ${HANDED_OVER.written}`,
  },
};

/** It runs between the statements of a file, under whatever search_path that has set. It locks catalogs alone. */
const snapshot = ({ scans, written }: typeof OWN): Sql =>
  sql`
  SELECT pg_catalog.json_build_object(
    'relations', (
      SELECT pg_catalog.json_agg(pg_catalog.json_build_array(c.oid::pg_catalog.text, n.nspname, c.relname, c.relkind,
        pg_catalog.pg_relation_filenode(c.oid)::pg_catalog.text, ${scans}, ${written}))
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid ${EQUALS} c.relnamespace
      WHERE NOT (n.nspname ${EQUALS} ANY (ARRAY['pg_catalog', 'information_schema']::pg_catalog.name[]))
        AND NOT pg_catalog.starts_with(n.nspname::pg_catalog.text, 'pg_toast')),
    'locks', (
      SELECT pg_catalog.json_agg(pg_catalog.json_build_array(l.relation::pg_catalog.text, l.mode))
      FROM pg_catalog.pg_locks l
      WHERE l.pid ${EQUALS} pg_catalog.pg_backend_pid() AND l.locktype ${EQUALS} 'relation' AND l.granted
        AND l.database ${EQUALS} (
          SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname ${EQUALS} pg_catalog.current_database())),
    'shared', (
      SELECT pg_catalog.json_agg(DISTINCT c.relname) FROM pg_catalog.pg_locks l
      JOIN pg_catalog.pg_class c ON c.oid ${EQUALS} l.relation AND c.relkind ${EQUALS} 'r'::pg_catalog."char"
      WHERE l.pid ${EQUALS} pg_catalog.pg_backend_pid() AND l.locktype ${EQUALS} 'relation' AND l.granted
        AND l.database ${EQUALS} 0::pg_catalog.oid AND l.mode ${EQUALS} ANY (${list(WRITES)})
        AND NOT (c.relname::pg_catalog.text ${EQUALS} ANY (${list(HARMLESS_SHARED)}))),
    'messages', pg_catalog.current_setting('client_min_messages')
  )::pg_catalog.text AS snapshot`;

/** Before 15, a process collects the counters of all sessions, and shows them up to half a second late. */
const STATISTICS_SHARED = 150_000;
const COLLECTOR_MS = 750;

/** @throws {ServerError} @throws {SessionLost} */
export async function readSnapshot(session: Session, counted: Counted = "transaction"): Promise<Snapshot> {
  if (counted === "database" && session.facts.versionNumber < STATISTICS_SHARED) await pause(COLLECTOR_MS);
  const [row] = await session.query(snapshot(COUNTERS[counted]).text);
  const { relations, locks, shared, messages } = JSON.parse(row!.snapshot!) as SnapshotRow;
  const seen = (relations ?? []).map(([oid, schema, name, kind, filenode, scans, written]) => ({
    oid,
    schema,
    name,
    kind,
    filenode,
    scans,
    written,
  }));
  return {
    relations: new Map(seen.map((relation) => [relation.oid, relation])),
    locks: (locks ?? []).map(([oid, mode]) => ({ oid, mode })),
    shared: shared ?? [],
    messages,
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const INSERT_POSITION = sql`
  SELECT pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_insert_lsn(), '0/0'::pg_catalog.pg_lsn) AS bytes`;

/** How many bytes of write-ahead log the server has written in its life, of all its databases together. */
export async function walPosition(session: Session): Promise<bigint> {
  const [row] = await session.query(INSERT_POSITION.text);
  return BigInt(row!.bytes!);
}
