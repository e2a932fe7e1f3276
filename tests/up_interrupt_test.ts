import assert from "node:assert/strict";
import { allGone, begin, hold, runningBackend, waitingRun } from "./lifecycle.ts";
import { assertDone, createProject, linesOf, resultOf } from "./pgmigrate.ts";
import { sharedServer, sharedServers } from "./servers/mod.ts";

const server = await sharedServer("15");

const FILES = {
  "001_a.sql": "CREATE TABLE a ();\n",
  "002_slow.sql": "CREATE TABLE slow ();\nSELECT pg_sleep(600);\n",
  "003_c.sql": "CREATE TABLE c ();\n",
};

/** What every end in the middle must leave: the first file, nothing of the second, and no lock. */
const KEPT = `SELECT to_regclass('slow') AS slow, to_regclass('c') AS c,
  (SELECT count(*)::int FROM schema_migrations) AS applied, (SELECT count(*)::int FROM schema_migrations_unfinished) AS begun`;

for (const server of await sharedServers()) {
  for (const [signal, exitCode] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
    Deno.test({
      name: `${signal} cancels the statement that runs and rolls it back, on server ${server.version}`,
      ignore: Deno.build.os === "windows",
      async fn() {
        await using project = await createProject(server, FILES);
        await using run = begin(project, ["up"]);
        const backend = await runningBackend(project, "pg_sleep");
        run.process.kill(signal);
        const { code, stdout, stderr } = await run.ended();
        assert.deepEqual({ code, stdout }, { code: exitCode, stdout: "" });
        assert.match(stderr, new RegExp(`error: Interrupted by ${signal}\\n`));
        assert.match(
          stderr,
          /\nNothing of 002_slow\.sql was kept\. The database is at version 1; 2 migrations are pending\.\n$/,
        );
        assert.deepEqual(await project.query(KEPT), [{ slow: null, c: null, applied: 1, begun: 0 }]);
        // The run waited for the cancel to take effect: the statement does not go on without it.
        assert.deepEqual(
          await project.query(`SELECT state FROM pg_stat_activity WHERE pid = ${backend} AND state = 'active'`),
          [],
        );
      },
    });
  }
}

Deno.test({
  name: "SIGINT is told in JSON",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using project = await createProject(server, FILES);
    await using run = begin(project, ["up", "--json"]);
    await runningBackend(project, "pg_sleep");
    run.process.kill("SIGINT");
    const { code, stdout, stderr } = await run.ended();
    assert.deepEqual({ code, stderr }, { code: 130, stderr: "" });
    assert.equal(linesOf(stdout, "error")[0]!.code, "interrupted");
    const { ok, exit_code, applied, pending } = resultOf(stdout);
    assert.deepEqual({ ok, exit_code, applied, pending }, {
      ok: false,
      exit_code: 130,
      applied: ["1"],
      pending: ["2", "3"],
    });
  },
});

Deno.test({
  name: "SIGINT ends a run that waits for another one",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using project = await createProject(server, FILES);
    await using holder = begin(project, ["up"]);
    const backend = await runningBackend(project, "pg_sleep");
    await using run = begin(project, ["up"]);
    await waitingRun(project);
    run.process.kill("SIGINT");
    const { code, stdout } = await run.ended();
    assert.deepEqual({ code, stdout }, { code: 130, stdout: "" });
    await project.query(`SELECT pg_terminate_backend(${backend})`);
    await holder.ended();
  },
});

Deno.test("after kill -9 in the middle of a statement the next run begins at once, with nothing to clean up", async () => {
  await using project = await createProject(server, FILES);
  {
    await using run = begin(project, ["up"]);
    await runningBackend(project, "pg_sleep");
    run.process.kill("SIGKILL");
    await run.ended();
  }
  await project.directory.write("002_slow.sql", "CREATE TABLE slow ();\n");
  const next = await project.run(["up"]);
  assertDone(next);
  assert.match(next.stdout, /^Applied 2 migrations in .* The database is at version 3\.\n$/);
  assert.deepEqual(await project.applied(), ["1", "2", "3"]);
  await allGone(project);
});

Deno.test("a connection that is lost in the middle of a statement gives exit code 4 and the server's reason", async () => {
  await using project = await createProject(server, FILES);
  await using run = begin(project, ["up"]);
  const backend = await runningBackend(project, "pg_sleep");
  await project.query(`SELECT pg_terminate_backend(${backend})`);
  const { code, stdout, stderr } = await run.ended();
  assert.deepEqual({ code, stdout }, { code: 4, stdout: "" });
  assert.match(
    stderr,
    /error: The connection to the server was lost: terminating connection due to administrator command \[57P01\]\n +--> migrations\/002_slow\.sql/,
  );
  assert.match(
    stderr,
    /\nNothing of 002_slow\.sql was kept\. The database is at version 1; 2 migrations are pending\.\n$/,
  );
  assert.deepEqual(await project.query(KEPT), [{ slow: null, c: null, applied: 1, begun: 0 }]);
});

Deno.test("when the connection that holds the lock is lost, nothing new is started", async () => {
  await using project = await createProject(server, {
    "001_a.sql": "CREATE TABLE a ();\n",
    "002_slow.sql": "SELECT pg_advisory_xact_lock(4711);\n",
    "003_c.sql": "CREATE TABLE c ();\n",
  });
  await using gate = await hold(project, "SELECT pg_advisory_xact_lock(4711)");
  await using run = begin(project, ["up"]);
  await runningBackend(project, "4711", "Lock");
  await project.query(`
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND query LIKE '%pg_try_advisory_xact_lock%' AND pid <> pg_backend_pid()`);
  await gate.release();
  const { code, stderr } = await run.ended();
  assert.equal(code, 4);
  assert.match(stderr, /error: The connection that holds the lock was lost, so nothing new is started\n/);
  assert.deepEqual(await project.applied(), ["1", "2"]);
});
