import assert from "node:assert/strict";
import { readCatalog } from "./catalog.ts";
import { createDirectory } from "./directory.ts";
import { assertDone, createProject, jsonLines, resultOf } from "./pgmigrate.ts";
import { runProgram } from "./program.ts";
import { sharedServer } from "./servers/mod.ts";

const server = await sharedServer("18");

Deno.test("new makes the next file, needs no database, and prints its path", async () => {
  await using directory = await createDirectory({});
  const options = { cwd: directory.path };
  const first = await runProgram(["new", "Create Users!"], options);
  assert.deepEqual(first, { code: 0, stdout: "migrations/001_create_users.sql\n", stderr: "" });
  const text = await directory.read("001_create_users.sql");
  assert.match(text, /^-- Migration "Create Users!"\n/);
  const second = await runProgram(["new", "Größe", "--json"], options);
  assert.deepEqual(jsonLines(second.stdout), [
    { event: "result", command: "new", ok: true, exit_code: 0, file: "migrations/002_grosse.sql" },
  ]);
  await directory.write("0041_padded.sql", "SELECT 1;\n");
  assert.equal((await runProgram(["new", "after"], options)).stdout, "migrations/0042_after.sql\n");
});

Deno.test("new makes the directory where there is none, and what it makes can be applied", async () => {
  await using directory = await createDirectory({});
  const options = { cwd: directory.path };
  assert.equal((await runProgram(["new", "first", "-m", "db/files"], options)).stdout, "db/files/001_first.sql\n");
  assertDone(await runProgram(["up", "-m", "db/files", "-d", "embedded:"], options));
});

Deno.test("new --timestamp numbers by the time in UTC, and later files sort behind it", async () => {
  await using directory = await createDirectory({ "001_a.sql": "SELECT 1;\n" });
  const before = new Date().toISOString().replaceAll(/\D/g, "").slice(0, 14);
  const { code, stdout } = await runProgram(["new", "by time", "--timestamp"], { cwd: directory.path });
  const after = new Date().toISOString().replaceAll(/\D/g, "").slice(0, 14);
  assert.equal(code, 0);
  const version = /^migrations\/(\d{14})_by_time\.sql\n$/.exec(stdout)?.[1] ?? "";
  assert.ok(before <= version && version <= after, stdout);
});

Deno.test("new refuses a name without letters, and a version that there is not", async () => {
  await using directory = await createDirectory({ "001_a.sql": "SELECT 1;\n" });
  const options = { cwd: directory.path };
  for (const args of [["new", "!!!"], ["new", "世界"], ["new", "--revert", "7"], ["new"], ["new", "a", "b"]]) {
    const { code, stdout, stderr } = await runProgram(args, options);
    assert.deepEqual({ code, stdout }, { code: 2, stdout: "" }, args.join(" "));
    assert.match(stderr, /^error: .*\nhint: /);
  }
  assert.deepEqual(await directory.names(), ["001_a.sql"]);
});

Deno.test("new --revert leaves to the user what is not certain", async () => {
  await using directory = await createDirectory({
    "001_a.sql": "CREATE TABLE a (n int);\nUPDATE a SET n = 1;\nDROP TABLE b;\n",
  });
  const { stdout } = await runProgram(["new", "--revert", "001"], { cwd: directory.path });
  assert.equal(stdout, "migrations/002_revert_a.sql\n");
  const lines = (await directory.read("002_revert_a.sql")).split("\n");
  assert.deepEqual(lines.slice(lines.indexOf("-- DROP TABLE b;")), [
    "-- DROP TABLE b;",
    "-- undo by hand:",
    "",
    "-- UPDATE a SET n = 1;",
    "-- undo by hand:",
    "",
    "-- CREATE TABLE a (n int);",
    "DROP TABLE a;",
    "",
  ]);
});

const SETUP = `CREATE SCHEMA app;
CREATE TABLE app."Order" (id int NOT NULL, note text DEFAULT 'x', "Größe" int, parent int);
CREATE TABLE t (id int NOT NULL UNIQUE, a int, b int NOT NULL, c text);
CREATE VIEW v AS SELECT id FROM t;
CREATE MATERIALIZED VIEW m AS SELECT id FROM t;
CREATE INDEX t_a ON t (a);
CREATE SEQUENCE s;
CREATE TYPE colour AS ENUM ('red', 'green');
CREATE TYPE pair AS (left_one int, right_one int);
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
ALTER TABLE t ADD CONSTRAINT a_positive CHECK (a > 0);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER old_trigger BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION touch();
CREATE POLICY old_policy ON t;
`;

