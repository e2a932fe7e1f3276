/**
 * The query that reads what some statements need of a server's catalogs, as one value in JSON. It names only columns that
 * PostgreSQL 14 to 18 all have, and runs with `search_path = pg_catalog`, so that every name that the server writes into
 * an expression has its schema.
 */

import type { Named } from "../sql/named_in.ts";
import { join, type Sql, sql } from "./sql.ts";

/** What decides how names are found, before the search_path is changed. */
export const RESOLUTION_SQL = sql`
  SELECT pg_catalog.json_build_object(
    'search_path', pg_catalog.current_schemas(false),
    'time_zone', pg_catalog.current_setting('TimeZone'))::pg_catalog.text AS resolution`;

/**
 * How a relation came in: `s` it is named, or belongs to what is; `i` it is an index or a sequence of such a one; `n` a
 * foreign key ties it to one; `k` it is an index of such a neighbour; `u` a view over one; `d` what a named view reads.
 * Each says what more comes in through it. Of neighbours and views above, columns and exact sizes are left out.
 */
const ROLES = { subject: "s", part: "i", neighbour: "n", far: "k", above: "u", below: "d" } as const;

const OWN_SCHEMAS = sql`n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
  AND NOT pg_catalog.pg_is_other_temp_schema(n.oid)`;

/** @param searchPath schemas in which names without one are looked up */
export function catalogSql(named: Named, searchPath: readonly string[]): Sql {
  const { names, schemas, everything, types, cascades } = named;
  const reach = array([...searchPath, ...names, ...schemas]);
  return sql`
    WITH RECURSIVE changed (oid) AS (
      SELECT t.oid FROM pg_type t WHERE t.typname = ANY (${array(types)})
      UNION
      SELECT o.oid FROM changed h CROSS JOIN LATERAL (
        SELECT t.oid FROM pg_type t WHERE t.typbasetype = h.oid
        UNION ALL SELECT t.typarray FROM pg_type t WHERE t.oid = h.oid AND t.typarray <> 0
        UNION ALL SELECT c.reltype FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'c'
          WHERE a.atttypid = h.oid
      ) o),
    seeds (oid) AS (
      SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE (c.relname = ANY (${array(names)}) AND n.nspname = ANY (${reach})
        OR n.nspname = ANY (${array(schemas)}) OR ${everything}) AND ${OWN_SCHEMAS}
      UNION
      SELECT a.attrelid FROM pg_attribute a WHERE a.atttypid IN (SELECT h.oid FROM changed h) AND NOT a.attisdropped),
    reached (oid, role) AS (
      SELECT s.oid, ${ROLES.subject} FROM seeds s
      UNION
      SELECT e.oid, e.role FROM reached r CROSS JOIN LATERAL (${edges(cascades)}) e),
    relations AS MATERIALIZED (
      SELECT c.*, n.nspname, o.near FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN (SELECT r.oid, bool_or(r.role IN (${ROLES.subject}, ${ROLES.part}, ${ROLES.below})) AS near
        FROM reached r GROUP BY r.oid) o ON o.oid = c.oid
      WHERE ${OWN_SCHEMAS}),
    -- Functions that write an expression or measure a size open the table, and would wait for who has it all to himself.
    shut AS MATERIALIZED (
      SELECT l.relation FROM pg_locks l WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock'
        AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
        AND l.pid IS DISTINCT FROM pg_backend_pid()),
    used (oid) AS (
      SELECT t.oid FROM pg_type t WHERE t.typname = ANY (${array(names)})
      UNION
      SELECT a.atttypid FROM pg_attribute a WHERE a.attrelid IN (SELECT c.oid FROM relations c WHERE c.near)
        AND a.attnum > 0
      UNION
      SELECT o.oid FROM used u JOIN pg_type t ON t.oid = u.oid CROSS JOIN LATERAL (
        SELECT t.typbasetype AS oid WHERE t.typbasetype <> 0
        UNION ALL SELECT t.typelem WHERE t.typelem <> 0) o)
    SELECT json_build_object(
      'relations', (SELECT json_agg(r) FROM (${RELATIONS}) r),
      'columns', (SELECT json_agg(r) FROM (${COLUMNS}) r),
      'constraints', (SELECT json_agg(r) FROM (${CONSTRAINTS}) r),
      'indexes', (SELECT json_agg(r) FROM (${INDEXES}) r),
      'parents', (SELECT json_agg(r) FROM (${PARENTS}) r),
      'sources', (SELECT json_agg(r) FROM (${SOURCES}) r),
      'types', (SELECT json_agg(r) FROM (${TYPES}) r),
      'functions', (SELECT json_agg(r) FROM (${functions(names)}) r),
      'extensions', (SELECT json_agg(e.extname) FROM pg_extension e)
    )::text AS catalog`;
}

