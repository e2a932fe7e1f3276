/**
 * What goes with what is dropped. Without CASCADE the server refuses where anything that it would take stands in the way;
 * once the statement has run nothing of that can be there, so that here it always goes.
 */

import { BUILTIN_TYPES } from "./builtin_relations.ts";
import type { Catalog, QualifiedName, Relation, TableConstraint } from "./catalog.ts";
import { change, changeColumn, changeReferrers, removeRelation } from "./edit.ts";
import {
  childrenOf,
  findColumn,
  findRelation,
  indexesOf,
  isSame,
  ownedSequences,
  relationsWhere,
  withDescendants,
} from "./resolve.ts";
import { countsOn } from "./sequence_default.ts";
import { columnsIn, functionsIn } from "./tree.ts";

/** Drops a relation of any kind: its indexes, sequences, partitions and heirs, the views on it, foreign keys to it. */
export function dropRelation(catalog: Catalog, relation: Relation): void {
  if (relation.index !== null) return dropIndex(catalog, relation);
  removeRelation(catalog, relation);
  const dependents = catalog.relations.referrers(relation).filter(({ index, parents, dependsOn }) =>
    index !== null || [...parents, ...dependsOn].some((one) => isSame(one, relation))
  );
  for (const dependent of dependents) {
    const now = findRelation(catalog, dependent);
    if (now === null) continue;
    if (now.index === null) dropRelation(catalog, now);
    else removeRelation(catalog, now);
  }
  dropForeignKeys(catalog, relation, () => true);
  if (relation.kind === "sequence") dropDefaults(catalog, relation);
  else dropTyped(catalog, relation);
}

/** Drops an index with those of partitions, the constraint that it is for, and foreign keys that need it. */
function dropIndex(catalog: Catalog, index: Relation): void {
  removeRelation(catalog, index);
  for (const child of childrenOf(catalog, index)) dropIndex(catalog, child);
  const table = index.index === null ? null : findRelation(catalog, index.index.table);
  if (table === null) return;
  change(catalog, table, ({ constraints }) => ({
    constraints: constraints.filter(({ kind, name }) => name !== index.name || !INDEXED.includes(kind)),
  }));
  const columns = index.index?.columns ?? [];
  const covers = (key: readonly (string | null)[], { referencedColumns }: TableConstraint) =>
    key.length === referencedColumns.length && referencedColumns.every((column) => key.includes(column));
  const others = indexesOf(catalog, table).flatMap(({ index }) => index?.unique ? [index.columns] : []);
  dropForeignKeys(
    catalog,
    table,
    (constraint) => covers(columns, constraint) && !others.some((key) => covers(key, constraint)),
  );
}

const INDEXED: readonly TableConstraint["kind"][] = ["primary-key", "unique", "exclude"];

/** Drops foreign keys that point to a table. */
function dropForeignKeys(
  catalog: Catalog,
  table: QualifiedName,
  isDropped: (constraint: TableConstraint) => boolean,
): void {
  changeReferrers(catalog, table, ({ constraints }) => ({
    constraints: constraints.filter((one) =>
      one.references === null || !isSame(one.references, table) || !isDropped(one)
    ),
  }));
}

/** Takes the defaults away that count a sequence on. */
function dropDefaults(catalog: Catalog, sequence: QualifiedName): void {
  for (const table of catalog.relations.counters(sequence.name)) {
    change(catalog, table, ({ columns }) => ({
      columns: columns.map((column) => countsOn(column.default, sequence) ? { ...column, default: null } : column),
    }));
  }
}

/** Drops the defaults, generated columns and CHECKs that call a function. */
export function dropCallers(catalog: Catalog, { schema, name }: QualifiedName): void {
  const isCalled = ([own, given]: readonly (string | undefined)[]) => own === name && (given ?? schema) === schema;
  const calls = (tree: unknown) => functionsIn(tree).some((parts) => isCalled(parts.toReversed()));
  const hasCall = ({ columns, constraints }: Relation) =>
    columns.some((one) => calls(one.default)) || constraints.some(({ expression }) => calls(expression));
  for (const table of relationsWhere(catalog, hasCall)) {
    for (const column of table.columns) {
      if (!calls(column.default)) continue;
      if (column.generated === null) changeColumn(catalog, table, { name: column.name, default: null });
      else dropOwnColumn(catalog, table, column.name);
    }
    change(catalog, table, ({ constraints }) => ({
      constraints: constraints.filter(({ expression }) => !calls(expression)),
    }));
  }
}

