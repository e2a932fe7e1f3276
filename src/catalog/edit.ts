/** Changing a catalog: relations are values, so that a change puts another in its place. */

import {
  type Catalog,
  type Column,
  qualified,
  type QualifiedName,
  type Relation,
  type TableConstraint,
} from "./catalog.ts";
import { countsOn, nextValue } from "./sequence_default.ts";
import { findRelation, isSame } from "./resolve.ts";

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

/** Changes every relation that refers to another or to a type. */
export function changeReferrers(
  catalog: Catalog,
  name: QualifiedName,
  changed: (relation: Relation) => Partial<Relation>,
): void {
  for (const relation of catalog.relations.referrers(name)) put(catalog, { ...relation, ...changed(relation) });
}

export function addConstraint(catalog: Catalog, table: Relation, constraint: TableConstraint): void {
  change(catalog, table, ({ constraints }) => ({ constraints: [...constraints, constraint] }));
}

/** Gives a relation another name or schema, and that name to all that refer to it. Nothing is done where it is taken. */
export function moveRelation(catalog: Catalog, relation: Relation, { schema, name }: QualifiedName): void {
  const to = { schema, name };
  if (isSame(relation, to) || findRelation(catalog, to)?.known) return;
  const renamed = (one: QualifiedName): QualifiedName => isSame(one, relation) ? to : one;
  removeRelation(catalog, relation);
  put(catalog, { ...relation, ...to });
  changeReferrers(catalog, relation, (other) => withNames(other, renamed));
  if (relation.kind !== "sequence") return;
  for (const table of catalog.relations.counters(relation.name)) {
    change(catalog, table, ({ columns }) => ({
      columns: columns.map((one) => countsOn(one.default, relation) ? { ...one, default: nextValue(to) } : one),
    }));
  }
}

function withNames(relation: Relation, renamed: (one: QualifiedName) => QualifiedName): Partial<Relation> {
  const { index, parents, dependsOn, constraints, columns } = relation;
  return {
    index: index === null ? null : { ...index, table: renamed(index.table) },
    parents: parents.map(renamed),
    dependsOn: dependsOn.map(renamed),
    constraints: constraints.map((one) =>
      one.references === null ? one : { ...one, references: renamed(one.references) }
    ),
    columns: columns.map((one) =>
      one.type === null ? one : { ...one, type: { ...one.type, ...nameOf(renamed(one.type)) } }
    ),
  };
}

/** The name alone of what may have more in it. */
export function nameOf({ schema, name }: QualifiedName): QualifiedName {
  return { schema, name };
}
