/** Which tables have no rows yet when a statement runs: what looks at each of their rows looks at nothing else either. */

import type { Relation } from "../catalog/catalog.ts";
import { isSame } from "../catalog/resolve.ts";
import type { EarlierStatement, LintedFile } from "./rule.ts";

/** Whether this file made a table, and wrote no row to it so far. */
export function isStillEmpty(table: Relation, { version, earlier }: LintedFile): boolean {
  // A partitioned table may have been given partitions that hold rows.
  if (table.madeBy !== version || table.kind !== "table" || table.parents.length > 0) return false;
  return !earlier.some((one) => mayFill(one, table));
}

function mayFill({ statement, impact }: EarlierStatement, table: Relation): boolean {
  if (impact.unknown !== null || MAKES_WITH_ROWS.has(statement.kind)) return true;
  return impact.locks.some(({ relation, mode }) => mode === "RowExclusiveLock" && isSame(relation, table));
}

/** CREATE TABLE AS, and SELECT INTO, which is a SELECT to the parser. */
const MAKES_WITH_ROWS: ReadonlySet<string> = new Set(["CreateTableAsStmt", "SelectStmt"]);
