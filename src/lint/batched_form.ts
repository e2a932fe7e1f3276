/** An UPDATE or DELETE of all rows, in batches. */

import type { Relation } from "../catalog/catalog.ts";
import { identifier, relationName } from "../sql/identifiers.ts";
import type { Statement } from "../sql/parser.ts";
import { inBatches } from "./batches.ts";
import type { RowChange } from "./row_changes.ts";
import type { LintedFile } from "./rule.ts";
import { writeSafeForm } from "./safe_form.ts";
import { runsInTransaction } from "./same_transaction.ts";
import { keyword } from "./text_edits.ts";

/** @returns null for a change in WITH and one with RETURNING, which cannot be taken apart; and where there is a WHERE */
export function batchedForm(
  statement: Statement,
  { change, table, file }: { readonly change: RowChange; readonly table: Relation; readonly file: LintedFile },
): string | null {
  const { relation, where, isStatement } = change;
  if (!isStatement || where !== null || keyword(statement, ["where"]) !== null) return null;
  if (statement.kind !== "UpdateStmt" && statement.kind !== "DeleteStmt") return null;
  if (statement.node.returningClause !== undefined) return null;
  const hasOthers = statement.kind === "UpdateStmt" ? statement.node.fromClause : statement.node.usingClause;
  const own = relation.alias?.aliasname ?? (hasOthers === undefined ? null : relation.relname ?? null);
  const loop = inBatches({
    table: relationName(relation),
    relation: table,
    change: ({ key, range }) =>
      `${statement.text}\n    WHERE ${own === null ? "" : `${identifier(own)}.`}${key} ${range}`,
  });
  // A DELETE may always be repeated.
  const again = change.kind === "UPDATE" ? "-- After a failure it begins again with the first row.\n" : "";
  return writeSafeForm([{
    title: `${change.kind.toLowerCase()} ${table.name} in batches`,
    sql: again + loop,
    noTransaction: runsInTransaction(file),
  }]);
}
