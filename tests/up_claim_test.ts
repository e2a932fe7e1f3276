import assert from "node:assert/strict";
import { assertDone, createProject, linesOf } from "./pgmigrate.ts";
import { sharedServer } from "./servers/mod.ts";

const server = await sharedServer("15");

const BEGUN = "SELECT version::text, statement FROM schema_migrations_unfinished";

Deno.test("a file that changes its own claim is rolled back, and recorded as nothing else", async () => {
  await using project = await createProject(server, {
    "001_a.sql": "CREATE TABLE a ();\nUPDATE schema_migrations_unfinished SET version = 99;\n",
  });
  const { code, stdout } = await project.run(["up", "--json"]);
  assert.equal(code, 1);
  assert.equal(linesOf(stdout, "error")[0]!.code, "not-recorded");
  assert.match(String(linesOf(stdout, "error")[0]!.state), /^Nothing of 001_a\.sql was kept\./);
  assert.deepEqual(
    await project.query("SELECT to_regclass('a') AS a, (SELECT count(*)::int FROM schema_migrations) AS n"),
    [
      { a: null, n: 0 },
    ],
  );
});

Deno.test("a no-transaction file whose claim is gone at its end does not count as applied", async () => {
  await using project = await createProject(server, {
    "001_a.sql": "-- pgmigrate: no-transaction\nCREATE TABLE a ();\nDELETE FROM schema_migrations_unfinished;\n",
  });
  const { code, stdout } = await project.run(["up", "--json"]);
  assert.equal(code, 1);
  assert.equal(linesOf(stdout, "error")[0]!.code, "not-recorded");
  assert.deepEqual(await project.applied(), []);
});

Deno.test("a no-transaction file takes no claim that another run has, and leaves it where it is", async () => {
  await using project = await createProject(server, {
    "001_a.sql": "INSERT INTO schema_migrations_unfinished (version, name, checksum) VALUES (2, 'theirs', 'x');\n",
    "002_b.sql": "-- pgmigrate: no-transaction\nCREATE TABLE b ();\n",
  });
  const { code, stdout } = await project.run(["up", "--json"]);
  assert.equal(code, 5);
  assert.equal(linesOf(stdout, "error")[0]!.code, "claimed-elsewhere");
  assert.deepEqual(await project.query("SELECT name, to_regclass('b') AS b FROM schema_migrations_unfinished"), [
    { name: "theirs", b: null },
  ]);
});

Deno.test("a migration that somebody recorded meanwhile is not run again", async () => {
  await using project = await createProject(server, {
    "001_a.sql": "INSERT INTO schema_migrations (version, name) VALUES (2, '002_b.sql');\n",
    "002_b.sql": "CREATE TABLE b ();\n",
    "003_c.sql": "CREATE TABLE c ();\n",
  });
  const { code, stdout } = await project.run(["up", "--json"]);
  assert.equal(code, 5);
  assert.equal(linesOf(stdout, "error")[0]!.code, "claimed-elsewhere");
  // What was sent behind it is not run either: the version before it is there, but not by this run.
  assert.deepEqual(await project.query("SELECT to_regclass('b') AS b, to_regclass('c') AS c"), [{ b: null, c: null }]);
  assert.deepEqual(await project.applied(), ["1", "2"]);
  assertDone(await project.run(["up"]));
  assert.deepEqual(await project.applied(), ["1", "2", "3"]);
});

Deno.test("a first statement that committed a part before it failed is not run again", async () => {
  await using project = await createProject(server, {
    "001_a.sql": `CREATE TABLE a (n int);
CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO a VALUES (1); COMMIT; RAISE 'no'; END $$;\n`,
    "002_b.sql": "-- pgmigrate: no-transaction\nCALL p();\n",
  });
  assert.equal((await project.run(["up"])).code, 1);
  const { code, stderr } = await project.run(["up"]);
  assert.equal(code, 1);
  assert.match(
    stderr,
    /^error: 002_b\.sql has begun and not ended: whether the statement at line 2 was done is not known\n/,
  );
  assert.match(stderr, /\n +- line 2: may be done: CALL p\(\)\ndetail: Begun .*\. It stopped with: no \[P0001\]\n/);
  assert.deepEqual(await project.query("SELECT n FROM a"), [{ n: 1 }]);
});

Deno.test("what fails inside a no-transaction file's own BEGIN … COMMIT has done nothing, and runs again", async () => {
  await using project = await createProject(server, {
    "001_a.sql": "-- pgmigrate: no-transaction\nBEGIN;\nCREATE TABLE a ();\nSELECT 1 / 0;\nCOMMIT;\n",
  });
  const { code, stderr } = await project.run(["up"]);
  assert.equal(code, 1);
  assert.match(stderr, /\nNothing of 001_a\.sql was kept\. Nothing is applied yet; 1 migration is pending\.\n$/);
  assert.deepEqual(await project.query(BEGUN), []);
});

