/** Types and domains. */

import type {
  AlterDomainStmt,
  AlterEnumStmt,
  CompositeTypeStmt,
  CreateDomainStmt,
  CreateRangeStmt,
  Node,
} from "libpg-query";
import { listedParts } from "../sql/identifiers.ts";
import { option } from "../sql/option_values.ts";
import { type Catalog, type DataType, type MadeType, qualified, type QualifiedName } from "./catalog.ts";
import { changeReferrers, nameOf, put, removeRelation } from "./edit.ts";
import { putFunction } from "./replay_function.ts";
import { emptyRelation, findRelation, isSame, newListedName, newName } from "./resolve.ts";
import { madeType, resolveType, typeNamed } from "./resolve_type.ts";

/** CREATE TYPE of any kind but a composite one and a range. */
export function replayCreateType(
  catalog: Catalog,
  names: readonly Node[] | undefined,
  made: Pick<MadeType, "kind" | "madeBy"> & Partial<MadeType>,
): void {
  const name = newListedName(catalog, names);
  if (name === null) return;
  const before = madeType(catalog, name);
  // A shell type is filled by a second statement.
  if (before !== null && before.kind !== "other") return;
  catalog.types.set(qualified(name), { ...name, values: [], base: null, constrained: false, ...made });
}

/** A range type comes with one of several ranges, and with functions that make values of both. */
export function replayCreateRange(catalog: Catalog, { typeName, params }: CreateRangeStmt, by: bigint | null): void {
  const name = newListedName(catalog, typeName);
  const subtype = typeOption(catalog, params, "subtype");
  if (name === null || subtype === null) return;
  const given = typeOption(catalog, params, "multirange_type_name");
  const several = given === null ? { schema: name.schema, name: multirangeName(name.name) } : nameOf(given);
  for (const one of [name, several]) {
    if (madeType(catalog, one) !== null) continue;
    catalog.types.set(qualified(one), {
      ...one,
      kind: "range",
      madeBy: by,
      values: [],
      base: null,
      constrained: false,
    });
  }
  const bound = qualified(subtype) + (subtype.dimensions > 0 ? "[]" : "");
  for (const types of [[bound, bound], [bound, bound, "pg_catalog.text"]]) putMaker(catalog, name, { types, by });
  for (const types of [[], [qualified(name)], [`${qualified(name)}[]`]]) putMaker(catalog, several, { types, by });
}

function typeOption(catalog: Catalog, params: readonly Node[] | undefined, name: string): DataType | null {
  const arg = option(params, name)?.arg;
  return arg !== undefined && "TypeName" in arg ? resolveType(catalog, arg.TypeName) : null;
}

/** `floatrange` has `floatmultirange`, `span` has `span_multirange`. */
function multirangeName(range: string): string {
  return range.includes("range") ? range.replace("range", "multirange") : `${range}_multirange`;
}

function putMaker(
  catalog: Catalog,
  { schema, name }: QualifiedName,
  { types, by }: { readonly types: readonly string[]; readonly by: bigint | null },
): void {
  putFunction(catalog, { schema, name, volatility: "immutable", kind: "function", arguments: types, madeBy: by });
}

/** A composite type is a relation too: ALTER TYPE … ADD ATTRIBUTE works on its columns. */
export function replayCompositeType(catalog: Catalog, node: CompositeTypeStmt, by: bigint | null): void {
  const name = node.typevar === undefined ? null : newName(catalog, node.typevar);
  if (name === null || findRelation(catalog, name) !== null || madeType(catalog, name) !== null) return;
  catalog.types.set(qualified(name), {
    ...name,
    kind: "composite",
    madeBy: by,
    values: [],
    base: null,
    constrained: false,
  });
  const columns = (node.coldeflist ?? []).flatMap((element) => {
    if (!("ColumnDef" in element)) return [];
    const { colname = "", typeName, collClause } = element.ColumnDef;
    const type = typeName === undefined ? null : resolveType(catalog, typeName, collClause);
    return [{ name: colname, type, notNull: false, default: null, generated: null, identity: false }];
  });
  put(catalog, { ...emptyRelation(name, "composite-type"), madeBy: by, columns });
}

export function replayCreateDomain(catalog: Catalog, node: CreateDomainStmt, by: bigint | null): void {
  const base = node.typeName === undefined ? null : resolveType(catalog, node.typeName, node.collClause);
  const own = (node.constraints ?? []).some((one) =>
    "Constraint" in one && (one.Constraint.contype === "CONSTR_CHECK" || one.Constraint.contype === "CONSTR_NOTNULL")
  );
  const constrained = own || (base !== null && madeType(catalog, base)?.constrained === true);
  replayCreateType(catalog, node.domainname, { kind: "domain", madeBy: by, base, constrained });
}

/**
 * ALTER DOMAIN. How many constraints a domain has is not kept: one that loses one may still have another, and is taken
 * to, since that is what makes the difference for those who use it.
 */
export function replayAlterDomain(catalog: Catalog, { typeName, subtype }: AlterDomainStmt): void {
  const name = typeNamed(catalog, listedParts(typeName));
  const domain = name === null ? null : madeType(catalog, name);
  // C: ADD CONSTRAINT, O: SET NOT NULL (`AlterDomainStmt.subtype` of the parser).
  if (domain === null || subtype !== "C" && subtype !== "O") return;
  constrain(catalog, domain);
}

function constrain(catalog: Catalog, domain: MadeType): void {
  catalog.types.set(qualified(domain), { ...domain, constrained: true });
  for (const other of [...catalog.types.values()]) {
    if (other.base !== null && isSame(other.base, domain) && !other.constrained) constrain(catalog, other);
  }
}

/** ALTER TYPE … ADD VALUE and RENAME VALUE. */
export function replayAlterEnum(catalog: Catalog, node: AlterEnumStmt, by: bigint | null): void {
  const name = typeNamed(catalog, listedParts(node.typeName));
  const type = name === null ? null : madeType(catalog, name);
  const { oldVal, newVal, newValNeighbor, newValIsAfter } = node;
  if (type === null || newVal === undefined || type.values.some(({ value }) => value === newVal)) return;
  if (oldVal !== undefined) {
    const values = type.values.map((one) => one.value === oldVal ? { ...one, value: newVal } : one);
    catalog.types.set(qualified(type), { ...type, values });
    return;
  }
  const neighbour = type.values.findIndex(({ value }) => value === newValNeighbor);
  const at = neighbour === -1 ? type.values.length : neighbour + (newValIsAfter ? 1 : 0);
  catalog.types.set(qualified(type), { ...type, values: type.values.toSpliced(at, 0, { value: newVal, addedBy: by }) });
}

/** Gives a type another name or schema, and that name to the columns and domains that have it. */
export function moveType(catalog: Catalog, type: MadeType, { schema, name }: QualifiedName): void {
  const to = { schema, name };
  if (madeType(catalog, to) !== null) return;
  catalog.types.delete(qualified(type));
  catalog.types.set(qualified(to), { ...type, ...to });
  const row = findRelation(catalog, type);
  if (row !== null) {
    removeRelation(catalog, row);
    put(catalog, { ...row, ...to });
  }
  changeReferrers(catalog, type, ({ columns }) => ({
    columns: columns.map((column) =>
      column.type !== null && isSame(column.type, type) ? { ...column, type: { ...column.type, ...to } } : column
    ),
  }));
  for (const other of [...catalog.types.values()]) {
    if (other.base === null || !isSame(other.base, type)) continue;
    catalog.types.set(qualified(other), { ...other, base: { ...other.base, ...to } });
  }
}
