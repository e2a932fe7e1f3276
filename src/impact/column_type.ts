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
  `text>varchar varchar>text text>bpchar varchar>bpchar cidr>inet xml>text xml>varchar int4>oid oid>int4 regclass>oid oid>regclass regproc>oid
  oid>regproc regtype>oid oid>regtype regrole>oid oid>regrole regnamespace>oid oid>regnamespace bit>varbit varbit>bit
  int4>regclass int4>regtype`.split(/\s+/),
);

/** Precisions of these are 6 at most, which is the same as none. */
const TIMES: ReadonlySet<string> = new Set(["interval", "timestamp", "timestamptz", "time", "timetz"]);

/** Whether ALTER COLUMN TYPE without USING keeps the rows as they are. */
export function keepsRows(change: TypeChange): boolean {
  const { from, to, fromBase, toBase, toConstrainedDomain } = change;
  const isSame = sameType(from, to) && String(from.modifiers) === String(to.modifiers);
  if (isSame && from.dimensions > 0 === to.dimensions > 0) return true;
  if (toConstrainedDomain || fromBase.dimensions > 0 !== toBase.dimensions > 0) return false;
  const limits = {
    // A domain's values are taken for ones of its base type without a limit, whatever limit the domain sets.
    from: sameType(from, fromBase) ? fromBase.modifiers : [],
    to: TIMES.has(toBase.name) && String(toBase.modifiers) === "6" ? [] : toBase.modifiers,
  };
  if (fromBase.dimensions > 0) {
    // The elements of an array are cast one by one, even where the cast does nothing.
    return sameType(fromBase, toBase) && (limits.to.length === 0 || String(limits.from) === String(limits.to));
  }
  return sameType(fromBase, toBase) ? isWider(fromBase.name, limits) : isBinary(change);
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
  // Instead of a precision, an interval may be limited to fields, as in HOUR TO MINUTE: a number that is larger.
  if (type === "interval" && to[0]! > 6) return false;
  if (type === "numeric") return (to[1] ?? 0) === (from[1] ?? 0) && to[0]! >= from[0]!;
  return LENGTHS.has(type) && from.length === 1 && to.length === 1 && to[0]! >= from[0]!;
}
