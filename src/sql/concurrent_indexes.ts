/** Which indexes a file builds without blocking writes: they may be left INVALID without an error. */

import { isOn } from "./option_values.ts";
import type { Statement } from "./parser.ts";

export interface ConcurrentIndex {
  /** As the statement gives it; null where search_path decides. An index is in the schema of its table. */
  readonly schema: string | null;
  /** null where the server chooses the name, or where all indexes of the table are meant. */
  readonly name: string | null;
  readonly table: string;
}

/**
 * The indexes to look at after the statements have run: those of CREATE INDEX CONCURRENTLY, where `IF NOT EXISTS` over
 * an INVALID index succeeds and does nothing, and those of REINDEX TABLE CONCURRENTLY, which skips INVALID indexes with
 * a warning. REINDEX INDEX CONCURRENTLY leaves a valid index when it succeeds.
 */
export function concurrentIndexes(statements: readonly Statement[]): readonly ConcurrentIndex[] {
  return statements.flatMap(({ kind, node }) => {
    const relation = kind === "IndexStmt" && node.concurrent
      ? node.relation
      : kind === "ReindexStmt" && node.kind === "REINDEX_OBJECT_TABLE" && isOn(node.params, "concurrently", false)
      ? node.relation
      : undefined;
    if (relation?.relname === undefined) return [];
    const name = kind === "IndexStmt" ? node.idxname ?? null : null;
    return [{ schema: relation.schemaname ?? null, name, table: relation.relname }];
  });
}