/** What comes in through a relation `r`. */
function edges(cascades: boolean): Sql {
  const { subject, part, neighbour, far, above, below } = ROLES;
  return sql`
    SELECT x.indexrelid AS oid, CASE WHEN r.role = ${neighbour} THEN ${far} ELSE ${part} END AS role FROM pg_index x
      WHERE x.indrelid = r.oid AND r.role NOT IN (${part}, ${far})
    UNION ALL SELECT x.indrelid, ${subject} FROM pg_index x WHERE x.indexrelid = r.oid AND r.role = ${subject}
    UNION ALL SELECT h.inhrelid, r.role FROM pg_inherits h
      WHERE h.inhparent = r.oid AND r.role IN (${subject}, ${neighbour}, ${below})
    UNION ALL SELECT h.inhparent, r.role FROM pg_inherits h
      WHERE h.inhrelid = r.oid AND r.role IN (${subject}, ${neighbour})
    UNION ALL SELECT k.confrelid, ${neighbour} FROM pg_constraint k
      WHERE k.conrelid = r.oid AND k.contype = 'f' AND r.role = ${subject}
    -- There is no index on pg_constraint.confrelid, but there is one on what a constraint depends on.
    UNION ALL SELECT k.conrelid, ${neighbour} FROM pg_depend d JOIN pg_constraint k ON k.oid = d.objid
      WHERE d.classid = 'pg_constraint'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = r.oid
        AND k.contype = 'f' AND k.confrelid = r.oid
        AND (r.role = ${subject} OR r.role = ${neighbour} AND (${cascades} OR k.confdeltype IN ('c', 'n', 'd')
          OR k.confupdtype IN ('c', 'n', 'd')))
    UNION ALL SELECT w.ev_class, ${above} FROM pg_depend d JOIN pg_rewrite w ON w.oid = d.objid
      WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = r.oid
        AND w.ev_type = '1' AND r.role IN (${subject}, ${above})
    UNION ALL SELECT d.refobjid, ${below} FROM pg_rewrite w JOIN pg_depend d ON d.objid = w.oid
      WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass AND w.ev_class = r.oid
        AND w.ev_type = '1' AND r.role IN (${subject}, ${below})
    UNION ALL SELECT d.objid, ${part} FROM pg_depend d JOIN pg_class q ON q.oid = d.objid AND q.relkind = 'S'
      WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = r.oid
        AND d.deptype IN ('a', 'i') AND r.role = ${subject}
    UNION ALL SELECT d.refobjid, ${part} FROM pg_class q JOIN pg_depend d ON d.objid = q.oid
      WHERE q.oid = r.oid AND q.relkind = 'S' AND d.classid = 'pg_class'::regclass AND d.objsubid = 0
        AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i') AND r.role = ${subject}`;
}

