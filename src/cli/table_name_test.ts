import assert from "node:assert/strict";
import { parseTableName } from "./table_name.ts";

Deno.test("parseTableName() folds to lower case what is not quoted", () => {
  const cases: Record<string, [string | null, string]> = {
    "schema_migrations": [null, "schema_migrations"],
    "Public.Migrations": ["public", "migrations"],
    '"My Schema"."Table.1"': ["My Schema", "Table.1"],
    'App."a""b"': ["app", 'a"b'],
    "_x$1": [null, "_x$1"],
    "ÜBER.größe": ["Über", "größe"],
  };
  for (const [text, [schema, name]] of Object.entries(cases)) {
    assert.deepEqual(parseTableName(text, "--table"), { schema, name }, text);
  }
});

Deno.test("parseTableName() refuses what is no name of a table", () => {
  const texts = [
    "",
    ".",
    "a.",
    ".a",
    "a.b.c",
    "1a",
    "a-b",
    "a b",
    '"a',
    'a"',
    '""',
    'a.""',
    '"a"b',
    "a;drop table x",
    '"\0"',
  ];
  for (const text of texts) {
    assert.throws(() => parseTableName(text, "--table"), { code: "bad-table", exitCode: 2 }, text);
  }
});

Deno.test("parseTableName() counts the 63 bytes of a name in UTF-8", () => {
  assert.equal(parseTableName("é".repeat(31) + "x", "--table").name.length, 32);
  assert.throws(() => parseTableName("é".repeat(32), "--table"), /63 bytes/);
  assert.throws(() => parseTableName(`s.${"a".repeat(64)}`, "--table"), /63 bytes/);
});
