/** What is there of the indexes that a file builds, rebuilds or drops CONCURRENTLY. */

import type { IndexBuild, IndexDrop, Reindex } from "../sql/statement_effect.ts";
import type { Session } from "./session.ts";
import { EQUALS, identifier, type Sql, sql } from "./sql.ts";

/** An index, as the catalog has it. */
export interface FoundIndex {
  /** With its schema, for messages. */
  readonly name: string;
  /** The same as SQL. */
  readonly quoted: Sql;
  /** `pg_index.indisvalid`: whether queries may use it. */
  readonly valid: boolean;
  /** Whether it was made after the transaction that was asked about began. */
  readonly isNewer: boolean;
  /** Whether another backend works on it: has it locked as those do that build it. */
  readonly isBusy: boolean;
}

/**
 * The index that a CREATE INDEX CONCURRENTLY names, on its table; null where there is none, or another one of that name.
 *
 * @param since the id of a transaction (xid8)
 */
export async function findBuilt(session: Session, build: IndexBuild, since: string): Promise<FoundIndex | null> {
  if (build.name === null) return null;
  const [found] = await find(session, sql`c.relname ${EQUALS} ${build.name} AND ${isTable(build)}`, since);
  return found ?? null;
}

/** The index that a DROP INDEX CONCURRENTLY names, or null; one that was dropped half-way is there, and INVALID. */
export async function findDropped(session: Session, drop: IndexDrop, since: string): Promise<FoundIndex | null> {
  const [found] = await find(session, named("c", "n", drop), since);
  return found ?? null;
}

/**
 * The INVALID indexes in reach of a statement: all of the table for a CREATE INDEX CONCURRENTLY, all of the table (its
 * partitions included), schema or database for a REINDEX CONCURRENTLY.
 */
export async function invalidInReach(
  session: Session,
  statement: IndexBuild | Reindex,
  since: string,
): Promise<readonly FoundIndex[]> {
  return await find(session, sql`NOT x.indisvalid AND ${inReach(statement)}`, since);
}

/** What an interrupted REINDEX CONCURRENTLY leaves is called so (PostgreSQL documentation, "REINDEX"). */
export function isReindexLeftover({ name, valid, isNewer, isBusy }: FoundIndex): boolean {
  return /_cc(new|old)\d*$/.test(name) && !valid && isNewer && !isBusy;
}

/** The statement that drops an index without blocking writes. */
export function dropConcurrently({ quoted }: FoundIndex): string {
  return sql`DROP INDEX CONCURRENTLY IF EXISTS ${quoted}`.text;
}

/**
 * Names are looked up under the search_path of the file, but sent and shown as UTF-8 whatever it has set. A row keeps the
 * id of the transaction that made it (xmin), of which there are 32 bits; the next id of all is given in full.
 */
async function find(session: Session, condition: Sql, since: string): Promise<readonly FoundIndex[]> {
  const select = sql`
    SELECT n.nspname AS schema, c.relname AS name, x.indisvalid AS valid, c.xmin AS made_by,
      pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot()) AS next,
      EXISTS (SELECT FROM pg_catalog.pg_locks l WHERE l.relation ${EQUALS} c.oid
        AND l.mode ${EQUALS} 'ShareUpdateExclusiveLock' AND NOT l.pid ${EQUALS} pg_catalog.pg_backend_pid()
        AND l.database ${EQUALS} (SELECT d.oid FROM pg_catalog.pg_database d
          WHERE d.datname ${EQUALS} pg_catalog.current_database())) AS busy
    FROM pg_catalog.pg_index x
    JOIN pg_catalog.pg_class c ON c.oid ${EQUALS} x.indexrelid
    JOIN pg_catalog.pg_namespace n ON n.oid ${EQUALS} c.relnamespace
    JOIN pg_catalog.pg_class t ON t.oid ${EQUALS} x.indrelid
    WHERE ${condition} ORDER BY 1, 2`;
  const rows = await session.query(
    ["BEGIN READ ONLY", "SET LOCAL client_encoding = 'UTF8'", select.text, "COMMIT"].join("; "),
  );
  return rows.map(({ schema, name, valid, made_by, next, busy }) => ({
    name: `${schema}.${name}`,
    quoted: sql`${identifier(schema!)}.${identifier(name!)}`,
    valid: valid === "t",
    isNewer: fullTransactionId(BigInt(made_by!), BigInt(next!)) >= BigInt(since),
    isBusy: busy === "t",
  }));
}

/** The id of a past transaction in full, from its lower 32 bits and the next id to be given. */
export function fullTransactionId(lower: bigint, next: bigint): bigint {
  return next - BigInt.asUintN(32, next - lower);
}

function inReach(statement: IndexBuild | Reindex): Sql {
  if (statement.kind === "build-index") return isTable(statement);
  switch (statement.scope) {
    case "database":
      return sql`TRUE`;
    case "schema":
      return sql`n.nspname ${EQUALS} ${statement.name}`;
    case "table":
      return sql`t.oid ${EQUALS} ANY (${withPartitions(oidOf(statement))})`;
    case "index":
      return sql`x.indrelid ${EQUALS} ANY (ARRAY(SELECT o.indrelid FROM pg_catalog.pg_index o
        WHERE o.indexrelid ${EQUALS} ANY (${withPartitions(oidOf(statement))})))`;
  }
}

/** A relation and its partitions; pg_partition_tree gives nothing for what is not partitioned. */
function withPartitions(oid: Sql): Sql {
  return sql`ARRAY(SELECT ${oid} UNION ALL
    SELECT p.relid::pg_catalog.oid FROM pg_catalog.pg_partition_tree(${oid}::pg_catalog.regclass) p)`;
}

function oidOf(relation: Relation): Sql {
  const condition = named("r", "s", relation);
  return sql`(SELECT r.oid FROM pg_catalog.pg_class r
    JOIN pg_catalog.pg_namespace s ON s.oid ${EQUALS} r.relnamespace WHERE ${condition})`;
}

/** An index is in the schema of its table. */
function isTable({ schema, table }: IndexBuild): Sql {
  return named("t", "n", { schema, name: table });
}

interface Relation {
  readonly schema: string | null;
  readonly name: string | null;
}

/** Whether a row of pg_class is the relation of a name; where that has no schema, the search_path decides. */
function named(relation: "c" | "t" | "r", namespace: "n" | "s", { schema, name }: Relation): Sql {
  const row = identifier(relation);
  const inSchema = schema === null
    ? sql`pg_catalog.pg_table_is_visible(${row}.oid)`
    : sql`${identifier(namespace)}.nspname ${EQUALS} ${schema}`;
  return sql`${row}.relname ${EQUALS} ${name} AND ${inSchema}`;
}
