/** What hangs on a relation: what a lock on it takes along. */

import type { Catalog, QualifiedName, Relation, TableConstraint } from "../catalog/catalog.ts";
import { findRelation, isSame, ownedSequences, withDescendants } from "../catalog/resolve.ts";

/** The relation itself, or with what inherits from it, as ONLY in the statement says. */
export function withChildren(
  catalog: Catalog,
  { relation, only }: { readonly relation: Relation; readonly only: boolean },
): readonly Relation[] {
  return only ? [relation] : withDescendants(catalog, relation);
}

/** The tables above it, nearest first. */
export function ancestorsOf(catalog: Catalog, relation: Relation): readonly Relation[] {
  const found: Relation[] = [];
  let from: readonly Relation[] = [relation];
  while (from.length > 0) {
    from = from.flatMap(({ parents }) => parents.flatMap((name) => findRelation(catalog, name) ?? []))
      .filter((parent) => !found.includes(parent));
    found.push(...from);
  }
  return found;
}

/** A foreign key with the table that has it. */
export interface ForeignKey {
  readonly from: Relation;
  readonly constraint: TableConstraint;
}

/** The foreign keys that point to a table. */
export function foreignKeysTo(catalog: Catalog, table: QualifiedName): readonly ForeignKey[] {
  const found: ForeignKey[] = [];
  for (const from of catalog.relations.referrers(table)) {
    for (const constraint of from.constraints) {
      if (constraint.references !== null && isSame(constraint.references, table)) found.push({ from, constraint });
    }
  }
  return found;
}

/** Without those of partitions that are a part of their table's. */
export function wholeKeysTo(catalog: Catalog, table: QualifiedName): readonly ForeignKey[] {
  const all = foreignKeysTo(catalog, table);
  return all.filter(({ from }) =>
    from.partition === null || !all.some((one) => from.parents.some((parent) => isSame(one.from, parent)))
  );
}

/** The sequence of an identity column. */
export function identitySequence(
  catalog: Catalog,
  { table, column }: { readonly table: Relation; readonly column: string },
): Relation | null {
  if (table.columns.find(({ name }) => name === column)?.identity !== true) return null;
  return ownedSequences(catalog, table).find(({ ownerColumn }) => ownerColumn === column) ?? null;
}

/** The views and materialized views that read a relation, and those that read them. */
export function viewsOn(catalog: Catalog, relation: QualifiedName): readonly Relation[] {
  const found: Relation[] = [];
  const sources: QualifiedName[] = [relation];
  // The list grows while it is walked.
  for (const source of sources) {
    const views = catalog.relations.referrers(source).filter(({ kind, dependsOn }) =>
      isView(kind) && dependsOn.some((name) => isSame(name, source))
    );
    for (const view of views) {
      if (found.includes(view)) continue;
      found.push(view);
      sources.push(view);
    }
  }
  return found;
}

function isView(kind: Relation["kind"]): boolean {
  return kind === "view" || kind === "materialized-view";
}

/** Whether rows are in it: a partitioned table or a view has none of its own. */
export function hasRows({ kind }: Relation): boolean {
  return kind === "table" || kind === "materialized-view";
}
