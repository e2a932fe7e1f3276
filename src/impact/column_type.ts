/** Which changes of a column's type leave its table as it is. */

import type { DataType } from "../catalog/catalog.ts";

export interface TypeChange {
  readonly from: DataType;
  readonly to: DataType;
  /** The new type is a domain with constraints: every row must be checked against them. */
  readonly toConstrainedDomain: boolean;
  /** What the types are over, where they are domains. */
  readonly fromBase: DataType;
  readonly toBase: DataType;
  readonly timeZoneIsUtc: boolean;
}

/** The type modifier's first number means a length or precision, which may grow; no number is the most. */
const LENGTHS: ReadonlySet<string> = new Set([
  "varchar",
  "varbit",
  "interval",
  "timestamp",
  "timestamptz",
  "time",
  "timetz",
]);

/** The casts that do nothing (`pg_cast.castmethod = 'b'`) between types that columns have. */
const BINARY: ReadonlySet<string> = new Set(
  `text>varchar varchar>text cidr>inet xml>text xml>varchar int4>oid oid>int4 regclass>oid oid>regclass regproc>oid
  oid>regproc regtype>oid oid>regtype regrole>oid oid>regrole regnamespace>oid oid>regnamespace bit>varbit varbit>bit
  int4>regclass int4>regtype`.split(/\s+/),
);

/** Whether ALTER COLUMN TYPE without USING keeps the rows as they are. */
export function keepsRows(change: TypeChange): boolean {
  const { fromBase, toBase, toConstrainedDomain } = change;
  if (toConstrainedDomain || fromBase.dimensions > 0 !== toBase.dimensions > 0) return false;
  const [from, to] = [fromBase.modifiers, toBase.modifiers];
  // The elements of an array are cast one by one, even where the cast does nothing.
  if (fromBase.dimensions > 0) return sameType(fromBase, toBase) && String(from) === String(to);
  return sameType(fromBase, toBase) ? isWider(fromBase.name, { from, to }) : isBinary(change);
}

function sameType(one: DataType, other: DataType): boolean {
  return one.name === other.name && one.schema === other.schema;
}

function isBinary({ fromBase, toBase, timeZoneIsUtc }: TypeChange): boolean {
  if (fromBase.schema !== "pg_catalog" || toBase.schema !== "pg_catalog") return false;
  const cast = `${fromBase.name}>${toBase.name}`;
  // In UTC the two have the same bits: a special case of the server's own.
  if (cast === "timestamp>timestamptz" || cast === "timestamptz>timestamp") {
    return timeZoneIsUtc && toBase.modifiers.length === 0;
  }
  return BINARY.has(cast) && toBase.modifiers.length === 0;
}

function isWider(
  type: string,
  { from, to }: { readonly from: readonly number[]; readonly to: readonly number[] },
): boolean {
  if (String(from) === String(to) || to.length === 0) return true;
  if (from.length === 0) return false;
  if (type === "numeric") return (to[1] ?? 0) === (from[1] ?? 0) && to[0]! >= from[0]!;
  return LENGTHS.has(type) && from.length === 1 && to.length === 1 && to[0]! >= from[0]!;
}