Deno.test("a no-transaction file may change its role and its settings between its statements", async () => {
  const role = `r_${crypto.randomUUID()}`;
  await using project = await createProject(server, {
    "001_a.sql": `-- pgmigrate: no-transaction
CREATE TABLE a (n int);
CREATE ROLE "${role}"; GRANT CREATE ON SCHEMA public TO "${role}"; ALTER TABLE a OWNER TO "${role}";
SET ROLE "${role}";
SET default_transaction_read_only = off;
SET search_path = public, pg_catalog;
CREATE INDEX CONCURRENTLY a_n ON a (n);
CREATE TABLE b ();
`,
    "002_c.sql": "CREATE TABLE c ();\n",
  });
  assertDone(await project.run(["up"]));
  const [row] = await project.query(
    "SELECT (SELECT tableowner FROM pg_tables WHERE tablename = 'b') AS b, (SELECT tableowner FROM pg_tables WHERE tablename = 'c') AS c",
  );
  assert.equal(row!.b, role);
  assert.notEqual(row!.c, role);
  assert.deepEqual(await project.applied(), ["1", "2"]);
  await project.query(`DROP OWNED BY "${role}"; DROP ROLE "${role}"`);
});

Deno.test("an index that was INVALID before does not fail a file that builds another", async () => {
  await using project = await createProject(server, {
    "001_a.sql": "CREATE TABLE a (n int);\nINSERT INTO a VALUES (1), (1);\n",
    "002_b.sql": "-- pgmigrate: no-transaction\nCREATE INDEX CONCURRENTLY ON a (n);\n",
  });
  assertDone(await project.run(["up", "--to", "1"]));
  await assert.rejects(project.query("CREATE UNIQUE INDEX CONCURRENTLY old_and_invalid ON a (n)"));
  assertDone(await project.run(["up"]));
});

Deno.test("a tracker does not move when a schema comes before its own in the search_path", async () => {
  await using project = await createProject(server, {
    "001_a.sql": "CREATE TABLE a ();\n",
    "002_b.sql": "CREATE SCHEMA postgres;\n",
  });
  assertDone(await project.run(["up"]));
  const { code, stderr } = await project.run(["up"]);
  assert.equal(code, 2);
  assert.match(
    stderr,
    /^error: There is no schema_migrations in schema postgres, but in public\nhint: .*--table public\.schema_migrations/,
  );
  assertDone(await project.run(["up", "--table", "public.schema_migrations"]));
});

Deno.test("a file that is not parsed is refused with its own BEGIN, and told of what it committed", async () => {
  await using project = await createProject(server, { "001_a.sql": "-- why\nBEGIN;\nCREATE TABLE a ();\nCOMMIT;\n" });
  const refused = await project.run(["up", "--no-parse"]);
  assert.equal(refused.code, 1);
  assert.match(
    refused.stderr,
    /^error: A file that is not parsed cannot have its own BEGIN … COMMIT\n.*001_a\.sql:2:1\n/,
  );

  for (
    const text of [
      "CREATE TABLE u ();\nCOMMIT;\nSELECT 1 / 0;\n",
      "CREATE TABLE v ();\nCOMMIT;\nBEGIN;\nSELECT 1 / 0;\n",
    ]
  ) {
    await using other = await createProject(server, { "001_a.sql": text });
    const { code, stderr } = await other.run(["up", "--no-parse"]);
    assert.equal(code, 1);
    assert.match(stderr, /\nWhat 001_a\.sql did before it stopped was kept\./);
    assert.deepEqual(await other.query(BEGUN), [{ version: "1", statement: 0 }]);
  }
});

Deno.test("verify --record works for a role whose transactions are read only", async () => {
  await using project = await createProject(server, { "001_a.sql": "SELECT 1;\n", "002_b.sql": "SELECT 2;\n" });
  await project.query(
    "CREATE TABLE schema_migrations (version int PRIMARY KEY, name text NOT NULL); INSERT INTO schema_migrations VALUES (1, 'a'), (2, 'b')",
  );
  const url = `${project.url}${project.url.includes("?") ? "&" : "?"}options=-cdefault_transaction_read_only%3Don`;
  assertDone(await project.run(["verify", "--record"], { env: { DATABASE_URL: url } }));
  const rows = await project.query(
    "SELECT count(checksum)::int AS checksums, count(applied_at)::int AS times FROM schema_migrations",
  );
  // When they were applied, nobody knows.
  assert.deepEqual(rows, [{ checksums: 2, times: 0 }]);
});
