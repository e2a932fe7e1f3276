/** A value for rows that are there, which most programs can do with. */

import type { Catalog, DataType } from "../catalog/catalog.ts";
import { madeType } from "../catalog/resolve_type.ts";
import { literal } from "../sql/identifiers.ts";

/** By type: nothing, as far as the type has it. None of them is volatile. */
const NEUTRAL: ReadonlyMap<string, string> = new Map([
  ...["text", "varchar", "bpchar", "citext", "bytea"].map((name) => [name, "''"] as const),
  ...["int2", "int4", "int8", "numeric", "float4", "float8", "money"].map((name) => [name, "0"] as const),
  ...["json", "jsonb", "hstore"].map((name) => [name, name === "hstore" ? "''" : "'{}'"] as const),
  ...["timestamptz", "timestamp"].map((name) => [name, "now()"] as const),
  ["date", "current_date"],
  ["interval", "'0'"],
  ["bool", "false"],
]);

/** A neutral value of a type as SQL, of an enum the first; null where there is none. */
export function neutralValue(type: DataType, catalog: Catalog): string | null {
  if (type.dimensions > 0) return "'{}'";
  const made = madeType(catalog, type);
  if (made === null) return NEUTRAL.get(type.name) ?? null;
  const [first] = made.kind === "enum" ? made.values : [];
  return first === undefined ? null : literal(first.value);
}
