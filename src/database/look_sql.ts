/**
 * The query that finds out what a backend waits for and how far it is, as one value in JSON. It names only columns that
 * PostgreSQL 14 to 18 all have.
 */

import { progressOf } from "./progress_sql.ts";
import { identifier, join, type Sql, sql } from "./sql.ts";

/** Of the sessions that a backend waits for, so many are listed. */
const MOST_BLOCKERS = 10;

/** Of the sessions that one of these waits for in its turn, so many are. */
const MOST_BEHIND = 2;

/** M waits for A, who waits for B, who waits for C. */
const DEEPEST = 3;

/**
 * A backend that has had nothing to do for so long has answered, whether or not its client has heard of it. Of one whose
 * state may not be seen nothing is known.
 */
const SILENT_SECONDS = 5;

/** Statements of others are cut to so many characters here; what is shown is shorter. */
const QUERY_CHARACTERS = 2_000;

/** What makes a row `h` and a row `w` of pg_locks be about one thing. */
const SAME_THING = join(
  [
    "locktype",
    "database",
    "relation",
    "page",
    "tuple",
    "virtualxid",
    "transactionid",
    "classid",
    "objid",
    "objsubid",
  ].map((column) => sql`h.${identifier(column)} IS NOT DISTINCT FROM w.${identifier(column)}`),
  " AND ",
);

/**
 * A backend of this database: its process id, or what the statement that it runs begins with, where a pooler lets nobody
 * know its process id before.
 */
export type Backend = number | string;

/** @param backend is looked at */
export function lookSql(backend: Backend): Sql {
  const pid = sql`(SELECT m.pid FROM migration m)`;
  return sql`
    WITH RECURSIVE migration AS MATERIALIZED (${pidOf(backend)}),
    locks AS MATERIALIZED (SELECT * FROM pg_catalog.pg_locks),
    activity AS MATERIALIZED (SELECT * FROM pg_catalog.pg_stat_activity),
    waiting AS MATERIALIZED (
      SELECT DISTINCT ON (l.pid) l.* FROM locks l WHERE NOT l.granted AND l.pid IS NOT NULL ORDER BY l.pid),
    edges AS (
      SELECT w.pid AS waiter, 1 AS depth, b.* FROM waiting w CROSS JOIN LATERAL ${blockers(MOST_BLOCKERS)} b
      WHERE w.pid = ${pid}
      UNION ALL
      SELECT w.pid, e.depth + 1, b.* FROM edges e JOIN waiting w ON w.pid = e.pid
      CROSS JOIN LATERAL ${blockers(MOST_BEHIND)} b
      WHERE e.depth < ${DEEPEST})
    SELECT pg_catalog.json_build_object(
      'pid', ${pid},
      'waits', (SELECT pg_catalog.json_agg(pg_catalog.row_to_json(w)) FROM (${waits(pid)}) w),
      'blockers', (SELECT pg_catalog.json_agg(pg_catalog.row_to_json(b) ORDER BY b.depth, b.place, b.gid)
        FROM (${SESSIONS} UNION ALL ${PREPARED_TRANSACTIONS}) b),
      'standby', EXISTS (SELECT FROM activity a WHERE a.pid = ${pid} AND a.wait_event = 'SyncRep'),
      'silent', ${pid} IS NOT NULL AND NOT EXISTS (SELECT FROM activity a WHERE a.pid = ${pid}
        AND (pg_catalog.starts_with(a.state, 'idle')
          AND a.state_change < pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => ${SILENT_SECONDS})
        ) IS NOT TRUE),
      'in_the_way', EXISTS (
        SELECT FROM locks o JOIN waiting w ON w.locktype = o.locktype AND w.virtualxid = o.virtualxid
        WHERE o.locktype = 'virtualxid' AND o.granted AND o.pid = pg_catalog.pg_backend_pid()),
      'progress', (SELECT pg_catalog.row_to_json(p) FROM (${progressOf(pid)}) p LIMIT 1)
    )::pg_catalog.text AS look`;
}

function pidOf(backend: Backend): Sql {
  if (typeof backend === "number") return sql`SELECT ${backend}::pg_catalog.int4 AS pid`;
  return sql`SELECT a.pid FROM pg_catalog.pg_stat_activity a
    WHERE pg_catalog.starts_with(a.query, ${backend}) AND a.state <> 'idle' LIMIT 1`;
}

