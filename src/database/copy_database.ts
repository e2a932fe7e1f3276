/** Copying a database on its own server, and what keeps it from being copied. */

import { qualified } from "../catalog/catalog.ts";
import type { Blocker } from "../events.ts";
import { shownQuery } from "./shown_query.ts";
import type { Session } from "./session.ts";
import { EQUALS, identifier, sql } from "./sql.ts";

/** The database that a session is in, as far as a copy of it needs to know. */
export interface CopySource {
  readonly name: string;
  /** Bytes on disk; null where the role may not know. */
  readonly bytes: number | null;
  /**
   * What was set for this database alone (ALTER DATABASE … SET), by name. It is not copied with it, and a search_path
   * decides what every name in a migration means.
   */
  readonly settings: Readonly<Record<string, string>>;
}

export async function readCopySource(session: Session): Promise<CopySource> {
  const [row] = await session.query(
    sql`SELECT pg_catalog.current_database() AS name,
      CASE WHEN pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CONNECT')
        THEN pg_catalog.pg_database_size(pg_catalog.current_database()) END AS bytes,
      (SELECT pg_catalog.json_object_agg(s.name, s.reset_val) FROM pg_catalog.pg_settings s
        WHERE s.source ${EQUALS} ANY (ARRAY['database', 'database user'])
          AND (s.context ${EQUALS} 'user' OR s.context ${EQUALS} 'superuser'
            AND (SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname ${EQUALS} SESSION_USER))) AS settings`
      .text,
  );
  const { name, bytes, settings } = row!;
  return {
    name: name!,
    bytes: bytes === null || bytes === undefined ? null : Number(bytes),
    settings: JSON.parse(settings ?? "{}") as Record<string, string>,
  };
}

/** Statements of others are cut to so many characters here; what is shown is shorter. */
const QUERY_CHARACTERS = 2_000;

interface UserRow {
  readonly pid: number | null;
  readonly gid: string | null;
  readonly application: string | null;
  readonly role: string | null;
  readonly client: string | null;
  readonly process: string | null;
  readonly state: string | null;
  readonly since_seconds: number | null;
  readonly query: string | null;
}

/**
 * Who keeps a database from being copied: sessions in it, but for autovacuum's, which the server ends, and prepared
 * transactions.
 *
 * @param own process ids that are not told, since they are about to end
 */
export async function usersOf(
  session: Session,
  { database, own }: { readonly database: string; readonly own: readonly number[] },
): Promise<readonly Blocker[]> {
  const [row] = await session.query(
    sql`SELECT (SELECT pg_catalog.json_agg(pg_catalog.row_to_json(u)) FROM (
      SELECT a.pid, NULL::pg_catalog.text AS gid, a.application_name AS application,
        a.usename::pg_catalog.text AS role, pg_catalog.host(a.client_addr) AS client,
        NULLIF(a.backend_type, 'client backend') AS process, a.state,
        EXTRACT(epoch FROM pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) a.state_change) AS since_seconds,
        CASE WHEN a.state ${EQUALS} 'active' THEN pg_catalog."left"(a.query, ${QUERY_CHARACTERS}) END AS query
      FROM pg_catalog.pg_stat_activity a
      WHERE a.datname::pg_catalog.text ${EQUALS} ${database}
        AND COALESCE(NOT a.backend_type ${EQUALS} 'autovacuum worker', true)
        AND NOT a.pid ${EQUALS} ANY (${`{${own.join(",")}}`}::pg_catalog.int4[])
      UNION ALL
      SELECT NULL, x.gid, NULL, x.owner::pg_catalog.text, NULL, NULL, NULL,
        EXTRACT(epoch FROM pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) x.prepared), NULL
      FROM pg_catalog.pg_prepared_xacts x WHERE x.database::pg_catalog.text ${EQUALS} ${database}) u)
      ::pg_catalog.text AS users`.text,
  );
  return (JSON.parse(row!.users ?? "[]") as readonly UserRow[]).map((user) => ({
    pid: user.pid,
    gid: user.gid,
    application: user.application || null,
    user: user.role,
    client: user.client,
    process: user.process,
    state: user.state,
    sinceSeconds: user.since_seconds === null ? null : Math.max(0, Math.round(user.since_seconds)),
    query: user.query ? shownQuery(user.query) : null,
    holds: true,
    waitsFor: null,
  }));
}

/** @throws {ServerError} object_in_use where somebody is connected to it */
export async function copyDatabase(
  session: Session,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<void> {
  await session.run(sql`CREATE DATABASE ${identifier(to)} TEMPLATE ${identifier(from)}`.text);
}

/** Tells whoever lists the databases of the server (`\l+` in psql) what this one is. */
export async function describeDatabase(session: Session, { name, is }: { readonly name: string; readonly is: string }) {
  await session.run(sql`COMMENT ON DATABASE ${identifier(name)} IS ${is}`.text);
}

/** The names of databases that begin so and in which nobody is. */
export async function idleDatabases(session: Session, prefix: string): Promise<readonly string[]> {
  const rows = await session.query(
    sql`SELECT d.datname AS name FROM pg_catalog.pg_database d
      WHERE pg_catalog.starts_with(d.datname::pg_catalog.text, ${prefix}) AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_stat_activity a WHERE a.datid ${EQUALS} d.oid)`.text,
  );
  return rows.map(({ name }) => name!);
}

/** The last values of all sequences, by qualified name; without those that were never used. */
export async function sequenceValues(session: Session): Promise<ReadonlyMap<string, string>> {
  const rows = await session.query(
    sql`SELECT s.schemaname AS schema, s.sequencename AS name, s.last_value FROM pg_catalog.pg_sequences s
      WHERE s.last_value IS NOT NULL`.text,
  );
  return new Map(rows.map(({ schema, name, last_value }) => [
    qualified({ schema: schema!, name: name! }),
    last_value!,
  ]));
}
