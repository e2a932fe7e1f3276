/** ALTER COLUMN TYPE. */

import type { Node } from "libpg-query";
import type { Column, DataType, Relation } from "../catalog/catalog.ts";
import { findColumn, findRelation, indexesOf, isSame, withDescendants } from "../catalog/resolve.ts";
import { madeType, resolveType } from "../catalog/resolve_type.ts";
import { scanBoth } from "./alter_constraints.ts";
import type { Action } from "./alter_table.ts";
import { keepsRows } from "./column_type.ts";
import type { Scope } from "./effects.ts";
import { foreignKeysTo, hasRows, identitySequence } from "./relatives.ts";
import { columnOf } from "./proves_not_null.ts";
import { rewriteTable } from "./rewrite_table.ts";

export function alterColumnType(scope: Scope, { command: { name = "", def }, table, reached }: Action): void {
  const definition = def !== undefined && "ColumnDef" in def ? def.ColumnDef : null;
  if (definition?.typeName === undefined) return;
  const column = findColumn(table, name);
  const to = resolveType(scope.catalog, definition.typeName, definition.collClause);
  const isPlain = saysNoMore(scope, { using: definition.raw_default, column: name, to });
  const change = isPlain ? judge(scope, { column, to }) : "rewrites";
  const sequence = identitySequence(scope.catalog, { table, column: name });
  if (sequence !== null) scope.effects.lock(sequence, "ShareRowExclusiveLock");
  if (change === "unknown") scope.effects.notKnown(`Nothing is known of the type that ${name} has had`);
  for (const one of reached) {
    // What is on the column is made again, whether the rows change or not.
    for (const index of indexesOf(scope.catalog, one)) {
      if (index.index?.uses.includes(name)) scope.effects.lock(index, "AccessExclusiveLock");
    }
    remakeForeignKeys(scope, { table: one, column: name, isChecked: change !== "keeps" });
    if (change === "keeps") {
      keepRows(scope, { table: one, column: name, isSortedAnew: to?.collation !== column?.type?.collation });
    }
    if (change !== "keeps") {
      const reason = `every value of ${name} is converted`;
      rewriteTable(scope, { table: one, reason, certain: change === "rewrites" });
    }
  }
}

interface Using {
  readonly using: Node | undefined;
  readonly column: string;
  readonly to: DataType | null;
}

/** Whether there is no USING, or one that says no more than would be without: the column, or it cast to the new type. */
function saysNoMore({ catalog }: Scope, { using, column, to }: Using): boolean {
  if (using === undefined) return true;
  if (!("TypeCast" in using)) return columnOf(using) === column;
  const { arg, typeName } = using.TypeCast;
  const cast = typeName === undefined ? null : resolveType(catalog, typeName);
  return arg !== undefined && columnOf(arg) === column && cast !== null && to !== null && isSame(cast, to) &&
    String(cast.modifiers) === String(to.modifiers);
}

function judge(
  { catalog }: Scope,
  { column, to }: { readonly column: Column | null; readonly to: DataType | null },
): "keeps" | "rewrites" | "unknown" {
  const from = column?.type ?? null;
  if (from === null || to === null) return "unknown";
  const keeps = keepsRows({
    from,
    to,
    fromBase: baseOf(from),
    toBase: baseOf(to),
    toConstrainedDomain: madeType(catalog, to)?.constrained === true,
    timeZoneIsUtc: catalog.timeZoneIsUtc,
  });
  return keeps ? "keeps" : "rewrites";

  function baseOf(type: DataType): DataType {
    const base = madeType(catalog, type)?.base ?? null;
    return base === null ? type : baseOf({ ...base, dimensions: base.dimensions + type.dimensions });
  }
}

interface ChangedColumn {
  readonly table: Relation;
  readonly column: string;
}

/** The rows stay; what is computed from them is made again. */
function keepRows(
  { catalog, effects }: Scope,
  { table, column, isSortedAnew }: ChangedColumn & { readonly isSortedAnew: boolean },
): void {
  if (!hasRows(table)) return;
  const isChecked = table.constraints.some(({ kind, columns }) => kind === "check" && columns.includes(column));
  if (isChecked) effects.scan(table, "the CHECK on the column is checked again");
  const isComputed = indexesOf(catalog, table).some(({ index }) =>
    index !== null && index.uses.includes(column) && (isSortedAnew || index.partial || index.columns.includes(null))
  );
  if (isComputed) effects.scan(table, "an index on the column is built again");
}

/** Foreign keys on both sides of the column are made again; values that were converted are looked up again. */
function remakeForeignKeys(
  scope: Scope,
  { table, column, isChecked }: ChangedColumn & { readonly isChecked: boolean },
): void {
  const { catalog, effects } = scope;
  for (const { references, columns } of table.constraints) {
    const parent = references === null || !columns.includes(column) ? null : findRelation(catalog, references);
    if (parent === null) continue;
    for (const one of withDescendants(catalog, parent)) effects.lock(one, "AccessExclusiveLock");
    if (isChecked) scanBoth(scope, { tables: [table], parents: withDescendants(catalog, parent) });
  }
  for (const { from, constraint } of foreignKeysTo(catalog, table)) {
    if (!constraint.referencedColumns.includes(column)) continue;
    for (const one of withDescendants(catalog, from)) effects.lock(one, "AccessExclusiveLock");
    if (isChecked) scanBoth(scope, { tables: withDescendants(catalog, from), parents: [table] });
  }
}
