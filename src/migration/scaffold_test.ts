import assert from "node:assert/strict";
import fc from "fast-check";
import { Failure } from "../errors/failure.ts";
import { parse } from "../sql/parser.ts";
import { readDirectives } from "./directives.ts";
import { newestOf, newText, nextDigits, revertText, slug, timestampDigits } from "./scaffold.ts";

async function reverted(text: string, name = "004_x.sql"): Promise<string> {
  const outcome = await parse(text);
  return revertText({ name, text, statements: outcome.kind === "statements" ? outcome.statements : null });
}

/** The statements that a text would run. */
async function run(text: string): Promise<readonly string[]> {
  const outcome = await parse(text);
  assert.ok(outcome.kind === "statements", JSON.stringify(outcome));
  return outcome.statements.map(({ text }) => text);
}

function throwsFailure(call: () => unknown, code: string): void {
  assert.throws(call, (error) => error instanceof Failure && error.code === code && error.exitCode === 2);
}

Deno.test("nextDigits() starts at 001 where there is no migration", () => {
  assert.equal(nextDigits([], "m"), "001");
  assert.equal(nextDigits(["README.md", "schema_migrations.sql", "5.sql"], "m"), "001");
});

Deno.test("nextDigits() follows the newest file in number and padding, whatever the order of names", () => {
  assert.equal(nextDigits(["009_a.sql", "010_b.sql", "2_c.sql"], "m"), "011");
  assert.equal(nextDigits(["9_a.sql"], "m"), "10");
  assert.equal(nextDigits(["999_a.sql"], "m"), "1000");
  assert.equal(nextDigits(["0001_a.sql", "7_b.sql"], "m"), "8");
  assert.equal(nextDigits(["20261122151000_a.sql", "3_b.sql"], "m"), "20261122151001");
});

Deno.test("nextDigits() fails past the last version that PostgreSQL's BIGINT holds", () => {
  assert.equal(nextDigits(["9223372036854775806_a.sql"], "m"), "9223372036854775807");
  const exhausted = () => nextDigits(["9223372036854775807_a.sql"], "m");
  throwsFailure(exhausted, "versions-exhausted");
  assert.throws(exhausted, ({ details }: Failure) => details.file === "m/9223372036854775807_a.sql");
});

Deno.test("newestOf() finds the highest version as a number", () => {
  assert.equal(newestOf(["9_a.sql", "10_b.sql", "x"])?.name, "10_b.sql");
  assert.equal(newestOf([]), null);
});

Deno.test("timestampDigits() writes the time in UTC to the second", () => {
  assert.equal(timestampDigits(new Date("2026-01-02T23:04:05.678-03:00")), "20260103020405");
});

Deno.test("slug() keeps letters, digits and single underscores", () => {
  const cases = {
    "Add email to Users!": "add_email_to_users",
    "  create--users__table ": "create_users_table",
    "Größe für Çağ, ﬁ": "grosse_fur_cag_fi",
    "add_users.sql": "add_users",
    "v2/../../etc/passwd": "v2_etc_passwd",
    "日本 tables": "tables",
    "42": "42",
  };
  for (const [title, expected] of Object.entries(cases)) assert.equal(slug(title), expected);
});

Deno.test("slug() fails when nothing is left", () => {
  for (const title of ["", "  ", "日本", "!?", ".sql", "_"]) throwsFailure(() => slug(title), "empty-name");
});

Deno.test("slug() gives what is safe in any file name, or fails", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (title) => {
    try {
      assert.match(slug(title), /^[a-z0-9]+(_[a-z0-9]+)*$/);
    } catch (error) {
      assert.ok(error instanceof Failure, String(error));
    }
  }));
});

Deno.test("newText() runs nothing and directs nothing, whatever the title", async () => {
  const directive = "pgmigrate: no-transaction";
  const titles = [
    "add users",
    "x\r\ndrop table t;",
    "x\rdrop table t;",
    "",
    directive,
    `x\n-- ${directive}`,
    "no transaction",
  ];
  for (const text of titles.map(newText)) {
    assert.deepEqual(await run(text), []);
    assert.deepEqual(readDirectives(text), { directives: { noTransaction: false }, problems: [] });
  }
});

Deno.test("revertText() undoes statements newest first, with each original above its undo", async () => {
  const text = await reverted(
    "BEGIN;\n-- the column\nALTER TABLE posts\n  ADD COLUMN a int;\r\nUPDATE posts SET a = 1;\nCREATE TABLE t ();\nCOMMIT;",
  );
  assert.match(text, /^-- Takes back 004_x\.sql\n/);
  assert.ok(text.endsWith(`
-- CREATE TABLE t ();
DROP TABLE t;

-- UPDATE posts SET a = 1;
-- undo by hand:

-- ALTER TABLE posts
--   ADD COLUMN a int;
ALTER TABLE posts DROP COLUMN a;
`));
  assert.deepEqual(await run(text), ["DROP TABLE t", "ALTER TABLE posts DROP COLUMN a"]);
});

