/** The table of a statement, where somebody may be waiting for it. */

import type { RangeVar } from "libpg-query";
import type { Relation } from "../catalog/catalog.ts";
import { resolveRelation } from "../catalog/resolve.ts";
import type { LintedFile, LintedStatement } from "./rule.ts";

/**
 * The table that a name means; null where nobody can wait for it: this file made it, it is temporary, it does not exist,
 * or it is a view or another relation without rows of its own.
 */
export function waitedTable(
  name: RangeVar | undefined,
  { catalog }: Pick<LintedStatement, "catalog">,
  { version }: Pick<LintedFile, "version">,
): Relation | null {
  const relation = name === undefined ? null : resolveRelation(catalog, name);
  if (relation === null || relation.madeBy === version || relation.persistence === "temporary") return null;
  return relation.kind === "table" || relation.kind === "partitioned-table" ? relation : null;
}
