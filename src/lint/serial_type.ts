/** `serial` and its kind, which are no types. */

import type { ColumnDef } from "libpg-query";
import { listedParts } from "../sql/identifiers.ts";

const SERIAL_TYPES: ReadonlyMap<string, string> = new Map([
  ["smallserial", "smallint"],
  ["serial2", "smallint"],
  ["serial", "integer"],
  ["serial4", "integer"],
  ["bigserial", "bigint"],
  ["serial8", "bigint"],
]);

/** The type that a serial column really has; null for any other column. */
export function serialType({ typeName }: ColumnDef): string | null {
  const [name, ...others] = listedParts(typeName?.names);
  return name !== undefined && others.length === 0 ? SERIAL_TYPES.get(name) ?? null : null;
}
