/**
 * Functions of the extensions that come with PostgreSQL, as far as they stand in defaults and expressions: read from
 * `pg_proc` after CREATE EXTENSION on 15. Names that anybody could give to a function of their own are left out.
 */

import type { Volatility } from "./builtin_functions.ts";

const VOLATILE = `uuid_generate_v1 uuid_generate_v1mc uuid_generate_v4 gen_random_bytes gen_random_uuid gen_salt
  pgp_pub_encrypt pgp_pub_encrypt_bytea pgp_sym_encrypt pgp_sym_encrypt_bytea normal_rand`;

const STABLE = "unaccent";

const IMMUTABLE =
  `uuid_generate_v3 uuid_generate_v5 uuid_nil uuid_ns_dns uuid_ns_oid uuid_ns_url uuid_ns_x500 armor crypt
  dearmor digest hmac citext hstore hstore_to_json hstore_to_jsonb cube levenshtein metaphone dmetaphone soundex
  similarity word_similarity strict_word_similarity show_trgm text2ltree ltree2text nlevel subpath subltree intset`;

/** Name to volatility. */
export const EXTENSION_FUNCTIONS: ReadonlyMap<string, Volatility> = new Map([
  ...IMMUTABLE.split(/\s+/).map((name) => [name, "immutable"] as const),
  [STABLE, "stable"] as const,
  ...VOLATILE.split(/\s+/).map((name) => [name, "volatile"] as const),
]);