/** Drops the columns of a type, which may be that of a table's rows. */
export function dropTyped(catalog: Catalog, type: QualifiedName): void {
  for (const table of catalog.relations.referrers(type)) {
    if (table.kind === "view" || table.kind === "materialized-view") dropRelation(catalog, table);
    else {for (const { name, type: own } of table.columns) {
        if (isOf(own, type)) dropColumn(catalog, table, { name, recurse: true, cascade: true });
      }}
  }
}

function isOf(own: QualifiedName | null, type: QualifiedName): boolean {
  return own !== null && isSame(own, type) && !(own.schema === "pg_catalog" && BUILTIN_TYPES.has(own.name));
}

/** Drops a column of a table and of its heirs, with the indexes, constraints, sequence and generated columns that need it. */
export function dropColumn(
  catalog: Catalog,
  table: Relation,
  { name, recurse, cascade }: { readonly name: string; readonly recurse: boolean; readonly cascade: boolean },
): void {
  const all = recurse ? withDescendants(catalog, table) : [table];
  for (const one of all) {
    // A column that comes from another table as well stays.
    if (one !== all[0] && hasFromElsewhere(catalog, one, { name, all })) continue;
    dropOwnColumn(catalog, one, name);
    if (cascade) dropViewsWith(catalog, one, name);
  }
}

function hasFromElsewhere(
  catalog: Catalog,
  { parents }: Relation,
  { name, all }: { readonly name: string; readonly all: readonly Relation[] },
): boolean {
  return parents.some((parent) => {
    const above = all.some((one) => isSame(one, parent)) ? null : findRelation(catalog, parent);
    return above !== null && findColumn(above, name) !== null;
  });
}

/** Which columns a view reads is not kept: one that has a column of the name is taken to have it from there. */
function dropViewsWith(catalog: Catalog, table: Relation, name: string): void {
  for (const view of catalog.relations.referrers(table)) {
    const isView = view.kind === "view" || view.kind === "materialized-view";
    if (isView && view.columns.some((column) => column.name === name)) dropRelation(catalog, view);
  }
}

function dropOwnColumn(catalog: Catalog, table: Relation, name: string): void {
  for (const index of indexesOf(catalog, table)) if (index.index?.uses.includes(name)) dropIndex(catalog, index);
  for (const sequence of sequencesOf(catalog, table, name)) dropRelation(catalog, sequence);
  const now = findRelation(catalog, table);
  if (now === null) return;
  const needs = now.columns.filter((one) => one.generated !== null && columnsIn(one.default).includes(name));
  change(catalog, now, ({ columns, constraints, attached = [] }) => ({
    columns: columns.filter((column) => column.name !== name),
    attached: attached.filter(({ columns }) => !columns.includes(name)),
    constraints: constraints.filter(({ columns }) => !columns.includes(name)),
  }));
  dropForeignKeys(catalog, table, ({ referencedColumns }) => referencedColumns.includes(name));
  for (const column of needs) dropOwnColumn(catalog, table, column.name);
}

/** The sequences that belong to a column. */
export function sequencesOf(catalog: Catalog, table: Relation, column: string): readonly Relation[] {
  return ownedSequences(catalog, table).filter(({ ownerColumn }) => ownerColumn === column);
}

/** Drops a constraint of a table, of its partitions and, where they have it from there, of its heirs. */
export function dropConstraint(catalog: Catalog, table: Relation, name: string, { recurse = true } = {}): void {
  const dropped = table.constraints.find((constraint) => constraint.name === name);
  if (dropped === undefined) return;
  if (INDEXED.includes(dropped.kind)) {
    const index = findRelation(catalog, { schema: table.schema, name });
    return index === null ? removeConstraint(catalog, table, dropped) : dropIndex(catalog, index);
  }
  const isSameConstraint = ({ kind, name: own, columns }: TableConstraint) =>
    kind === dropped.kind && (kind === "not-null" ? columns[0] === dropped.columns[0] : own === name);
  for (const one of recurse ? withDescendants(catalog, table) : [table]) {
    const own = one.constraints.find(isSameConstraint);
    if (own !== undefined) removeConstraint(catalog, one, own);
  }
}

function removeConstraint(catalog: Catalog, table: Relation, { name, kind, columns }: TableConstraint): void {
  if (kind === "not-null") changeColumn(catalog, table, { name: columns[0] ?? "", notNull: false });
  change(catalog, table, ({ constraints }) => ({ constraints: constraints.filter((one) => one.name !== name) }));
}