/** One migration for each kind of statement whose undo is certain. */
const UNDOABLE: readonly string[] = [
  'ALTER TABLE app."Order" ADD COLUMN "New ""one""" text NOT NULL DEFAULT \'y\'',
  "ALTER TABLE t ADD COLUMN d int, ADD COLUMN e int, ADD CONSTRAINT d_e CHECK (d < e)",
  "CREATE TABLE app.made (id serial PRIMARY KEY, other int REFERENCES t (id))",
  "CREATE TABLE copied AS SELECT * FROM t",
  "CREATE UNIQUE INDEX t_b ON t (b)",
  'CREATE INDEX "Order Größe" ON app."Order" ("Größe")',
  "CREATE TYPE mood AS ENUM ('good', 'bad')",
  "CREATE TYPE app.point AS (x int, y int)",
  "CREATE TYPE span AS RANGE (subtype = int)",
  "CREATE DOMAIN app.short AS text CHECK (length(VALUE) < 9)",
  "CREATE VIEW app.seen AS SELECT 1 AS one",
  "CREATE MATERIALIZED VIEW app.kept AS SELECT 1 AS one",
  "CREATE FUNCTION app.add(a int, VARIADIC b int[], OUT c int) LANGUAGE sql AS 'SELECT 1'",
  "CREATE PROCEDURE act(IN a text, b int DEFAULT 1) LANGUAGE sql AS 'SELECT 1'",
  "CREATE SEQUENCE app.counter START 7",
  "CREATE SCHEMA other",
  "CREATE EXTENSION citext",
  "CREATE TRIGGER new_trigger AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION touch()",
  'CREATE POLICY "New" ON app."Order"',
  'ALTER TABLE app."Order" RENAME TO "Bill"',
  'ALTER TABLE app."Bill" RENAME COLUMN "Größe" TO size',
  "ALTER TABLE t RENAME CONSTRAINT a_positive TO a_more_than_zero",
  "ALTER INDEX t_a RENAME TO t_a_new",
  "ALTER VIEW v RENAME TO v_new",
  "ALTER MATERIALIZED VIEW m RENAME TO m_new",
  "ALTER SEQUENCE s RENAME TO s_new",
  "ALTER TYPE colour RENAME TO color",
  "ALTER TYPE color RENAME VALUE 'red' TO 'it''s red'",
  "ALTER TYPE pair RENAME ATTRIBUTE left_one TO first_one",
  "ALTER DOMAIN positive RENAME TO more_than_zero",
  "ALTER TRIGGER old_trigger ON t RENAME TO renamed_trigger",
  "ALTER POLICY old_policy ON t RENAME TO renamed_policy",
  "ALTER SCHEMA other RENAME TO another",
  "ALTER TABLE t ADD CONSTRAINT t_key PRIMARY KEY (b)",
  "ALTER TABLE t ADD CONSTRAINT t_self FOREIGN KEY (a) REFERENCES t (id) DEFERRABLE",
  "ALTER TABLE t ALTER COLUMN a SET DEFAULT 5",
  "ALTER TABLE t ALTER COLUMN c SET NOT NULL",
  "ALTER TABLE t ALTER COLUMN id DROP NOT NULL",
  "-- pgmigrate: no-transaction\nCREATE INDEX CONCURRENTLY t_c ON t (c)",
];

const digits = (version: number) => String(version).padStart(3, "0");

Deno.test("new --revert brings the schema back for every kind of statement that has an undo", async () => {
  await using project = await createProject(server, { "001_setup.sql": SETUP });
  assertDone(await project.run(["up"]));
  const before = await readCatalog(project);
  assert.ok(before.length > 40, "the catalog was read");
  for (const [index, sql] of UNDOABLE.entries()) {
    await project.directory.write(`${digits(index + 2)}_step.sql`, `${sql};\n`);
  }
  assertDone(await project.run(["up"]));
  assert.notDeepEqual(await readCatalog(project), before);

  const last = UNDOABLE.length + 1;
  for (let version = last; version > 1; version--) {
    const { stdout } = await project.run(["new", "--revert", `${version}`, "--json"]);
    const file = String(resultOf(stdout).file);
    const text = await Deno.readTextFile(`${project.directory.path}/${file}`);
    assert.doesNotMatch(text, /undo by hand/, UNDOABLE[version - 2]!);
  }
  assertDone(await project.run(["up"]));
  assert.deepEqual(await readCatalog(project), before);
});
