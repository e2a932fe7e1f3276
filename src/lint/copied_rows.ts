/** Whether a file copies the rows of a table elsewhere before it drops it. */

import type { RangeVar } from "libpg-query";
import type { Catalog, Relation } from "../catalog/catalog.ts";
import { relationsIn } from "../catalog/query_relations.ts";
import { isSame, resolveRelation } from "../catalog/resolve.ts";
import { relationName } from "../sql/identifiers.ts";
import type { Statement } from "../sql/parser.ts";
import { lineOf } from "./held_before.ts";
import type { LintedFile, LintedStatement } from "./rule.ts";

export interface CopiedRows {
  /** The table that has them, as SQL; of the last statement, where several copy some. */
  readonly into: string;
  readonly line: number;
}

/** Which rows it copies, and what of them, nobody knows without the rows. */
export function copiedRows(
  table: Relation,
  { statement, catalog }: LintedStatement,
  file: LintedFile,
): CopiedRows | null {
  const above = file.statements.filter(({ start }) => start < statement.start);
  for (const one of above.toReversed()) {
    const target = targetOf(one);
    if (target === null || !reads(one, { table, catalog, target })) continue;
    return { into: relationName(target), line: lineOf(one, file) };
  }
  return null;
}

/** Of a statement that writes what its query reads. */
function targetOf({ kind, node }: Statement): RangeVar | null {
  switch (kind) {
    case "InsertStmt":
      return node.relation ?? null;
    case "CreateTableAsStmt":
      return node.into?.rel ?? null;
    case "SelectStmt":
      return node.intoClause?.rel ?? null;
    default:
      return null;
  }
}

function reads(
  { node }: Statement,
  { table, catalog, target }: { readonly table: Relation; readonly catalog: Catalog; readonly target: RangeVar },
): boolean {
  const own = resolveRelation(catalog, target);
  if (own !== null && isSame(own, table)) return false;
  const query = Object.entries(node).filter(([, value]) =>
    value !== target && (value as { readonly rel?: unknown } | null)?.rel !== target
  );
  return relationsIn(catalog, Object.fromEntries(query)).some((one) => isSame(one, table));
}