const RELATIONS = sql`
  SELECT c.oid::int8 AS oid, c.nspname AS schema, c.relname AS name, c.relkind AS kind, c.relpersistence AS persistence,
    c.relispartition AS part, c.reltuples AS rows,
    EXISTS (SELECT FROM pg_partitioned_table p WHERE p.partdefid = c.oid) AS is_default,
    CASE WHEN c.relkind IN ('r', 't', 'm', 'i') THEN
      CASE WHEN NOT c.near AND c.relpages > 0 OR EXISTS (SELECT FROM shut s WHERE s.relation IN (c.oid, c.reltoastrelid))
        THEN c.relpages::int8 * current_setting('block_size')::int8
        WHEN c.relkind = 'i' THEN pg_relation_size(c.oid) ELSE pg_table_size(c.oid) END
    END AS bytes,
    (SELECT a.attname FROM pg_depend d
      JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid AND a.attnum > 0
      WHERE c.relkind = 'S' AND d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0
        AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')) AS owner_column,
    g.partstrat AS strategy,
    CASE WHEN g.partrelid IS NOT NULL THEN
      (SELECT json_agg(a.attname ORDER BY o.place) FROM unnest(g.partattrs) WITH ORDINALITY o (number, place)
        LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = o.number AND o.number <> 0) END AS key_columns
  FROM relations c LEFT JOIN pg_partitioned_table g ON g.partrelid = c.oid`;

/** A default names no column, so that no table is needed to write it out; the expression of a generated column does. */
const COLUMNS = sql`
  SELECT a.attrelid::int8 AS relation, a.attname AS name, a.attnotnull AS not_null, a.attgenerated AS generated,
    a.attidentity <> '' AS identity, coalesce(e.oid, t.oid)::int8 AS type,
    CASE WHEN a.atttypmod >= 0 THEN format_type(coalesce(e.oid, t.oid), a.atttypmod) END AS modified,
    CASE WHEN e.oid IS NULL THEN 0 ELSE greatest(1, a.attndims) END AS dimensions,
    (SELECT l.collname FROM pg_collation l WHERE l.oid = a.attcollation AND a.attcollation <> t.typcollation) AS collation,
    CASE WHEN a.attgenerated = '' THEN pg_get_expr(f.adbin, 0)
      WHEN NOT EXISTS (SELECT FROM shut s WHERE s.relation = a.attrelid) THEN pg_get_expr(f.adbin, a.attrelid)
    END AS expression
  FROM pg_attribute a JOIN relations c ON c.oid = a.attrelid
  JOIN pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_type e ON e.oid = t.typelem AND e.typarray = t.oid
  LEFT JOIN pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum
  WHERE c.near AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'c')
  ORDER BY a.attrelid, a.attnum`;

/**
 * Where a foreign key points to a partitioned table, its table has one more row for each partition, which is not a
 * constraint that anybody made: its parent is of the same table.
 */
const CONSTRAINTS = sql`
  SELECT k.conrelid::int8 AS relation, k.conname AS name, k.contype AS kind, k.convalidated AS validated,
    (SELECT json_agg(a.attname ORDER BY o.place) FROM unnest(k.conkey) WITH ORDINALITY o (number, place)
      JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = o.number) AS columns,
    CASE WHEN c.near AND k.contype = 'c' AND NOT EXISTS (SELECT FROM shut s WHERE s.relation = k.conrelid)
      THEN pg_get_constraintdef(k.oid) END AS definition,
    NULLIF(k.confrelid, 0)::int8 AS refers,
    (SELECT json_agg(a.attname ORDER BY o.place) FROM unnest(k.confkey) WITH ORDINALITY o (number, place)
      JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = o.number) AS referred_columns,
    k.confdeltype AS on_delete, k.confupdtype AS on_update
  FROM pg_constraint k JOIN relations c ON c.oid = k.conrelid
  WHERE k.contype IN ('c', 'f', 'p', 'u', 'x', 'n') AND NOT EXISTS (
    SELECT FROM pg_constraint p WHERE p.oid = k.conparentid AND p.conrelid = k.conrelid)
  ORDER BY k.conrelid, k.conname`;

const INDEXES = sql`
  SELECT x.indexrelid::int8 AS relation, x.indrelid::int8 AS table, x.indisunique AS unique,
    x.indpred IS NOT NULL AS partial, x.indisvalid AS valid,
    (SELECT json_agg(a.attname ORDER BY o.place) FROM unnest(x.indkey) WITH ORDINALITY o (number, place)
      LEFT JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = o.number AND o.number <> 0
      WHERE o.place <= x.indnkeyatts) AS columns,
    (SELECT json_agg(a.attname ORDER BY a.attnum) FROM pg_attribute a
      WHERE a.attrelid = x.indrelid AND a.attnum > 0 AND (a.attnum = ANY (x.indkey) OR EXISTS (
        SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = x.indexrelid
          AND d.refclassid = 'pg_class'::regclass AND d.refobjid = x.indrelid AND d.refobjsubid = a.attnum))) AS uses,
    (SELECT json_agg(a.attname ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = x.indexrelid) AS column_names,
    EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = x.indexrelid AND k.conrelid = x.indrelid
      AND k.contype IN ('p', 'u', 'x')) AS constraint
  FROM pg_index x JOIN relations c ON c.oid = x.indexrelid`;

