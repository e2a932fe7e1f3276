import assert from "node:assert/strict";
import { begin, hold, runningBackend } from "./lifecycle.ts";
import { assertDone, createProject, linesOf } from "./pgmigrate.ts";
import { sharedServer, sharedServers } from "./servers/mod.ts";

const server = await sharedServer("18");

const TABLE = "CREATE TABLE a (n int);\nINSERT INTO a VALUES (1), (1);\n";

const INDEXES = `SELECT c.relname AS name, i.indisvalid AS valid
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = 'a'::regclass ORDER BY 1`;

for (const server of await sharedServers()) {
  Deno.test(`failures 22: a no-transaction file builds its indexes concurrently, one a message, on server ${server.version}`, async () => {
    await using project = await createProject(server, {
      "001_a.sql": TABLE,
      "002_b.sql":
        "-- pgmigrate: no-transaction\nCREATE INDEX CONCURRENTLY one ON a (n);\nCREATE INDEX CONCURRENTLY two ON a (n); -- last\n",
      "003_c.sql": "CREATE TABLE c ();\n",
    });
    assertDone(await project.run(["up"]));
    assert.deepEqual(await project.query(INDEXES), [{ name: "one", valid: true }, { name: "two", valid: true }]);
    assert.deepEqual(await project.applied(), ["1", "2", "3"]);
    assert.deepEqual(
      await project.query(
        "SELECT length(checksum) AS length, duration_ms >= 0 AS timed, applied_by FROM schema_migrations WHERE version = 2",
      ),
      [{ length: 64, timed: true, applied_by: server.role }],
    );
    assert.deepEqual(await project.query("SELECT 1 FROM schema_migrations_unfinished"), []);
  });

  Deno.test(`a concurrent index that fails is left INVALID, and the next up drops it and builds it again, on server ${server.version}`, async () => {
    await using project = await createProject(server, {
      "001_a.sql": TABLE,
      "002_b.sql": "-- pgmigrate: no-transaction\nCREATE UNIQUE INDEX CONCURRENTLY unique_n ON a (n);\n",
      "003_c.sql": "CREATE TABLE c ();\n",
    });
    const { code, stdout, stderr } = await project.run(["up"]);
    assert.deepEqual({ code, stdout }, { code: 1, stdout: "" });
    assert.match(
      stderr,
      /error: could not create unique index "unique_n" \[23505\]\n +--> migrations\/002_b\.sql:2:1\n/,
    );
    assert.match(stderr, /detail: Key \(n\)=\(1\) is duplicated\.\n/);
    assert.match(
      stderr,
      /\nNo statement of 002_b\.sql is done\. The INVALID index public\.unique_n stayed behind: .*\. pgmigrate up drops it and goes on at line 2\. The database is at version 1; 2 migrations are pending\.\n$/,
    );
    assert.deepEqual(await project.query(INDEXES), [{ name: "unique_n", valid: false }]);
    assert.deepEqual(await project.applied(), ["1"]);
    const begun =
      "SELECT version::int, statement, statements, sent, failure, attempt FROM schema_migrations_unfinished";
    const failure = 'could not create unique index "unique_n" [23505]';
    assert.deepEqual(await project.query(begun), [
      { version: 2, statement: 0, statements: 1, sent: 1, failure, attempt: 1 },
    ]);

    const status = await project.run(["status"]);
    assert.match(
      status.stdout,
      /^unfinished +002_b\.sql +0 of 1 statement done, stopped at line 2: could not create unique index "unique_n" \[23505\]$/m,
    );
    assert.equal((await project.run(["verify"])).code, 1);

    const again = await project.run(["up"]);
    assert.deepEqual({ code: again.code, stdout: again.stdout }, { code: 1, stdout: "" });
    assert.match(again.stderr, /^note: 002_b\.sql: The INVALID index public\.unique_n that it left is dropped first\n/);
    assert.deepEqual(await project.query(INDEXES), [{ name: "unique_n", valid: false }]);
    assert.deepEqual(await project.query(begun), [
      { version: 2, statement: 0, statements: 1, sent: 1, failure, attempt: 2 },
    ]);

    await project.query("DELETE FROM a");
    assertDone(await project.run(["up"]));
    assert.deepEqual(await project.query(INDEXES), [{ name: "unique_n", valid: true }]);
    assert.deepEqual(await project.applied(), ["1", "2", "3"]);
    assert.deepEqual(await project.query(begun), []);
  });
}

