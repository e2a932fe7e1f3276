/** An UPDATE or DELETE of all rows, in batches. */

import type { Catalog, Relation } from "../catalog/catalog.ts";
import { dotted, identifier, relationName } from "../sql/identifiers.ts";
import type { Statement } from "../sql/parser.ts";
import { inBatches } from "./batches.ts";
import { qualifyingEdits } from "./own_migration.ts";
import type { RowChange } from "./row_changes.ts";
import type { LintedFile } from "./rule.ts";
import { writeSafeForm } from "./safe_form.ts";
import { runsInTransaction } from "./same_transaction.ts";
import { keyword, withEdits } from "./text_edits.ts";

/** @returns null for a change in WITH and one with RETURNING, which cannot be taken apart; and where there is a WHERE */
export function batchedForm(
  statement: Statement,
  { change, table, catalog, file }: {
    readonly change: RowChange;
    readonly table: Relation;
    readonly catalog: Catalog;
    readonly file: LintedFile;
  },
): string | null {
  const { relation, where, isStatement } = change;
  if (!isStatement || where !== null || keyword(statement, ["where"]) !== null) return null;
  if (statement.kind !== "UpdateStmt" && statement.kind !== "DeleteStmt") return null;
  if (statement.node.returningClause !== undefined) return null;
  const hasOthers = statement.kind === "UpdateStmt" ? statement.node.fromClause : statement.node.usingClause;
  const own = relation.alias?.aliasname ?? (hasOthers === undefined ? null : relation.relname ?? null);
  const relations = [relation, ...(hasOthers ?? []).map((node) => "RangeVar" in node ? node.RangeVar : undefined)];
  const moved = qualifyingEdits({ statement, catalog }, { file, relations });
  const text = withEdits(statement, moved);
  const loop = inBatches({
    table: moved.length === 0 ? relationName(relation) : dotted([table.schema, table.name]),
    relation: table,
    change: ({ key, range }) => `${text}\n    WHERE ${own === null ? "" : `${identifier(own)}.`}${key} ${range}`,
  });
  // A DELETE may always be repeated.
  const again = change.kind === "UPDATE" ? "-- After a failure it begins again with the first row.\n" : "";
  return writeSafeForm([{
    title: `${change.kind.toLowerCase()} ${table.name} in batches`,
    sql: again + loop,
    noTransaction: runsInTransaction(file),
  }]);
}
