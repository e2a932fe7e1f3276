/** Reading who uses some relations, without locking anything. */

import { qualified, type QualifiedName } from "../catalog/catalog.ts";
import type { ReadCatalog } from "./read_catalog.ts";
import { shownQuery } from "./shown_query.ts";
import { ServerError, type Session } from "./session.ts";
import { identifier, join, type Sql, sql } from "./sql.ts";
import type { Activity, BusyQuery, RunningTransaction, Usage } from "./usage.ts";

/** Of those who hold a lock, and of running transactions, so many are read. */
const MOST_READ = 200;

/** Of the busiest queries, so many are looked through for those that name a relation. */
const MOST_QUERIES = 500;

/** Statements of others are cut to so many characters here; what is shown is shorter. */
const QUERY_CHARACTERS = 2_000;

/**
 * @param relations qualified names; those that the server does not have are left out
 * @throws {ServerError} @throws {SessionLost}
 */
export async function readUsage(
  session: Session,
  { catalog, oids }: ReadCatalog,
  relations: Iterable<string>,
): Promise<Usage> {
  const found = [...relations].flatMap((name) => oids.has(name) ? [[oids.get(name)!, name] as const] : []);
  const names = new Map(found);
  const [row] = await session.query(readOnly(usageSql([...names.keys()])).text);
  const usage = JSON.parse(row!.usage!) as UsageRow;
  return {
    holders: (usage.holders ?? []).map(({ relation, mode, ...row }) => ({
      relation: names.get(relation)!,
      mode,
      ...transactionOf(row),
    })),
    transactions: (usage.transactions ?? []).map(transactionOf),
    activity: new Map(
      (usage.activity ?? []).map(({ relation, ...counts }) => [names.get(relation)!, activityOf(counts)]),
    ),
    countedSince: usage.since === null ? null : new Date(usage.since),
    queries: usage.statements === null ? new Map() : await readQueries(session, {
      schema: usage.statements,
      relations: found.map(([, name]) => catalog.relations.get(name)!),
    }),
  };
}

function readOnly(select: Sql): Sql {
  return sql`BEGIN READ ONLY; SET LOCAL search_path = pg_catalog, pg_temp; SET LOCAL jit = off; ${select}; COMMIT`;
}

interface TransactionRow {
  readonly pid: number | null;
  readonly gid: string | null;
  readonly application: string | null;
  readonly role: string | null;
  readonly client: string | null;
  readonly process: string | null;
  readonly state: string | null;
  readonly since_seconds: number | null;
  readonly transaction_seconds: number | null;
  readonly query: string | null;
}

interface ActivityRow {
  readonly relation: number;
  readonly scans: number;
  readonly index_scans: number;
  readonly written: number;
}

interface UsageRow {
  readonly holders: readonly (TransactionRow & { readonly relation: number; readonly mode: string })[] | null;
  readonly transactions: readonly TransactionRow[] | null;
  readonly activity: readonly ActivityRow[] | null;
  readonly since: string | null;
  /** The schema of pg_stat_statements; null where this role cannot read it. */
  readonly statements: string | null;
}

function transactionOf(row: TransactionRow): RunningTransaction {
  const { pid, gid, application, role, client, process, state, since_seconds, transaction_seconds, query } = row;
  return {
    ...{ pid, gid, client, process, state },
    application: application || null,
    user: role,
    sinceSeconds: since_seconds === null ? null : Math.round(since_seconds),
    transactionSeconds: transaction_seconds === null ? null : Math.round(transaction_seconds),
    query: query ? shownQuery(query) : null,
  };
}

function activityOf({ scans, index_scans, written }: Omit<ActivityRow, "relation">): Activity {
  return { sequentialScans: scans, indexScans: index_scans, rowsWritten: written };
}

/** Of a session of another role without the rights of pg_read_all_stats, pid, role, database and application are known. */
const TRANSACTION = sql`
  a.application_name AS application, a.usename::text AS role, host(a.client_addr) AS client,
  NULLIF(a.backend_type, 'client backend') AS process, a.state,
  ${secondsSince(sql`CASE WHEN a.state = 'active' THEN a.query_start ELSE a.state_change END`)} AS since_seconds,
  CASE WHEN a.query <> '<insufficient privilege>' THEN "left"(a.query, ${QUERY_CHARACTERS}) END AS query`;