Deno.test("a no-transaction file that fails half-way keeps what it did and says how far it came", async () => {
  await using project = await createProject(server, {
    "001_a.sql":
      "-- pgmigrate: no-transaction\nCREATE TABLE one ();\nCREATE TABLE two ();\nSELECT 1 / 0;\nCREATE TABLE three ();\n",
  });
  const { code, stdout } = await project.run(["up", "--json"]);
  assert.equal(code, 1);
  const [error] = linesOf(stdout, "error");
  assert.deepEqual({ code: error!.code, line: error!.line, column: error!.column, sqlstate: error!.sqlstate }, {
    code: "migration-failed",
    line: 4,
    column: 1,
    sqlstate: "22012",
  });
  assert.deepEqual(
    await project.query("SELECT to_regclass('two') IS NOT NULL AS two, to_regclass('three') AS three"),
    [{ two: true, three: null }],
  );
  assert.deepEqual(await project.query("SELECT statement FROM schema_migrations_unfinished"), [{ statement: 2 }]);
  const status = await project.run(["status", "--json"]);
  assert.deepEqual(
    linesOf(status.stdout, "migration").map(({ state, statements_done }) => ({ state, statements_done })),
    [
      { state: "unfinished", statements_done: 2 },
    ],
  );
});

Deno.test("a no-transaction file whose first statement is refused has done nothing, and runs again", async () => {
  await using project = await createProject(server, {
    "001_a.sql": "-- pgmigrate: no-transaction\nCREATE INDEX CONCURRENTLY one ON nowhere (n);\n",
  });
  const { code, stderr } = await project.run(["up"]);
  assert.equal(code, 1);
  assert.match(stderr, /error: relation "nowhere" does not exist \[42P01\]\n +--> migrations\/001_a\.sql:2:/);
  assert.deepEqual(await project.query("SELECT 1 FROM schema_migrations_unfinished"), []);
  await project.query("CREATE TABLE nowhere (n int)");
  assertDone(await project.run(["up"]));
});

Deno.test("failures 23: CREATE INDEX CONCURRENTLY IF NOT EXISTS over an INVALID index of that name is not success", async () => {
  await using project = await createProject(server, {
    "001_a.sql": "-- pgmigrate: no-transaction\nCREATE INDEX CONCURRENTLY IF NOT EXISTS unique_n ON a (n);\n",
  });
  await project.query(TABLE);
  await assert.rejects(project.query("CREATE UNIQUE INDEX CONCURRENTLY unique_n ON a (n)"));
  const { code, stderr } = await project.run(["up"]);
  assert.equal(code, 1);
  assert.match(
    stderr,
    /error: The index public\.unique_n was there before migrations\/001_a\.sql, and PostgreSQL calls it INVALID\n/,
  );
  assert.match(stderr, /\nNothing of 001_a\.sql was kept\. /);
  assert.deepEqual(await project.applied(), []);
  // The way out that it names.
  const drop = /DROP INDEX CONCURRENTLY \S+$/m.exec(stderr)?.[0];
  assert.ok(drop !== undefined, stderr);
  await project.query(drop);
  assertDone(await project.run(["up"]));
  assert.deepEqual(await project.query(INDEXES), [{ name: "unique_n", valid: true }]);
});

Deno.test("failures 1: a concurrent index waits for an old transaction, not for pgmigrate's own lock", async () => {
  await using project = await createProject(server, {
    "001_a.sql": TABLE,
    "002_b.sql": "-- pgmigrate: no-transaction\nCREATE INDEX CONCURRENTLY one ON a (n);\n",
  });
  assertDone(await project.run(["up", "--to", "1"]));
  await using old = await hold(project, "INSERT INTO a VALUES (2)");
  await using first = begin(project, ["up"]);
  await runningBackend(project, "CREATE INDEX CONCURRENTLY", "Lock");
  await using second = begin(project, ["up"]);
  await old.release();
  assertDone(await first.ended());
  assertDone(await second.ended());
  assert.deepEqual(await project.query(INDEXES), [{ name: "one", valid: true }]);
});
