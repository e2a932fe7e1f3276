/** What CASCADE takes along, beside what a DROP names. */

import type { Relation } from "../catalog/catalog.ts";
import { replay } from "../catalog/replay.ts";
import { findColumn, findRelation } from "../catalog/resolve.ts";
import { isInUse } from "./in_use.ts";
import type { LintedFile, LintedStatement } from "./rule.ts";

export interface TakenAlong {
  /** Tables and views that others may be using, those that the DROP names included. */
  readonly relations: readonly Relation[];
  /** Columns of tables that stay. */
  readonly columns: readonly { readonly table: Relation; readonly column: string }[];
}

const NOTHING: TakenAlong = { relations: [], columns: [] };

/** As far as it is known; nothing for a statement that is no DROP … CASCADE. */
export function takenAlong({ statement, catalog }: LintedStatement, file: LintedFile): TakenAlong {
  if (statement.kind !== "DropStmt" || statement.node.behavior !== "DROP_CASCADE") return NOTHING;
  const after = catalog.copy();
  replay(after, statement, null);
  const used = [...catalog.relations.values()].filter((relation) =>
    isInUse(relation, file) && HOLDS.has(relation.kind)
  );
  const pairs = used.map((table) => ({ table, now: findRelation(after, table) }));
  return {
    relations: pairs.flatMap(({ table, now }) => now === null ? [table] : []),
    columns: pairs.flatMap(({ table, now }) =>
      now === null
        ? []
        : table.columns.flatMap(({ name }) => findColumn(now, name) === null ? [{ table, column: name }] : [])
    ),
  };
}

/** What programs read and write, but for types and sequences. */
const HOLDS: ReadonlySet<string> = new Set([
  "table",
  "partitioned-table",
  "foreign-table",
  "view",
  "materialized-view",
]);