function usageSql(oids: readonly number[]): Sql {
  const list = sql`ARRAY[${join(oids.map((oid) => sql`${oid}`), ", ")}]::oid[]`;
  return sql`
    WITH locks AS MATERIALIZED (
      SELECT l.* FROM pg_locks l WHERE l.granted AND l.pid IS DISTINCT FROM pg_backend_pid()),
    activity AS MATERIALIZED (SELECT * FROM pg_stat_activity)
    SELECT json_build_object(
      'holders', (SELECT json_agg(h) FROM (
        SELECT l.relation::int8, l.mode, l.pid, x.gid,
          coalesce(${secondsSince(sql`a.xact_start`)}, ${secondsSince(sql`x.prepared`)}) AS transaction_seconds,
          ${TRANSACTION}
        FROM locks l LEFT JOIN activity a ON a.pid = l.pid
        LEFT JOIN locks t ON l.pid IS NULL AND t.pid IS NULL AND t.locktype = 'transactionid'
          AND t.virtualtransaction = l.virtualtransaction
        LEFT JOIN pg_prepared_xacts x ON x.transaction = t.transactionid
        WHERE l.locktype = 'relation' AND l.relation = ANY (${list})
          AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
        ORDER BY transaction_seconds DESC NULLS LAST, l.pid LIMIT ${MOST_READ}) h),
      'transactions', (SELECT json_agg(t) FROM (
        SELECT a.pid, NULL::text AS gid, ${secondsSince(sql`a.xact_start`)} AS transaction_seconds, ${TRANSACTION}
        FROM activity a
        WHERE a.datname = current_database() AND a.xact_start IS NOT NULL AND a.pid <> pg_backend_pid()
          AND a.backend_type = 'client backend'
        ORDER BY a.xact_start LIMIT ${MOST_READ}) t),
      'activity', (SELECT json_agg(c) FROM (
        SELECT o.oid::int8 AS relation, pg_stat_get_numscans(o.oid) AS scans,
          pg_stat_get_tuples_inserted(o.oid) + pg_stat_get_tuples_updated(o.oid) + pg_stat_get_tuples_deleted(o.oid) AS written,
          coalesce((SELECT sum(pg_stat_get_numscans(x.indexrelid)) FROM pg_index x WHERE x.indrelid = o.oid), 0) AS index_scans
        FROM unnest(${list}) o (oid)) c),
      'since', (SELECT pg_stat_get_db_stat_reset_time(d.oid) FROM pg_database d WHERE d.datname = current_database()),
      'statements', (SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
        WHERE e.extname = 'pg_stat_statements' AND has_schema_privilege(n.oid, 'USAGE'))
    )::text AS usage`;
}

function secondsSince(moment: Sql): Sql {
  return sql`GREATEST(0, EXTRACT(epoch FROM clock_timestamp() - ${moment}))::float8`;
}

interface StatementRow {
  readonly query: string;
  readonly calls: number;
  readonly mean: number;
}

/**
 * The queries of pg_stat_statements by the relations that their text names. The view fails where the library was not
 * loaded when the server started, or this role may not read it: then nothing is known.
 */
async function readQueries(
  session: Session,
  { schema, relations }: { readonly schema: string; readonly relations: readonly QualifiedName[] },
): Promise<ReadonlyMap<string, readonly BusyQuery[]>> {
  if (relations.length === 0) return new Map();
  const patterns = join(relations.map(({ name }) => sql`${`%${name.replace(/[\\%_]/g, "\\$&")}%`}`), ", ");
  const select = sql`
    SELECT json_agg(s)::text AS queries FROM (
      SELECT "left"(s.query, ${QUERY_CHARACTERS}) AS query, s.calls, s.mean_exec_time AS mean
      FROM ${identifier(schema)}.pg_stat_statements s
      WHERE s.dbid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
        AND s.query ILIKE ANY (ARRAY[${patterns}]) AND s.query ~* '^[[:space:]]*(select|insert|update|delete|merge|with|copy)[^[:alnum:]_]'
      ORDER BY s.calls DESC LIMIT ${MOST_QUERIES}) s`;
  const rows = await session.query(readOnly(select).text).catch(async (error) => {
    if (!(error instanceof ServerError)) throw error;
    await session.query("ROLLBACK");
    return [];
  });
  const statements = JSON.parse(rows[0]?.queries ?? "[]") as readonly StatementRow[];
  return new Map(relations.map((relation) => {
    const names = namesRelation(relation);
    const those = statements.filter(({ query }) => names.test(query));
    return [
      qualified(relation),
      those.map(({ query, calls, mean }) => ({ query: shownQuery(query), calls, meanMs: mean })),
    ];
  }));
}

/** Behind a word that a table's name follows; a column may have the same name. */
export function namesRelation({ schema, name }: QualifiedName): RegExp {
  const [inSchema, bare] = [schema, name].map((text) => `"?${text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}"?`);
  return new RegExp(
    `\\b(?:from|join|into|update|only|using|copy)\\s+(?:${inSchema}\\s*\\.\\s*)?${bare}(?![\\w$"])`,
    "i",
  );
}
