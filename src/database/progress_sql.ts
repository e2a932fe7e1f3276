/** How far a statement is, from the views that PostgreSQL keeps of the long ones (documentation, "Progress Reporting"). */

import { type Sql, sql } from "./sql.ts";

/**
 * At most one row: `command`, `phase`, `done` of `total` in whatever the phase counts (blocks, rows, lockers, bytes), and
 * `rows` of a COPY. The counters of a phase keep standing in the next one, so each phase has its own named here; where
 * there is none, `total` is 0.
 */
export function progressOf(pid: Sql): Sql {
  return sql`${CREATE_INDEX} WHERE pid = ${pid} UNION ALL ${COPY} WHERE pid = ${pid}
    UNION ALL ${VACUUM} WHERE pid = ${pid} UNION ALL ${CLUSTER} WHERE pid = ${pid}
    UNION ALL ${ANALYZE} WHERE pid = ${pid}`;
}

const CREATE_INDEX = sql`
  SELECT command, phase, NULL::pg_catalog.int8 AS rows,
    CASE WHEN phase LIKE 'waiting %' THEN lockers_done WHEN phase LIKE '%loading tuples%' THEN tuples_done
      ELSE blocks_done END AS done,
    CASE WHEN phase LIKE 'waiting %' THEN lockers_total WHEN phase LIKE '%loading tuples%' THEN tuples_total
      WHEN phase LIKE '%scanning%' OR phase = 'building index' THEN blocks_total ELSE 0 END AS total
  FROM pg_catalog.pg_stat_progress_create_index`;

/** Of a COPY from its client the server does not know the size. */
const COPY = sql`
  SELECT command, 'copying rows', tuples_processed, bytes_processed, bytes_total
  FROM pg_catalog.pg_stat_progress_copy`;

const VACUUM = sql`
  SELECT 'VACUUM', phase, NULL,
    CASE WHEN phase = 'vacuuming heap' THEN heap_blks_vacuumed ELSE heap_blks_scanned END,
    CASE WHEN phase IN ('scanning heap', 'vacuuming heap') THEN heap_blks_total ELSE 0 END
  FROM pg_catalog.pg_stat_progress_vacuum`;

const CLUSTER = sql`
  SELECT command, phase, NULL,
    CASE WHEN phase = 'writing new heap' THEN heap_tuples_written ELSE heap_blks_scanned END,
    CASE phase WHEN 'seq scanning heap' THEN heap_blks_total WHEN 'writing new heap' THEN heap_tuples_scanned ELSE 0 END
  FROM pg_catalog.pg_stat_progress_cluster`;

const ANALYZE = sql`
  SELECT 'ANALYZE', phase, NULL,
    CASE WHEN phase = 'computing extended statistics' THEN ext_stats_computed ELSE sample_blks_scanned END,
    CASE WHEN phase LIKE 'acquiring %' THEN sample_blks_total WHEN phase = 'computing extended statistics'
      THEN ext_stats_total ELSE 0 END
  FROM pg_catalog.pg_stat_progress_analyze`;
