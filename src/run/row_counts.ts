/** How many rows a table has behind the statements of the run, so that a later one is judged by what it will find. */

import { type Catalog, qualified } from "../catalog/catalog.ts";
import { change } from "../catalog/edit.ts";
import { findRelation, indexesOf } from "../catalog/resolve.ts";
import type { Impact } from "../impact/impact.ts";
import type { Statement } from "../sql/parser.ts";
import type { WrittenRows } from "./verdict.ts";

/**
 * Changes the sizes in a catalog as the statement changes those of the tables. What a DELETE leaves is not read again by
 * less work, so that it changes nothing.
 */
export function countRows(
  catalog: Catalog,
  { kind }: Statement,
  { impact, writes }: { readonly impact: Impact; readonly writes: WrittenRows | null },
): void {
  if (kind === "TruncateStmt") {
    for (const { relation } of impact.rewrites) {
      for (const one of [relation, ...indexesOf(catalog, relation)]) {
        const found = findRelation(catalog, one);
        if (found !== null) change(catalog, found, () => ({ rows: 0, bytes: 0 }));
      }
    }
  }
  if (!ADDING.has(kind) || writes === null) return;
  const table = catalog.relations.get(writes.relation);
  // Those of a table that was not emptied are hardly more than before, and its bytes say more.
  if (table === undefined || table.rows === null || table.rows + (table.bytes ?? 0) > 0 && table.bytes !== null) return;
  const rows = writes.rows === null ? null : table.rows + writes.rows;
  for (const one of [table, ...indexesOf(catalog, table)]) {
    const found = catalog.relations.get(qualified(one));
    if (found !== undefined) change(catalog, found, () => ({ rows, bytes: null }));
  }
}

const ADDING: ReadonlySet<Statement["kind"]> = new Set(["InsertStmt", "CopyStmt", "MergeStmt"] as const);
