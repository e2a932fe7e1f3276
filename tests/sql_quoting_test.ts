import assert from "node:assert/strict";
import fc from "fast-check";
import postgres from "postgres";
import { identifier, literal, sql } from "../src/database/sql.ts";
import { sharedServers } from "./servers/mod.ts";

/** Text that is hard to quote. PostgreSQL has no NUL, and half a surrogate pair is not text. */
const hostile = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      "'",
      '"',
      "\\",
      "''",
      '""',
      "\\'",
      "E'",
      "U&",
      "$$",
      "--",
      "/*",
      "*/",
      ";",
      "\n",
      "\r\n",
      "\t",
      " ",
    ),
    fc.constantFrom(
      "a",
      "Z",
      "é",
      "ß",
      "\u0301",
      "🎉",
      "\u2028",
      "\ufeff",
      "\u0001",
      "\u007f",
      "\\+00e9",
      "\\0041",
      "%",
    ),
  ),
  maxLength: 15,
});

/** The longest name that PostgreSQL does not cut off. */
const MAX_NAME_BYTES = 63;

const name = hostile.filter((text) => text !== "" && new TextEncoder().encode(text).length <= MAX_NAME_BYTES);

for (const server of await sharedServers()) {
  for (const conforming of ["on", "off"]) {
    const session =
      `SET standard_conforming_strings = ${conforming}; SET backslash_quote = off; SET escape_string_warning = off`;

    Deno.test(`literal() means what it was made of on server ${server.version}, standard_conforming_strings ${conforming}`, async () => {
      const texts = ["", "\\", "'", "\\'", ...fc.sample(hostile, 300)];
      await using database = await server.createDatabase();
      const values = texts.map((text, index) => sql`(${index}, ${text})`.text).join(",");
      const rows = await database.query(`${session}; SELECT value FROM (VALUES ${values}) t(n, value) ORDER BY n`);
      assert.deepEqual(rows.map(({ value }) => value), texts);
    });

    Deno.test(`literal() may stand right behind a word on server ${server.version}, standard_conforming_strings ${conforming}`, async () => {
      // SELECT'a' is two words, and SELECTE'a\\b' would be one of another meaning.
      const [row] = await server.query(server.url(), `${session}; SELECT${literal("a\\b'c")} AS value`);
      assert.equal(row!.value, "a\\b'c");
    });

    Deno.test(`identifier() names what it was made of on server ${server.version}, standard_conforming_strings ${conforming}`, async () => {
      const names = [...new Set(["select", "A", "a", "\\", '"', "é", "\\é", ...fc.sample(name, 200)])];
      await using database = await server.createDatabase();
      const columns = names.map((name, index) => `${index} AS ${identifier(name)}`).join(", ");
      const [row] = await database.query(`${session}; SELECT row_to_json(t)::text AS json FROM (SELECT ${columns}) t`);
      assert.deepEqual(JSON.parse(String(row!.json)), Object.fromEntries(names.map((name, index) => [name, index])));
    });
  }

  Deno.test(`identifier() names the same table on server ${server.version} whatever client_encoding is set`, async () => {
    await using database = await server.createDatabase();
    const table = identifier("Größe");
    await database.query(`CREATE TABLE ${table} AS SELECT 7 AS n`);
    const client = postgres(database.url, { max: 1, prepare: false, fetch_types: false });
    try {
      for (const encoding of ["UTF8", "SQL_ASCII", "LATIN1", "SJIS"]) {
        // A message of its own: the encoding holds for those that come after.
        await client.unsafe(`SET client_encoding = '${encoding}'`);
        assert.deepEqual([...await client.unsafe(`SELECT n FROM ${table}`)], [{ n: 7 }], encoding);
      }
    } finally {
      await client.end();
    }
  });

  Deno.test(`sql writes numbers, booleans and NULL as server ${server.version} reads them`, async () => {
    const big = sql`CAST(${9223372036854775807n} AS text) AS big, CAST(${-9223372036854775808n} AS text) AS small`;
    const wide = sql`CAST(${1e21} AS numeric)::text AS wide`;
    const query = sql`SELECT ${big}, ${wide}, ${-1} AS minus, ${true} AS yes, ${false} AS no, ${null} AS nothing`;
    assert.deepEqual(await server.query(server.url(), query.text), [{
      big: "9223372036854775807",
      small: "-9223372036854775808",
      minus: -1,
      wide: "1000000000000000000000",
      yes: true,
      no: false,
      nothing: null,
    }]);
  });
}
