/** Which names may be those of an extension that is not there. */

import { BUILTIN_FUNCTIONS } from "../catalog/builtin_functions.ts";
import type { MissingName } from "./missing_name.ts";

interface Brought {
  /** The schemas that it makes. */
  readonly schemas: readonly string[];
  /** Relations that it makes in the schema that it is put into. */
  readonly relations?: readonly string[];
  /** It makes nothing outside its schemas. */
  readonly closed?: boolean;
}

/** What extensions bring that people use most and the embedded PostgreSQL has not, by their own documentation. */
const KNOWN: ReadonlyMap<string, Brought> = new Map([
  ["pg_cron", { schemas: ["cron"], closed: true }],
  ["pg_net", { schemas: ["net"], closed: true }],
  ["pgmq", { schemas: ["pgmq"], closed: true }],
  ["pgsodium", { schemas: ["pgsodium", "pgsodium_masks"], closed: true }],
  ["supabase_vault", { schemas: ["vault"], closed: true }],
  ["vector", { schemas: [] }],
  ["http", { schemas: [] }],
  ["postgis", { schemas: [], relations: ["spatial_ref_sys", "geometry_columns", "geography_columns"] }],
  ["postgis_raster", { schemas: [], relations: ["raster_columns", "raster_overviews"] }],
  ["postgis_topology", { schemas: ["topology"] }],
  ["postgis_tiger_geocoder", { schemas: ["tiger", "tiger_data"] }],
  [
    "timescaledb",
    {
      schemas: [
        ...["_timescaledb_catalog", "_timescaledb_config", "_timescaledb_functions", "_timescaledb_internal"],
        ...["timescaledb_experimental", "timescaledb_information"],
      ],
    },
  ],
]);

/** Signs that every PostgreSQL has operators of: where none fits, it is the types of the migration that do not. */
const COMMON_SIGNS: ReadonlySet<string> = new Set([
  ...["=", "<>", "!=", "<", ">", "<=", ">=", "+", "-", "*", "/", "%", "^", "||", "~~", "!~~", "~", "!~", "~*", "!~*"],
]);

/** What only an extension adds to a database, beside types and functions. */
const ADDED: readonly string[] = [
  ...["access method", "collation", "language", "operator class", "operator family", "text search configuration"],
  ...["text search dictionary", "text search parser", "text search template"],
];

/**
 * Whether the name may be one that an extension makes, for all that is known of it.
 *
 * @param isOurs whether migrations have put anything into a schema
 */
export function mayBring(
  extension: string,
  { kind, word, schema, name }: MissingName,
  isOurs: (schema: string) => boolean,
): boolean {
  const brought = KNOWN.get(extension);
  const owns = (one: string) => brought === undefined || brought.schemas.includes(one);
  if (kind === "schema") return owns(name);
  if (kind === "other" && word === "extension") return name === extension;
  if (schema !== null && brought?.schemas.includes(schema)) return true;
  if (brought?.closed) return false;
  switch (kind) {
    case "relation":
      return (brought?.relations ?? []).includes(name) || name.startsWith(extension) ||
        brought === undefined && schema !== null && !isOurs(schema);
    case "function":
      return !BUILTIN_FUNCTIONS.has(name);
    case "operator":
      return !COMMON_SIGNS.has(name);
    case "type":
      return true;
    case "other":
      return ADDED.includes(word);
    default:
      return false;
  }
}
