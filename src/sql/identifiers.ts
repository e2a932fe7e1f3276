/** Names as SQL text. */

import type { Node, RangeVar } from "libpg-query";

/** The words that PostgreSQL 18 does not take for every name without quotes: `pg_get_keywords()` where catcode <> 'U'. */
const QUOTED_KEYWORDS: ReadonlySet<string> = new Set(
  `all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both case cast char
  character check coalesce collate collation column concurrently constraint create cross current_catalog current_date
  current_role current_schema current_time current_timestamp current_user dec decimal default deferrable desc distinct do
  else end except exists extract false fetch float for foreign freeze from full grant greatest group grouping having ilike
  in initially inner inout int integer intersect interval into is isnull join json json_array json_arrayagg json_exists
  json_object json_objectagg json_query json_scalar json_serialize json_table json_value lateral leading least left like
  limit localtime localtimestamp merge_action national natural nchar none normalize not notnull null nullif numeric offset
  on only or order out outer overlaps overlay placing position precision primary real references returning right row select
  session_user setof similar smallint some substring symmetric system_user table tablesample then time timestamp to
  trailing treat trim true union unique user using values varchar variadic verbose when where window with xmlattributes
  xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable`.split(/\s+/),
);

/** A name as the server knows it, as SQL: in quotes only where it needs them. */
export function identifier(name: string): string {
  const plain = /^[a-z_][a-z0-9_]*$/.test(name) && !QUOTED_KEYWORDS.has(name);
  return plain ? name : `"${name.replaceAll('"', '""')}"`;
}

/** A string as a SQL literal that does not depend on standard_conforming_strings. */
export function literal(value: string): string {
  const quoted = value.replaceAll("'", "''");
  return quoted.includes("\\") ? `E'${quoted.replaceAll("\\", "\\\\")}'` : `'${quoted}'`;
}

/** The name of a table or what is named like one, qualified as it was written. */
export function relationName({ catalogname, schemaname, relname }: RangeVar): string {
  return dotted([catalogname, schemaname, relname]);
}

/** A qualified name that the tree holds as a list of strings. */
export function listedName(names: readonly Node[] | undefined): string {
  return dotted(listedParts(names));
}

export function listedParts(names: readonly Node[] | undefined): readonly string[] {
  return (names ?? []).map((name) => "String" in name ? name.String.sval ?? "" : "");
}

export function dotted(parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined).map(identifier).join(".");
}