Deno.test("revertText() says what an undo does not bring back", async () => {
  const text = await reverted("alter table t alter a set default 1");
  assert.ok(text.endsWith(`
-- alter table t alter a set default 1;
-- A default that the column had before is not restored.
ALTER TABLE t ALTER COLUMN a DROP DEFAULT;
`));
});

Deno.test("revertText() runs outside a transaction where an index is dropped concurrently, and only there", async () => {
  const directed = "-- pgmigrate: no-transaction\n";
  const text = await reverted(`${directed}create index concurrently i on t (a);`);
  assert.ok(text.startsWith(directed));
  assert.deepEqual(readDirectives(text), { directives: { noTransaction: true }, problems: [] });
  assert.deepEqual(await run(text), ["DROP INDEX CONCURRENTLY i"]);
  const other = await reverted(`${directed}vacuum t;`);
  assert.deepEqual(readDirectives(other), { directives: { noTransaction: false }, problems: [] });
});

const PATH_CHANGES = [
  "SET search_path = audit",
  "SET LOCAL search_path TO audit",
  "SELECT set_config('search_path', 'audit', true)",
  "SET ROLE auditor",
  "DO $$ BEGIN SET search_path = audit; END $$",
];

for (const change of PATH_CHANGES) {
  Deno.test(`revertText() leaves names without a schema to the user behind ${change}`, async () => {
    const text = await reverted(`CREATE TABLE before_it ();
${change};
CREATE TABLE orders ();
CREATE INDEX i ON orders (id);
CREATE TYPE mood AS ENUM ();
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS '';
CREATE FUNCTION audit.g(a mood) RETURNS int LANGUAGE sql AS '';
ALTER TABLE orders RENAME TO bills;
ALTER TYPE mood RENAME TO moods;
ALTER TABLE orders ADD COLUMN a int;`);
    assert.deepEqual(await run(text), ["DROP TABLE before_it"]);
  });
}

Deno.test("revertText() still undoes what is named with its schema, or is in none, behind a new search_path", async () => {
  const statements = `SET search_path = audit;
CREATE SCHEMA other;
CREATE EXTENSION citext;
CREATE TABLE audit.orders ();
CREATE INDEX i ON audit.orders (id);
CREATE VIEW audit.v AS SELECT 1;
CREATE FUNCTION audit.f(a int) RETURNS int LANGUAGE sql AS '';
ALTER TYPE audit.mood RENAME TO moods;
ALTER TABLE audit.orders RENAME COLUMN a TO b;`;
  assert.deepEqual(await run(await reverted(statements)), [
    "ALTER TABLE audit.orders RENAME COLUMN b TO a",
    "ALTER TYPE audit.moods RENAME TO mood",
    "DROP FUNCTION audit.f(integer)",
    "DROP VIEW audit.v",
    "DROP INDEX audit.i",
    "DROP TABLE audit.orders",
    "DROP EXTENSION citext",
    "DROP SCHEMA other",
  ]);
});

Deno.test("revertText() takes a search_path for sessions to come as one for the whole file", async () => {
  const text = await reverted("CREATE TABLE orders (); ALTER ROLE app SET search_path = audit;");
  assert.deepEqual(await run(text), []);
});

Deno.test("revertText() does not drop an index that became a constraint", async () => {
  const text = await reverted(
    "CREATE UNIQUE INDEX CONCURRENTLY i ON t (a);\nALTER TABLE t ADD CONSTRAINT c UNIQUE USING INDEX i;\nCREATE INDEX k ON t (b);",
  );
  assert.deepEqual(await run(text), ["DROP INDEX k"]);
});

Deno.test("revertText() takes a text that cannot be parsed over as comments", async () => {
  const text = await reverted("-- pgmigrate: no-transaction\nselec 1;\rdrop table users;\r\n");
  assert.ok(text.endsWith(`
-- -- pgmigrate: no-transaction
-- selec 1;
-- drop table users;
-- undo by hand:
`));
  assert.deepEqual(await run(text), []);
  assert.deepEqual(readDirectives(text), { directives: { noTransaction: false }, problems: [] });
});

Deno.test("revertText() lets nothing of the original or its name out of the comments", async () => {
  const text = await reverted("select 'a\r;drop table b;\r\n\n*/', $$\n;drop table c;$$", "004_x\n;drop table d;.sql");
  assert.deepEqual(await run(text), []);
});

Deno.test("revertText() of a file without statements is a comment", async () => {
  assert.deepEqual(await run(await reverted("-- nothing\n")), []);
});
