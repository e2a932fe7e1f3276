/** What a file does to a column beside the statement that is looked at. */

import type { QualifiedName, Relation } from "../catalog/catalog.ts";
import { isSame, resolveRelation } from "../catalog/resolve.ts";
import type { Statement } from "../sql/parser.ts";
import { addedColumn, alterTableActions, isAlterTable } from "./alter_table_actions.ts";
import type { LintedFile, LintedStatement } from "./rule.ts";

/** Whether the file has made the column itself: no program knows it yet. */
export function isAddedHere(
  { relation, column }: { readonly relation: Relation; readonly column: string },
  { catalog, statement }: LintedStatement,
  { statements }: LintedFile,
): boolean {
  return statements.some((other) =>
    other.start <= statement.start && isAlterTable(other) && isAbout(other.node.relation, { relation, catalog }) &&
    alterTableActions(other).some(({ command }) => addedColumn(command)?.colname === column)
  );
}

/** Whether the file gives the name to another column of the table: programs find a column under it as before. */
export function isReplacedHere(
  { relation, column }: { readonly relation: Relation; readonly column: string },
  { catalog }: LintedStatement,
  { statements }: LintedFile,
): boolean {
  return statements.some((other) => {
    const renamed = columnRename(other);
    return renamed?.newname === column && isAbout(renamed.relation, { relation, catalog });
  });
}

/** Whether the file has taken a name away from the column that had it: programs know it as the name of another. */
export function isVacatedHere(
  { relation, column }: { readonly relation: Relation; readonly column: string },
  { catalog, statement }: LintedStatement,
  { statements }: LintedFile,
): boolean {
  return statements.some((other) => {
    if (other.start >= statement.start) return false;
    const renamed = columnRename(other);
    if (renamed !== null) return renamed.subname === column && isAbout(renamed.relation, { relation, catalog });
    return isAlterTable(other) && isAbout(other.node.relation, { relation, catalog }) &&
      alterTableActions(other).some(({ command }) => command.subtype === "AT_DropColumn" && command.name === column);
  });
}

/** A RENAME COLUMN of a table; null for another statement. */
export function columnRename({ kind, node }: Statement) {
  return kind === "RenameStmt" && node.renameType === "OBJECT_COLUMN" && node.relationType === "OBJECT_TABLE"
    ? node
    : null;
}

function isAbout(
  name: Parameters<typeof resolveRelation>[1] | undefined,
  { relation, catalog }: { readonly relation: QualifiedName; readonly catalog: LintedStatement["catalog"] },
): boolean {
  const found = name === undefined ? null : resolveRelation(catalog, name);
  return found !== null && isSame(found, relation);
}
