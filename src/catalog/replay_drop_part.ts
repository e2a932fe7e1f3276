/** Dropping a column or a constraint of a table, with what goes with it. */

import type { Catalog, QualifiedName, Relation, TableConstraint } from "./catalog.ts";
import { change, changeColumn, changeEach, removeRelation } from "./edit.ts";
import { findRelation, indexesOf, isSame } from "./resolve.ts";

export interface Dropping {
  readonly name: string;
  /** Whether what depends on it goes as well. */
  readonly cascade: boolean;
}

/** Drops a column, with the indexes and constraints of its table that need it. */
export function dropColumn(catalog: Catalog, table: Relation, { name, cascade }: Dropping): void {
  for (const { kind, name: constraint, columns } of table.constraints) {
    if (columns.includes(name) && kind !== "not-null") dropConstraint(catalog, table, { name: constraint, cascade });
  }
  for (const index of indexesOf(catalog, table)) {
    if (index.index?.uses.includes(name)) removeRelation(catalog, index);
  }
  change(catalog, table, ({ columns, constraints }) => ({
    columns: columns.filter((column) => column.name !== name),
    constraints: constraints.filter(({ columns }) => !columns.includes(name)),
  }));
}

/** Drops a constraint with its index, and with CASCADE the foreign keys that point to it. */
export function dropConstraint(catalog: Catalog, table: Relation, { name, cascade }: Dropping): void {
  const now = findRelation(catalog, table) ?? table;
  const dropped = now.constraints.find((constraint) => constraint.name === name);
  if (dropped === undefined) return;
  change(catalog, now, ({ constraints }) => ({ constraints: constraints.filter((one) => one !== dropped) }));
  if (dropped.kind === "not-null") changeColumn(catalog, now, { name: dropped.columns[0] ?? "", notNull: false });
  if (dropped.kind !== "primary-key" && dropped.kind !== "unique" && dropped.kind !== "exclude") return;
  removeRelation(catalog, { schema: table.schema, name });
  if (cascade) dropForeignKeys(catalog, { table, columns: dropped.columns });
}

function dropForeignKeys(
  catalog: Catalog,
  { table, columns }: { readonly table: QualifiedName; readonly columns: readonly string[] },
): void {
  const pointsHere = ({ references, referencedColumns }: TableConstraint) =>
    references !== null && isSame(references, table) &&
    referencedColumns.length === columns.length && referencedColumns.every((column) => columns.includes(column));
  changeEach(
    catalog,
    ({ constraints }) =>
      constraints.some(pointsHere) ? { constraints: constraints.filter((one) => !pointsHere(one)) } : null,
  );
}
