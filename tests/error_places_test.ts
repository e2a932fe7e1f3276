import assert from "node:assert/strict";
import { type Failure, up } from "../src/mod.ts";
import { createDirectory } from "./directory.ts";
import { createProject, type Project } from "./pgmigrate.ts";
import { sharedServer, sharedServers } from "./servers/mod.ts";

interface Case {
  readonly what: string;
  /** The place that has to be found is marked with ⇒, which is taken out. */
  readonly text: string;
  readonly sqlstate: string;
  /** What CONTEXT has to hold. */
  readonly where?: RegExp;
}

/** Errors that the server gives a position for: characters from the start of what was sent. */
const WITH_POSITION: readonly Case[] = [
  { what: "characters outside the BMP", text: "SELECT '🎉🐘🎉', ⇒nope;\n", sqlstate: "42703" },
  { what: "combining marks", text: "SELECT 'e\u0301e\u0301', ⇒nope;\n", sqlstate: "42703" },
  { what: "right-to-left text", text: "SELECT 'שלום', ⇒nope;\n", sqlstate: "42703" },
  { what: "tabs, each one character", text: "\tSELECT\t\t⇒nope;\n", sqlstate: "42703" },
  { what: "CRLF, one line end", text: "-- a\r\nSELECT 1;\r\n\r\n  SELECT ⇒nope;\r\n", sqlstate: "42703" },
  { what: "CRLF in a literal", text: "SELECT 'a\r\nb', ⇒nope;\r\n", sqlstate: "42703" },
  { what: "a byte order mark", text: "\uFEFFSELECT ⇒nope;\n", sqlstate: "42703" },
  { what: "a very long line", text: `SELECT ${"'é', ".repeat(20_000)}⇒nope;\n`, sqlstate: "42703" },
  {
    what: "a later line of a statement",
    text: "SELECT 1,\n  2,\n  '🎉' ||\n ⇒nope\nFROM pg_class;\n",
    sqlstate: "42703",
  },
  {
    what: "the body of an SQL function",
    text: "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$\n  SELECT '🎉', ⇒nope\n$$;\n",
    sqlstate: "42703",
  },
  {
    what: "the body of a PL/pgSQL function",
    text: "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$\nBEGIN\n  RETURN '🎉' oops ⇒oops;\nEND $$;\n",
    sqlstate: "42601",
  },
  {
    what: "a rule",
    text: "CREATE TABLE a (n int);\nCREATE RULE r AS ON INSERT TO a DO ALSO\n  UPDATE a SET ⇒nope = 1;\n",
    sqlstate: "42703",
  },
];

/** Errors in a body that a statement holds: the server may give the body, and the position in it. */
const IN_BODY: readonly Case[] = [
  {
    what: "a PL/pgSQL function without quotes, behind another statement",
    text: "select '🎉';\ncreate function f() returns void language plpgsql as $$\nbegin\n  ⇒selct 1;\nend $$;\n",
    sqlstate: "42601",
  },
  {
    what: "an SQL function without quotes",
    text: "select 'é';\r\ncreate function f() returns int language sql as $$\r\n  select /* 🎉 */ ⇒nope\r\n$$;\r\n",
    sqlstate: "42703",
  },
  {
    what: "a body in quotes",
    text: "create function f() returns int language sql as '\n  select ''🎉'', ⇒nope\n';\n",
    sqlstate: "42703",
  },
  {
    what: "a DO block without quotes",
    text: "select 1;\ndo $$\nbegin -- 🎉\n  ⇒selct 1;\nend $$;\n",
    sqlstate: "42601",
  },
  {
    what: "a query of a DO block",
    text: "do $$\nbegin\n  create table t (n int);\n  update t set ⇒nope = 1;\nend $$;\n",
    sqlstate: "42703",
  },
  {
    what: "a body that is in the file twice",
    text: "CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS $$\n select $1\n$$;\n" +
      "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$\n select ⇒$1\n$$;\n",
    sqlstate: "42P02",
  },
];

