/** Indexes that a CREATE INDEX CONCURRENTLY left half built. */

import type { ConcurrentIndex } from "../sql/concurrent_indexes.ts";
import type { Session } from "./session.ts";
import { sql } from "./sql.ts";

/**
 * Which of some indexes exist and are INVALID (`pg_index.indisvalid`). An index that the file did not name is found by
 * its table: any invalid index there counts. Call it under the search_path of the file.
 *
 * @returns their names, with schema
 */
export async function invalidIndexes(session: Session, indexes: readonly ConcurrentIndex[]): Promise<string[]> {
  const found = new Set<string>();
  for (const { schema, name, table } of indexes) {
    const rows = await session.query(
      sql`
      SELECT n.nspname AS schema, i.relname AS name
      FROM pg_catalog.pg_index x
      JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = i.relnamespace
      JOIN pg_catalog.pg_class t ON t.oid = x.indrelid
      WHERE NOT x.indisvalid AND t.relname = ${table}
        AND (${name} IS NULL OR i.relname = ${name})
        AND CASE WHEN ${schema} IS NULL THEN pg_catalog.pg_table_is_visible(t.oid) ELSE n.nspname = ${schema} END`.text,
    );
    for (const row of rows) found.add(`${row.schema}.${row.name}`);
  }
  return [...found];
}
