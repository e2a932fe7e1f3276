/** From names as SQL has them to what the server would find under them. */

import type { Node, RangeVar } from "libpg-query";
import { listedParts } from "../sql/identifiers.ts";
import { BUILTIN_RELATIONS, isSystemSchema } from "./builtin_relations.ts";
import {
  type Catalog,
  type Column,
  qualified,
  type QualifiedName,
  type Relation,
  type RelationKind,
} from "./catalog.ts";

/** The schema of temporary tables, as names are kept here; a server numbers it by session. */
export const TEMPORARY_SCHEMA = "pg_temp";

export interface ResolveOptions {
  /** What kind of relation one that is taken to exist is taken for: a table without this option. */
  readonly expected?: RelationKind;
}

/**
 * The relation that a name means, as the server would look it up.
 *
 * Where the catalog is not whole, a name that nothing stands under is taken to exist, in the schema that the statement
 * names or else in the first of the path: `known` is false then. Relations of the server's own are always taken so.
 *
 * @returns null where the server would say that there is no such relation
 */
export function resolveRelation(catalog: Catalog, name: RangeVar, options: ResolveOptions = {}): Relation | null {
  return resolveParts(catalog, [name.schemaname, name.relname], options);
}

/** The same for a name that the tree holds as a list of strings, as DROP and COMMENT do. */
export function resolveListed(
  catalog: Catalog,
  names: readonly Node[] | undefined,
  options: ResolveOptions = {},
): Relation | null {
  const parts = listedParts(names);
  return resolveParts(catalog, [parts.at(-2), parts.at(-1)], options);
}

function resolveParts(
  catalog: Catalog,
  [schema, name]: readonly [schema: string | undefined, name: string | undefined],
  { expected = "table" }: ResolveOptions,
): Relation | null {
  if (name === undefined) return null;
  if (schema !== undefined) {
    return findRelation(catalog, { schema, name }) ?? taken(catalog, { schema, name }, expected);
  }
  for (const schema of lookupPath(catalog)) {
    const found = catalog.relations.hasSchema(schema) ? findRelation(catalog, { schema, name }) : null;
    if (found !== null) return found;
    if (schema === "pg_catalog" && BUILTIN_RELATIONS.has(name)) return unknownRelation({ schema, name }, expected);
  }
  const first = creationSchema(catalog);
  return first === null ? null : taken(catalog, { schema: first, name }, expected);
}

/** The schemas in which the server looks a relation or a type up: two that the path need not name come first. */
export function lookupPath({ searchPath }: Catalog): readonly string[] {
  const implicit = [TEMPORARY_SCHEMA, "pg_catalog"].filter((schema) => !searchPath.includes(schema));
  return [...implicit, ...searchPath];
}

/** The schema in which a new object without one is made; null where the path names none. */
export function creationSchema({ searchPath }: Catalog): string | null {
  return searchPath.find((schema) => !isSystemSchema(schema)) ?? null;
}

/** The name that a relation would get that a statement makes; null where no schema is there to make it in. */
export function newName(catalog: Catalog, { schemaname, relname, relpersistence }: RangeVar): QualifiedName | null {
  if (relname === undefined) return null;
  if (relpersistence === "t") return { schema: TEMPORARY_SCHEMA, name: relname };
  const schema = schemaname ?? creationSchema(catalog);
  return schema === null ? null : { schema, name: relname };
}

/** The same for a type, a domain or a function, whose name the tree holds as a list of strings. */
export function newListedName(catalog: Catalog, names: readonly Node[] | undefined): QualifiedName | null {
  const parts = listedParts(names);
  const name = parts.at(-1);
  const schema = parts.at(-2) ?? creationSchema(catalog);
  return schema === null || name === undefined ? null : { schema, name };
}

/** The relation of exactly this name; null where the catalog has none. */
export function findRelation(catalog: Catalog, name: QualifiedName): Relation | null {
  return catalog.relations.get(qualified(name)) ?? null;
}

/** A column by its name; null for one that is not there, or not known to be. */
export function findColumn(relation: Relation, name: string): Column | null {
  return relation.columns.find((column) => column.name === name) ?? null;
}

/** The indexes of a table, those of constraints included. */
export function indexesOf(catalog: Catalog, table: QualifiedName): readonly Relation[] {
  return catalog.relations.referrers(table).filter(({ index }) => index !== null && isSame(index.table, table));
}

/** The tables that inherit directly from a table: for a partitioned one its partitions. */
export function childrenOf(catalog: Catalog, table: QualifiedName): readonly Relation[] {
  return catalog.relations.referrers(table).filter(({ parents }) => parents.some((parent) => isSame(parent, table)));
}

/** The sequences that belong to columns of a table. */
export function ownedSequences(catalog: Catalog, table: QualifiedName): readonly Relation[] {
  return catalog.relations.referrers(table).filter(({ kind }) => kind === "sequence");
}

/** A table and all that inherit from it, at any depth, itself first. */
export function withDescendants(catalog: Catalog, table: Relation): readonly Relation[] {
  const found = [table];
  // The list grows while it is walked.
  for (const one of found) {
    for (const child of childrenOf(catalog, one)) if (!found.includes(child)) found.push(child);
  }
  return found;
}

/** The relations for which something holds; it looks at every one. See also `catalog.relations.referrers`. */
export function relationsWhere(catalog: Catalog, holds: (relation: Relation) => boolean): readonly Relation[] {
  const found: Relation[] = [];
  for (const relation of catalog.relations.values()) if (holds(relation)) found.push(relation);
  return found;
}

/** Whether two names are of one object. */
export function isSame(one: QualifiedName, other: QualifiedName): boolean {
  return one.name === other.name && one.schema === other.schema;
}

function taken(catalog: Catalog, name: QualifiedName, kind: RelationKind): Relation | null {
  const exists = !catalog.isWhole && name.schema !== TEMPORARY_SCHEMA || isSystemSchema(name.schema);
  return exists ? unknownRelation(name, kind) : null;
}

/** A relation of which nothing is known but its name. */
export function unknownRelation({ schema, name }: QualifiedName, kind: RelationKind): Relation {
  return { ...emptyRelation({ schema, name }, kind), known: false };
}

/** A relation with nothing in it, to be filled. */
export function emptyRelation({ schema, name }: QualifiedName, kind: RelationKind): Relation {
  return {
    schema,
    name,
    kind,
    persistence: schema === TEMPORARY_SCHEMA ? "temporary" : "permanent",
    madeBy: null,
    known: true,
    columns: [],
    constraints: [],
    parents: [],
    partition: null,
    partitionKey: null,
    index: null,
    dependsOn: [],
    ownerColumn: null,
    rows: null,
    bytes: null,
  };
}