/**
 * Those for whom `w` waits: first who holds what it waits for, oldest transaction first, then who waits for it too, ahead
 * in the queue. For a prepared transaction pg_blocking_pids() gives 0, and pg_locks has no pid.
 */
function blockers(most: number): Sql {
  return sql`(
    SELECT u.pid, u.holds, pg_catalog.row_number() OVER ordered AS place, pg_catalog.count(*) OVER () AS total
    FROM (
      SELECT DISTINCT p.pid, EXISTS (
        SELECT FROM locks h WHERE h.granted AND COALESCE(h.pid, 0) = p.pid AND ${SAME_THING}) AS holds
      FROM pg_catalog.unnest(pg_catalog.pg_blocking_pids(w.pid)) AS p (pid)
    ) u LEFT JOIN activity a ON a.pid = u.pid
    WINDOW ordered AS (ORDER BY u.holds DESC, a.xact_start NULLS LAST, u.pid)
    ORDER BY place LIMIT ${most})`;
}

/** What the backend waits for, and what those wait for that it waits for. */
function waits(pid: Sql): Sql {
  return sql`
    SELECT w.pid, w.locktype, w.mode, w.relation::pg_catalog.text AS oid, w.transactionid::pg_catalog.text AS transaction,
      (SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname)
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.oid = COALESCE(w.relation, CASE WHEN w.classid = 'pg_catalog.pg_class'::pg_catalog.regclass THEN w.objid END)
          AND w.database IN (0, (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()))
      ) AS relation,
      CASE WHEN w.locktype = 'object' THEN w.classid::pg_catalog.regclass::pg_catalog.text END AS catalog,
      CASE WHEN w.locktype <> 'advisory' THEN NULL
        WHEN w.objsubid = 1 THEN ((w.classid::pg_catalog.int8 << 32) | w.objid::pg_catalog.int8)::pg_catalog.text
        ELSE w.classid::pg_catalog.text || ', ' || w.objid::pg_catalog.text END AS key,
      ${secondsSince(sql`w.waitstart`)} AS waited_seconds
    FROM waiting w WHERE w.pid = ${pid} OR w.pid IN (SELECT e.pid FROM edges e)`;
}

/**
 * What is told of the session of a row `a` of pg_stat_activity, besides its pid. Of a session of another role without the
 * rights of pg_read_all_stats, pid, role, database and application are known. The search_path must be pg_catalog.
 */
export const ofSession = sql`NULL::pg_catalog.text AS gid,
    a.application_name AS application, a.usename::pg_catalog.text AS role, pg_catalog.host(a.client_addr) AS client,
    NULLIF(a.backend_type, 'client backend') AS process, a.state,
    ${secondsSince(sql`CASE WHEN a.state = 'active' THEN a.query_start ELSE a.state_change END`)} AS since_seconds,
    CASE WHEN a.query <> '<insufficient privilege>' THEN pg_catalog."left"(a.query, ${QUERY_CHARACTERS}) END AS query`;

/** The same of the prepared transaction of a row `x` of pg_prepared_xacts. */
export const ofPreparedTransaction = sql`x.gid, NULL, x.owner::pg_catalog.text, NULL, NULL, NULL, ${
  secondsSince(sql`x.prepared`)
}, NULL`;

const SESSIONS = sql`
  SELECT e.waiter, e.depth, e.place, e.total, e.holds, e.pid, ${ofSession}
  FROM edges e LEFT JOIN activity a ON a.pid = e.pid WHERE e.pid <> 0`;

/** Found by the lock on its own transaction id, which every prepared transaction holds. */
const PREPARED_TRANSACTIONS = sql`
  SELECT e.waiter, e.depth, e.place, e.total, true, NULL, ${ofPreparedTransaction}
  FROM edges e JOIN waiting w ON w.pid = e.waiter
  JOIN locks h ON h.granted AND h.pid IS NULL AND ${SAME_THING}
  JOIN locks t ON t.locktype = 'transactionid' AND t.pid IS NULL AND t.virtualtransaction = h.virtualtransaction
  JOIN pg_catalog.pg_prepared_xacts x ON x.transaction = t.transactionid
  WHERE e.pid = 0`;

function secondsSince(moment: Sql): Sql {
  return sql`GREATEST(0, EXTRACT(epoch FROM pg_catalog.clock_timestamp() - ${moment}))::pg_catalog.float8`;
}
