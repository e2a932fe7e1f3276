import assert from "node:assert/strict";
import { missingNeed } from "./missing_need.ts";

/** As the embedded PostgreSQL says it. */
const NEEDS: readonly (readonly [string, string, string, string?])[] = [
  ["0A000", 'extension "postgis" is not available', "the extension postgis"],
  [
    "22023",
    'extension "citext" has no installation script nor update path for version "99"',
    "version 99 of the extension citext",
  ],
  [
    "22023",
    'extension "citext" has no update path from version "1.6" to version "2.0"',
    "version 2.0 of the extension citext",
  ],
  ["42704", 'role "web app" does not exist', "the role web app"],
  ["22023", 'role "web" does not exist', "the role web"],
  ["3D000", 'database "app" does not exist', "the database app"],
  ["42704", 'tablespace "fast" does not exist', "the tablespace fast"],
  [
    "22023",
    'invalid value for parameter "default_tablespace": "fast"',
    "the tablespace fast",
    'Tablespace "fast" does not exist.',
  ],
  ["58P01", 'directory "/mnt/fast" does not exist', "the directory /mnt/fast"],
  ["42704", 'language "plperl" does not exist', "the language plperl"],
  ["42704", 'collation "de_DE" for encoding "UTF8" does not exist', "the collation de_DE"],
  ["42704", 'access method "rum" does not exist', "the access method rum"],
  ["42704", 'foreign-data wrapper "postgres_fdw" does not exist', "the foreign-data wrapper postgres_fdw"],
  ["42704", 'unrecognized configuration parameter "app.tenant"', "the setting app.tenant"],
  [
    "55000",
    'pg_stat_statements must be loaded via "shared_preload_libraries"',
    "the setting shared_preload_libraries = pg_stat_statements",
  ],
  ["55000", 'logical decoding requires "wal_level" >= "logical"', "the setting wal_level = logical"],
  ["58P01", 'could not access file "foo": No such file or directory', "the library foo"],
  [
    "58P01",
    'could not load library "/pglite/lib/postgresql/dict_snowball.so": Could not load dynamic lib: /pglite/lib/x.so',
    "the library dict_snowball",
  ],
  [
    "XX000",
    'incompatible library "/pglite/lib/utf8_and_iso8859_1.so": missing magic block',
    "the library utf8_and_iso8859_1",
  ],
  ["58P01", 'could not open file "/data/rows.csv" for reading: No such file or directory', "the file /data/rows.csv"],
  ["58P01", 'could not open server file "/x": No such file or directory', "the file /x"],
  ["F0000", 'could not open dictionary file "/pglite/share/tsearch_data/foo.dict": No such file', "the file foo.dict"],
  [
    "0A000",
    "compression method lz4 not supported",
    "support for lz4",
    "This functionality requires the server to be built with lz4 support.",
  ],
  ["22023", 'security label provider "selinux" is not loaded', "the security label provider selinux"],
];

for (const [sqlstate, message, need, detail] of NEEDS) {
  Deno.test(`missingNeed() finds ${need} in: ${message}`, () => {
    assert.equal(missingNeed(message, detail === undefined ? { sqlstate } : { sqlstate, detail }), need);
  });
}

for (
  const [sqlstate, message] of [
    ["42P01", 'relation "posts" does not exist'],
    ["42704", 'type "geometry" does not exist'],
    ["42883", "function nope() does not exist"],
    ["42601", 'syntax error at or near "role"'],
    // A migration that raises it with a code of its own.
    ["P0001", 'role "web" does not exist'],
    ["0A000", "cannot alter type of a column used by a view or rule"],
    ["22023", 'invalid value for parameter "TimeZone": "Nope/Nope"'],
  ] as const
) {
  Deno.test(`missingNeed() lets the migration answer for: ${message} [${sqlstate}]`, () => {
    assert.equal(missingNeed(message, { sqlstate }), null);
  });
}
