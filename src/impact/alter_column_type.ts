/** ALTER COLUMN TYPE. */

import type { Column, DataType, Relation } from "../catalog/catalog.ts";
import { findColumn, indexesOf } from "../catalog/resolve.ts";
import { madeType, resolveType } from "../catalog/resolve_type.ts";
import type { Action } from "./alter_table.ts";
import { keepsRows } from "./column_type.ts";
import type { Scope } from "./effects.ts";
import { hasRows } from "./relatives.ts";
import { rewriteTable } from "./rewrite_table.ts";

export function alterColumnType(scope: Scope, { command: { name = "", def }, table, reached }: Action): void {
  const definition = def !== undefined && "ColumnDef" in def ? def.ColumnDef : null;
  if (definition?.typeName === undefined) return;
  const column = findColumn(table, name);
  const to = resolveType(scope.catalog, definition.typeName, definition.collClause);
  const change = definition.raw_default === undefined ? judge(scope, { column, to }) : "rewrites";
  if (change === "unknown") scope.effects.notKnown(`Nothing is known of the type that ${name} has had`);
  for (const one of reached) {
    if (change === "keeps") keepRows(scope, { table: one, column: name });
    else {
      const reason = `every value of ${name} is converted`;
      rewriteTable(scope, { table: one, reason, certain: change === "rewrites" });
    }
  }
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

/** The rows stay; but the constraints and indexes on the column are made again. */
function keepRows(
  { catalog, effects }: Scope,
  { table, column }: { readonly table: Relation; readonly column: string },
): void {
  const checked = table.constraints.some(({ kind, columns }) => kind === "check" && columns.includes(column));
  if (checked && hasRows(table)) effects.scan(table, "the CHECK on the column is checked again");
  for (const index of indexesOf(catalog, table)) {
    if (index.index?.uses.includes(column)) effects.lock(index, "AccessExclusiveLock");
  }
}
