import type { DataType } from "../catalog/catalog.ts";
import { dotted, identifier } from "../sql/identifiers.ts";

/** The names by which SQL knows the server's own types, where they are others, or words that would be put in quotes. */
const SQL_NAMES: Readonly<Record<string, string>> = {
  bit: "bit",
  bool: "boolean",
  bpchar: "character",
  float4: "real",
  float8: "double precision",
  int2: "smallint",
  int4: "integer",
  int8: "bigint",
  interval: "interval",
  numeric: "numeric",
  time: "time",
  timestamp: "timestamp",
  varbit: "bit varying",
  varchar: "varchar",
};

/** A type as SQL: `numeric(10, 2)[]`. */
export function typeSql({ schema, name, modifiers, dimensions, collation, collationSchema }: DataType): string {
  const own = schema === "pg_catalog" ? builtinTypeSql(name) : dotted([schema, name]);
  const limits = modifiers.length === 0 ? "" : `(${modifiers.join(", ")})`;
  const order = collation === null
    ? ""
    : ` COLLATE ${dotted([...collationSchema === undefined ? [] : [collationSchema], collation])}`;
  return `${own}${limits}${"[]".repeat(dimensions)}${order}`;
}

/** A type of the server's own, by its name in `pg_type`. */
export function builtinTypeSql(name: string): string {
  return SQL_NAMES[name] ?? identifier(name);
}