/** Errors without a position: the statement is found by counting those before it. */
const WITHOUT_POSITION: readonly Case[] = [
  { what: "several statements on a line", text: "SELECT 1; SELECT 2; ⇒SELECT 1/0; SELECT 3;", sqlstate: "22012" },
  { what: "characters outside the BMP before it", text: "SELECT '🎉🎉'; ⇒SELECT 1/0;\n", sqlstate: "22012" },
  { what: "CRLF and comments before it", text: "-- é\r\nSELECT 1; /* 🎉\r\n */ ⇒SELECT 1/0;\r\n", sqlstate: "22012" },
  { what: "empty statements before it", text: ";;\nSELECT 1;;;\n;⇒SELECT 1/0;\n", sqlstate: "22012" },
  { what: "no semicolon and no line end behind it", text: "SELECT 1;\n  ⇒SELECT 1/0", sqlstate: "22012" },
  {
    what: "statements that run others before it",
    text:
      "CREATE TABLE a (id serial PRIMARY KEY, n int UNIQUE);\nCREATE SCHEMA s CREATE TABLE b () CREATE VIEW c AS SELECT 1;\n" +
      "⇒CREATE TABLE a ();\n",
    sqlstate: "42P07",
  },
  {
    what: "rules that make one statement two, or none",
    text:
      "CREATE TABLE a (n int);\nCREATE TABLE b (n int);\nCREATE RULE two AS ON INSERT TO a DO ALSO INSERT INTO b VALUES (new.n);\n" +
      "CREATE RULE none AS ON DELETE TO a DO INSTEAD NOTHING;\nINSERT INTO a VALUES (1);\nDELETE FROM a;\n⇒SELECT 1/0;\n",
    sqlstate: "22012",
  },
  {
    what: "a rule that fails",
    text:
      "CREATE TABLE a (n int);\nCREATE TABLE b (n int);\nCREATE RULE r AS ON INSERT TO a DO ALSO INSERT INTO b VALUES (1 / new.n);\n" +
      "SELECT 1;\n⇒INSERT INTO a VALUES (0);\nSELECT 2;\n",
    sqlstate: "22012",
  },
  {
    what: "a function that fails",
    text:
      "CREATE FUNCTION f(n int) RETURNS int LANGUAGE plpgsql AS $$\nBEGIN\n  RETURN 1 / n;\nEND $$;\nSELECT f(1);\n⇒SELECT f(0);\n",
    sqlstate: "22012",
    where: /PL\/pgSQL function f\(integer\) line 3 at RETURN/,
  },
  {
    what: "a function inside a function",
    text: "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN\n  EXECUTE 'SELECT ''🎉'', nope';\nEND $$;\n" +
      "CREATE FUNCTION g() RETURNS void LANGUAGE plpgsql AS $$ BEGIN\n  PERFORM f();\nEND $$;\n⇒SELECT g();\n",
    sqlstate: "42703",
    where:
      /f\(\) line 2 at EXECUTE\nSQL statement "SELECT f\(\)"\nPL\/pgSQL function g\(\) line 2 at PERFORM\nSELECT '🎉', nope$/,
  },
  {
    what: "a trigger",
    text:
      "CREATE TABLE a (n int);\nCREATE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN\n  RAISE EXCEPTION 'no';\nEND $$;\n" +
      "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION t();\n⇒INSERT INTO a VALUES (1);\n",
    sqlstate: "P0001",
    where: /PL\/pgSQL function t\(\) line 2 at RAISE/,
  },
  {
    what: "a DO block",
    text: "SELECT 1;\n⇒DO $$ BEGIN\n  PERFORM 1 / 0;\nEND $$;\n",
    sqlstate: "22012",
    where: /inline_code_block line 2/,
  },
];

/** Where the mark stands, in the terms of an editor. */
function expected(text: string): { readonly line: number; readonly column: number; readonly sourceLine: string } {
  const lines = text.replace("\uFEFF", "").split(/\r\n|\n/);
  const line = lines.findIndex((each) => each.includes("⇒"));
  const source = lines[line]!;
  return {
    line: line + 1,
    column: [...source.slice(0, source.indexOf("⇒"))].length + 1,
    sourceLine: source.replace("⇒", ""),
  };
}

/** In this process, for a hundred runs of the program would take a minute. */
async function failureOf(
  { directory, url }: Pick<Project, "directory" | "url">,
  { text }: Case,
  parse = true,
): Promise<Failure> {
  await directory.write("001_a.sql", text.replace("⇒", ""));
  const { failure } = await up({ databaseUrl: url, migrations: `${directory.path}/migrations`, parse });
  assert(failure !== null, text);
  assert.equal(failure.exitCode, 1);
  return failure;
}

function assertPlace({ details: { place, sqlstate, where } }: Failure, one: Case) {
  const { file, ...found } = place!;
  assert.match(file, /migrations\/001_a\.sql$/, one.what);
  assert.deepEqual({ ...found, sqlstate }, { ...expected(one.text), sqlstate: one.sqlstate }, one.what);
  if (one.where !== undefined) assert.match(where!, one.where, one.what);
}

async function assertNothing(project: Project) {
  const rows = await project.query(
    "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname NOT LIKE 'schema_migrations%'",
  );
  assert.deepEqual(rows, []);
  assert.deepEqual(await project.applied(), []);
}

for (const server of await sharedServers()) {
  Deno.test(`failures errors: every kind of character before an error is counted as PostgreSQL counts it, on ${server.version}`, async () => {
    await using project = await createProject(server, {});
    for (const one of [...WITH_POSITION, ...IN_BODY, ...WITHOUT_POSITION]) {
      assertPlace(await failureOf(project, one), one);
    }
    await assertNothing(project);
  });
}

Deno.test("failures errors: an error in a body has its place on the embedded database", async () => {
  await using directory = await createDirectory({});
  for (const one of IN_BODY) assertPlace(await failureOf({ directory, url: "embedded:" }, one), one);
});

Deno.test("failures errors: a file that is not parsed has its place from the position, or is named alone", async () => {
  await using project = await createProject(await sharedServer(), {});
  for (const one of WITH_POSITION) assertPlace(await failureOf(project, one, false), one);
  for (const one of WITHOUT_POSITION) {
    const { file, place, sqlstate } = (await failureOf(project, one, false)).details;
    assert.deepEqual([place, sqlstate], [undefined, one.sqlstate], one.what);
    assert.match(file!, /001_a\.sql$/, one.what);
  }
  await assertNothing(project);
});

Deno.test("failures errors: a statement that was sent by itself has its place in the whole file", async () => {
  const directive = "-- pgmigrate: no-transaction\n";
  await using project = await createProject(await sharedServer(), {});
  for (
    const one of [...WITH_POSITION, ...IN_BODY, ...WITHOUT_POSITION].filter(({ text }) => !/CREATE|\uFEFF/.test(text))
  ) {
    assertPlace(await failureOf(project, { ...one, text: directive + one.text }), {
      ...one,
      text: directive + one.text,
    });
    await project.query("TRUNCATE schema_migrations_unfinished"); // What ran before the error was kept, and says so.
  }
  await assertNothing(project);
});

Deno.test("failures errors: an error at the end of the input stands behind the last character, for parser and server", async () => {
  const one = { what: "end of input", text: "SELECT 1;\nSELECT ('🎉'⇒\n\n  \n", sqlstate: "42601" };
  await using project = await createProject(await sharedServer(), {});
  for (const parse of [true, false]) assertPlace(await failureOf(project, one, parse), one);
});
