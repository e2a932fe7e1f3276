/** Changing a catalog: relations are values, so that a change puts another in its place. */

import {
  type Catalog,
  type Column,
  qualified,
  type QualifiedName,
  type Relation,
  type TableConstraint,
} from "./catalog.ts";
import { findRelation } from "./resolve.ts";

/** Puts a relation under its name, in place of any that is there. */
export function put(catalog: Catalog, relation: Relation): void {
  catalog.relations.set(qualified(relation), relation);
}

/**
 * Changes a relation as it now is, which may be another value than the one that the caller has. One that is only taken
 * to exist comes into the catalog by it, with the little that is known of it then.
 */
export function change(
  catalog: Catalog,
  relation: Relation,
  changed: (now: Relation) => Partial<Relation>,
): void {
  const now = findRelation(catalog, relation) ?? relation;
  put(catalog, { ...now, ...changed(now) });
}

/** Changes one column, wherever the relation has it. One of a relation that is not known may be missing; it is left so. */
export function changeColumn(
  catalog: Catalog,
  relation: Relation,
  { name, ...changed }: { readonly name: string } & Partial<Omit<Column, "name">>,
): void {
  change(catalog, relation, ({ columns, known }) => ({
    columns: known || columns.some((column) => column.name === name)
      ? columns.map((column) => column.name === name ? { ...column, ...changed } : column)
      : [...columns, { ...unknownColumn(name), ...changed }],
  }));
}

/** A column of which nothing is known but its name. */
export function unknownColumn(name: string): Column {
  return { name, type: null, notNull: null, default: null, generated: null, identity: false };
}

export function removeRelation(catalog: Catalog, name: QualifiedName): void {
  catalog.relations.delete(qualified(name));
}

/** Changes every relation for which the change gives something; null leaves one as it is. */
export function changeEach(catalog: Catalog, changed: (relation: Relation) => Partial<Relation> | null): void {
  for (const relation of catalog.relations.values()) {
    const changes = changed(relation);
    if (changes !== null) put(catalog, { ...relation, ...changes });
  }
}

export function addConstraint(catalog: Catalog, table: Relation, constraint: TableConstraint): void {
  change(catalog, table, ({ constraints }) => ({ constraints: [...constraints, constraint] }));
}
