import assert from "node:assert/strict";
import fc from "fast-check";
import { MAX_VERSION, nameInSentence, parseFileName } from "./file_name.ts";

/** Names near the line between migrations and other files. */
const nearName = fc.string({
  unit: fc.constantFrom("0", "1", "9", "_", ".", "sql", ".sql", "a", "é", " ", "'", "\n", "/", "-", "٣", "۱"),
  maxLength: 8,
});

Deno.test("parseFileName() reads number and title of NNN_name.sql", () => {
  const cases: readonly (readonly [string, bigint, string, string])[] = [
    ["001_create_users.sql", 1n, "001", "create_users"],
    ["1_a.sql", 1n, "1", "a"],
    ["20261122151000_wide.sql", 20261122151000n, "20261122151000", "wide"],
    ["000_zero.sql", 0n, "000", "zero"],
    ["9007199254740993_past_2_to_the_53.sql", 9007199254740993n, "9007199254740993", "past_2_to_the_53"],
    ["9223372036854775807_last.sql", MAX_VERSION, "9223372036854775807", "last"],
    ["9223372036854775808_past.sql", MAX_VERSION + 1n, "9223372036854775808", "past"],
    [`${"9".repeat(200)}_a.sql`, 10n ** 200n - 1n, "9".repeat(200), "a"],
    ["1__.sql", 1n, "1", "_"],
    ["1_2_3.sql", 1n, "1", "2_3"],
    ["1_a.sql.sql", 1n, "1", "a.sql"],
    ['1_it\'s a "name"\nof two lines.sql', 1n, "1", 'it\'s a "name"\nof two lines'],
    ["1_überraschung 🎉.sql", 1n, "1", "überraschung 🎉"],
  ];
  for (const [name, version, digits, title] of cases) assert.deepEqual(parseFileName(name), { version, digits, title });
});

Deno.test("parseFileName() gives null for what is not a migration", () => {
  const names = [
    "",
    ".sql",
    "_.sql",
    "1_.sql",
    "1.sql",
    "1-a.sql",
    "a_1.sql",
    "schema_migrations.sql",
    "V1__flyway.sql",
    "001_a.SQL",
    "001_a.sql ",
    "001_a.sql\n",
    "001_a.sql~",
    "001_a.sql.orig",
    ".001_a.sql",
    " 001_a.sql",
    "-1_a.sql",
    "+1_a.sql",
    "0x1_a.sql",
    "1e3_a.sql",
    "1,000_a.sql",
    "٣_arabic_digit.sql",
    "１_full_width_digit.sql",
  ];
  for (const name of names) assert.equal(parseFileName(name), null, JSON.stringify(name));
});

Deno.test("parseFileName() reads back every number and title it could be made of", () => {
  const digits = fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: 1, maxLength: 40 });
  const title = fc.oneof(
    fc.array(fc.nat(0xffff), { minLength: 1 }).map((units) => String.fromCharCode(...units)),
    nearName.filter((name) => name !== ""),
  );
  fc.assert(fc.property(digits, title, (digits, title) => {
    assert.deepEqual(parseFileName(`${digits}_${title}.sql`), { version: BigInt(digits), digits, title });
  }));
});

Deno.test("parseFileName() takes a name only when number, title and ending are the whole of it", () => {
  fc.assert(
    fc.property(nearName, (name) => {
      const parsed = parseFileName(name);
      // The definition said another way, without a regular expression.
      const number = name.slice(0, Math.max(0, name.indexOf("_")));
      const isMigration = number !== "" && [...number].every((character) => "0123456789".includes(character)) &&
        name.endsWith(".sql") && name.length > number.length + "_.sql".length;
      assert.equal(parsed !== null, isMigration, JSON.stringify(name));
      if (parsed !== null) assert.equal(`${parsed.digits}_${parsed.title}.sql`, name);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("nameInSentence() keeps a name on one line", () => {
  assert.equal(nameInSentence("001_größe it's.sql"), "001_größe it's.sql");
  assert.equal(nameInSentence("1_a\n\x1b[2J.sql"), '"1_a\\n\\u001b[2J.sql"');
});
