import assert from "node:assert/strict";
import { begin, hold, runningBackend } from "./lifecycle.ts";
import { assertDone, createProject, linesOf, resultOf } from "./pgmigrate.ts";
import { sharedServer, sharedServers } from "./servers/mod.ts";

const server = await sharedServer("18");

const RUNS_AT_ONCE = 5;

for (const server of await sharedServers()) {
  Deno.test(`failures 1: runs that begin at the same moment apply everything exactly once, on server ${server.version}`, async () => {
    await using project = await createProject(server, {
      "001_a.sql": "CREATE TABLE log (at serial, version int);\nINSERT INTO log (version) VALUES (1);\n",
      "002_b.sql": "INSERT INTO log (version) VALUES (2);\n",
      "003_c.sql": "-- pgmigrate: no-transaction\nCREATE INDEX CONCURRENTLY log_version ON log (version);\n",
      "004_d.sql": "INSERT INTO log (version) VALUES (4);\n",
    });
    const outcomes = await Promise.all(Array.from({ length: RUNS_AT_ONCE }, () => project.run(["up", "--json"])));
    for (const outcome of outcomes) assertDone(outcome);
    const applied = outcomes.flatMap(({ stdout }) => resultOf(stdout).applied as string[]);
    assert.deepEqual(applied, ["1", "2", "3", "4"], "all by one run, each once");
    assert.deepEqual(
      (await project.query("SELECT version FROM log ORDER BY at")).map(({ version }) => version),
      [1, 2, 4],
    );
    assert.deepEqual(await project.applied(), ["1", "2", "3", "4"]);
  });
}

Deno.test("failures 4: up --lock-wait 0 does not wait for another run, and says who holds the lock", async () => {
  await using project = await createProject(server, {
    "001_a.sql": "SELECT pg_advisory_xact_lock(4712);\n",
    "002_b.sql": "CREATE TABLE b ();\n",
  });
  await using gate = await hold(project, "SELECT pg_advisory_xact_lock(4712)");
  await using holder = begin(project, ["up"]);
  await runningBackend(project, "4712", "Lock");
  const [lock] = await project.query(`
    SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'pgmigrate' AND query LIKE '%pg_try_advisory_xact_lock%'`);

  const human = await project.run(["up", "--lock-wait", "0"]);
  assert.deepEqual({ code: human.code, stdout: human.stdout }, { code: 5, stdout: "" });
  assert.match(human.stderr, /^error: Another run holds the lock of public\.schema_migrations\b.*\n/);
  const who = new RegExp(
    `\\n  - held by pid ${
      lock!.pid
    } \\(application pgmigrate, user ${server.role}, from [0-9a-f.:]+, since .* UTC\\)\\n`,
  );
  assert.match(human.stderr, who);
  const json = await project.run(["up", "--json", "--lock-wait", "100ms"]);
  assert.equal(json.code, 5);
  assert.equal(linesOf(json.stdout, "waiting")[0]!.for, "lock");
  assert.equal(linesOf(json.stdout, "error")[0]!.code, "lock-not-had");

  // Another tracker is another lock; status and verify need none.
  assertDone(await project.run(["up", "--lock-wait", "0", "--table", "other", "--to", "2", "--dry-run"]));
  assertDone(await project.run(["status"]));
  await gate.release();
  assertDone(await holder.ended());
  assert.deepEqual(await project.applied(), ["1", "2"]);
});

Deno.test("up gives up a table that another session holds, with exit code 5, and rolls back", async () => {
  await using project = await createProject(server, {
    "001_a.sql": "CREATE TABLE a ();\n",
    "002_b.sql": "CREATE TABLE b ();\nALTER TABLE a ADD COLUMN n int;\n",
  });
  assertDone(await project.run(["up", "--to", "1"]));
  await using holder = await hold(project, "LOCK TABLE a IN ACCESS SHARE MODE");
  const { code, stdout, stderr } = await project.run(["up", "--lock-timeout", "200ms", "--lock-attempts", "1"]);
  assert.deepEqual({ code, stdout }, { code: 5, stdout: "" });
  assert.match(
    stderr,
    /error: A lock on a table could not be had in time: canceling statement due to lock timeout \[55P03\]\n +--> migrations\/002_b\.sql:2:1\n/,
  );
  assert.match(stderr, /\nhint: .*--lock-timeout/);
  assert.match(stderr, /\nNothing of 002_b\.sql was kept\. The database is at version 1; 1 migration is pending\.\n$/);
  assert.deepEqual(await project.query("SELECT to_regclass('b') AS b"), [{ b: null }]);
  await holder.release();
  assertDone(await project.run(["up"]));
});

Deno.test("up --statement-timeout ends a statement that takes too long", async () => {
  await using project = await createProject(server, { "001_a.sql": "CREATE TABLE a ();\nSELECT pg_sleep(600);\n" });
  const { code, stderr } = await project.run(["up", "--statement-timeout", "100ms"]);
  assert.equal(code, 1);
  assert.match(
    stderr,
    /error: canceling statement due to statement timeout \[57014\]\n +--> migrations\/001_a\.sql:2:1\n/,
  );
  assert.deepEqual(await project.query("SELECT to_regclass('a') AS a"), [{ a: null }]);
});