const PARENTS = sql`
  SELECT h.inhrelid::int8 AS relation, h.inhparent::int8 AS parent
  FROM pg_inherits h JOIN relations c ON c.oid = h.inhrelid ORDER BY h.inhrelid, h.inhseqno`;

/** What views read, and the tables that own sequences. */
const SOURCES = sql`
  SELECT o.relation::int8, n.nspname AS schema, s.relname AS name FROM (
    SELECT w.ev_class AS relation, d.refobjid AS source FROM relations c
      JOIN pg_rewrite w ON w.ev_class = c.oid AND w.ev_type = '1'
      JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_class'::regclass
      WHERE d.refobjid <> c.oid AND c.relkind IN ('v', 'm')
    UNION SELECT c.oid, d.refobjid FROM relations c
      JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass
      WHERE c.relkind = 'S' AND d.objsubid = 0 AND d.deptype IN ('a', 'i')) o
  JOIN pg_class s ON s.oid = o.source AND s.relkind IN ('r', 'p', 'f', 'v', 'm')
  JOIN pg_namespace n ON n.oid = s.relnamespace ORDER BY 1, 2, 3`;

const TYPES = sql`
  SELECT t.oid::int8 AS oid, n.nspname AS schema, t.typname AS name, t.typtype AS kind,
    NULLIF(coalesce(e.oid, b.oid), 0)::int8 AS base, CASE WHEN e.oid IS NULL THEN 0 ELSE greatest(1, t.typndims) END AS dimensions,
    CASE WHEN t.typtypmod >= 0 THEN format_type(coalesce(e.oid, b.oid), t.typtypmod) END AS modified,
    (SELECT l.collname FROM pg_collation l WHERE l.oid = t.typcollation AND t.typcollation <> b.typcollation) AS collation,
    t.typnotnull OR t.oid IN (SELECT k.contypid FROM pg_constraint k WHERE k.contypid <> 0) AS constrained,
    (SELECT json_agg(v.enumlabel ORDER BY v.enumsortorder) FROM pg_enum v WHERE v.enumtypid = t.oid) AS labels,
    t.typelem <> 0 AND EXISTS (SELECT FROM pg_type o WHERE o.oid = t.typelem AND o.typarray = t.oid)
      OR EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind <> 'c') AS implied
  FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
  LEFT JOIN pg_type b ON b.oid = t.typbasetype
  LEFT JOIN pg_type e ON e.oid = b.typelem AND e.typarray = b.oid
  WHERE t.oid IN (SELECT u.oid FROM used u)`;

function functions(names: readonly string[]): Sql {
  return sql`SELECT n.nspname AS schema, p.proname AS name, p.provolatile AS volatility, p.prokind AS kind,
    CASE WHEN p.prokind = 'p' AND n.nspname <> 'pg_catalog' THEN pg_get_functiondef(p.oid) END AS definition,
    (SELECT json_agg(json_build_object('schema', m.nspname, 'name', coalesce(e.typname, t.typname),
        'array', e.oid IS NOT NULL) ORDER BY o.place)
      FROM unnest(p.proargtypes) WITH ORDINALITY o (number, place) JOIN pg_type t ON t.oid = o.number
      LEFT JOIN pg_type e ON e.typarray = t.oid
      JOIN pg_namespace m ON m.oid = coalesce(e.typnamespace, t.typnamespace)) AS arguments
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.proname = ANY (${array(names)})`;
}

function array(names: readonly string[]): Sql {
  return sql`ARRAY[${join(names.map((name) => sql`${name}`), ", ")}]::name[]`;
}
