/** From types as SQL names them to the server's. */

import type { CollateClause, Node, TypeName } from "libpg-query";
import { listedParts } from "../sql/identifiers.ts";
import { BUILTIN_TYPES } from "./builtin_relations.ts";
import { type Catalog, type DataType, type MadeType, qualified, type QualifiedName } from "./catalog.ts";
import { creationSchema, findColumn, lookupPath, resolveRelation } from "./resolve.ts";

/** What the words of a column's type become that only CREATE TABLE and ADD COLUMN know. */
const SERIAL_NAMES: ReadonlyMap<string, string> = new Map([
  ["smallserial", "smallserial"],
  ["serial2", "smallserial"],
  ["serial", "serial"],
  ["serial4", "serial"],
  ["bigserial", "bigserial"],
  ["serial8", "bigserial"],
]);

/** The type of a column that is made with a serial type. */
export const SERIAL_TYPES: ReadonlyMap<string, string> = new Map([
  ["smallserial", "int2"],
  ["serial", "int4"],
  ["bigserial", "int8"],
]);

/**
 * The type that a name means, by its name in `pg_type`. `serial` and its kind stay as they are, in pg_catalog, by their
 * longer names; see {@link SERIAL_TYPES}. A type that nothing is known of is taken to be in the first schema of the
 * path, as those that extensions bring are.
 *
 * @returns null for the type of another column (`posts.id%TYPE`) that is not known
 */
export function resolveType(catalog: Catalog, type: TypeName, collation?: CollateClause): DataType | null {
  const parts = listedParts(type.names);
  if (type.pct_type) return typeOfColumn(catalog, parts);
  const name = typeNamed(catalog, parts);
  if (name === null) return null;
  const [collationName, collationSchema] = listedParts(collation?.collname).toReversed();
  return {
    ...name,
    modifiers: modifiersOf(name, type.typmods),
    dimensions: type.arrayBounds?.length ?? 0,
    collation: collationName ?? null,
    ...collationSchema === undefined ? {} : { collationSchema },
  };
}

/** The type that a list of names means: of the server's own, made by a statement, or of a table's rows. */
export function typeNamed(catalog: Catalog, parts: readonly string[]): QualifiedName | null {
  const name = parts.at(-1);
  if (name === undefined) return null;
  const given = parts.at(-2);
  if (given !== undefined) return { schema: given, name };
  const serial = SERIAL_NAMES.get(name);
  for (const schema of lookupPath(catalog)) {
    if (schema === "pg_catalog") {
      if (BUILTIN_TYPES.has(name)) return { schema, name };
      if (serial !== undefined) return { schema, name: serial };
    } else if (isType(catalog, { schema, name })) return { schema, name };
  }
  const schema = creationSchema(catalog);
  return schema === null ? null : { schema, name };
}

function isType(catalog: Catalog, name: QualifiedName): boolean {
  const key = qualified(name);
  return catalog.types.has(key) || catalog.relations.has(key);
}

/** The enum, domain or other type that a statement made; null for one of the server's own, or that nothing is known of. */
export function madeType(catalog: Catalog, type: QualifiedName): MadeType | null {
  return catalog.types.get(qualified(type)) ?? null;
}

function typeOfColumn(catalog: Catalog, parts: readonly string[]): DataType | null {
  const [schemaname, relname, column] = parts.length > 2 ? parts.slice(-3) : [undefined, ...parts.slice(-2)];
  if (relname === undefined || column === undefined) return null;
  const relation = resolveRelation(catalog, { ...(schemaname === undefined ? {} : { schemaname }), relname });
  return relation === null ? null : findColumn(relation, column)?.type ?? null;
}

function modifiersOf({ schema, name }: QualifiedName, typmods: readonly Node[] = []): readonly number[] {
  const given = typmods.flatMap((node) => "A_Const" in node && node.A_Const.ival ? [node.A_Const.ival.ival ?? 0] : []);
  if (schema !== "pg_catalog") return given;
  // A scale that is left out is 0.
  if (name === "numeric" && given.length === 1) return [...given, 0];
  // The first of them are the fields that it is limited to.
  return name === "interval" ? given.slice(1) : given;
}
