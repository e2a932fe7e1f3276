import assert from "node:assert/strict";
import { allGone, begin, hold, runningBackend, waitingRun } from "./lifecycle.ts";
import { startProxy } from "./faults/proxy.ts";
import { assertDone, createProject, linesOf, resultOf } from "./pgmigrate.ts";
import { sharedServer, sharedServers } from "./servers/mod.ts";
import { waitUntil } from "./wait_until.ts";

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
      name: `failures 13: ${signal} cancels the statement that runs and rolls it back, on server ${server.version}`,
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
  name: "failures 13: SIGINT is told in JSON",
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
  name: "failures 13: SIGINT ends a run that waits for another one",
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

Deno.test("failures 3: after kill -9 in the middle of a statement the next run begins at once, with nothing to clean up", async () => {
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

Deno.test("failures 25: a connection that is lost in the middle of a statement gives exit code 4 and the server's reason", async () => {
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

Deno.test("failures 5: when the connection that holds the lock is lost, what was sent ends, and nothing new is started", async () => {
  const many = Array.from({ length: 60 }, (_, n) => [`${n + 2}_t.sql`, `CREATE TABLE t${n} ();\n`]);
  await using project = await createProject(server, {
    "1_slow.sql": "SELECT pg_advisory_xact_lock(4711);\n",
    ...Object.fromEntries(many),
  });
  await using gate = await hold(project, "SELECT pg_advisory_xact_lock(4711)");
  await using run = begin(project, ["up", "--json"]);
  await runningBackend(project, "4711", "Lock");
  await project.query(`
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND query LIKE '%pg_try_advisory_xact_lock%' AND pid <> pg_backend_pid()`);
  await gate.release();
  const { code, stdout } = await run.ended();
  assert.equal(code, 4);
  assert.equal(linesOf(stdout, "error")[0]!.code, "lock-lost");
  const applied = await project.applied();
  assert.deepEqual(resultOf(stdout).applied, applied);
  assert.ok(applied.length < 61, `${applied.length} of 61 were applied`);
  const [row] = await project.query("SELECT count(*)::int AS tables FROM pg_tables WHERE tablename ~ '^t[0-9]'");
  assert.equal(row!.tables, applied.length - 1);
});

Deno.test("failures 5: when the lock is lost, a file without a transaction begins no further statement, and says how far it came", async () => {
  await using project = await createProject(server, {
    "001_a.sql": "CREATE TABLE a (n int);\n",
    "002_b.sql":
      "-- pgmigrate: no-transaction\nINSERT INTO a VALUES (1);\nSELECT pg_advisory_xact_lock(4711);\nINSERT INTO a VALUES (2);\nVACUUM a;\n",
  });
  await using gate = await hold(project, "SELECT pg_advisory_xact_lock(4711)");
  await using run = begin(project, ["up"]);
  await runningBackend(project, "SELECT pg_advisory_xact_lock(4711)", "Lock");
  const holdsLock = `FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
    WHERE l.locktype = 'advisory' AND l.granted AND a.application_name = 'pgmigrate' AND a.datname = current_database()`;
  await project.query(`SELECT pg_terminate_backend(l.pid) ${holdsLock}`);
  await waitUntil("the end of the lock", async () => {
    const rows = await project.query(`SELECT 1 ${holdsLock}`);
    return rows.length === 0 ? true : null;
  });
  await gate.release();
  const { code, stderr } = await run.ended();
  assert.equal(code, 4, stderr);
  assert.match(stderr, /^error: The connection that holds the lock was lost, so nothing new is started$/m);
  assert.match(
    stderr,
    /\n2 of 4 statements of 002_b\.sql are done and stay\. Go on at line 4: pgmigrate up --retry 2, .* The database is at version 1; 1 migration is pending\.\n$/,
  );
  assert.doesNotMatch(stderr, /goes on where this run stopped/);
  assert.deepEqual(await project.query("SELECT n FROM a"), [{ n: 1 }]);
  assert.deepEqual(await project.query("SELECT statement, sent, failure FROM schema_migrations_unfinished"), [
    { statement: 2, sent: null, failure: "The connection that holds the lock was lost, so nothing new is started" },
  ]);
  assertDone(await project.run(["up", "--retry", "2"]));
  assert.deepEqual(await project.query("SELECT n FROM a"), [{ n: 1 }, { n: 2 }]);
});

Deno.test("failures 5: without the lock that was lost, a rival applies nothing twice that is being applied", async () => {
  await using project = await createProject(server, {
    "001_a.sql": "CREATE TABLE log (version int);\n",
    "002_b.sql": "INSERT INTO log VALUES (2);\nSELECT pg_advisory_xact_lock(4711);\n",
    "003_c.sql": "INSERT INTO log VALUES (3);\n",
  });
  await using gate = await hold(project, "SELECT pg_advisory_xact_lock(4711)");
  await using run = begin(project, ["up"]);
  await runningBackend(project, "4711", "Lock");
  await project.query(`
    SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
    WHERE l.locktype = 'advisory' AND l.granted AND a.application_name = 'pgmigrate' AND a.datname = current_database()`);
  await using rival = begin(project, ["up", "--lock-timeout", "0"]);
  await waitUntil("a rival that waits for the claim", async () => {
    const rows = await project.query(`SELECT 1 FROM pg_stat_activity WHERE datname = current_database()
      AND wait_event_type = 'Lock' AND wait_event <> 'advisory' AND application_name = 'pgmigrate'`);
    return rows.length > 0 ? true : null;
  });
  await gate.release();
  const codes = [(await run.ended()).code, (await rival.ended()).code];
  // Who comes too late says so; nobody has done anything twice.
  for (const code of codes) assert.ok([0, 4, 5].includes(code), codes.join());
  assertDone(await project.run(["up"]));
  assert.deepEqual(await project.query("SELECT version FROM log ORDER BY version"), [{ version: 2 }, { version: 3 }]);
  assert.deepEqual(await project.applied(), ["1", "2", "3"]);
});

Deno.test("failures 12: after kill -9 in mid-statement the server rolls back by itself, and the same file runs again", async () => {
  await using project = await createProject(server, {
    "001_a.sql": "CREATE TABLE log (version int);\n",
    "002_b.sql":
      "INSERT INTO log VALUES (2);\nSELECT pg_sleep(CASE WHEN count(*) > 0 THEN 600 ELSE 0 END) FROM slow;\n",
  });
  await project.query("CREATE TABLE slow AS SELECT 1");
  {
    await using run = begin(project, ["up"]);
    await runningBackend(project, "pg_sleep");
    run.process.kill("SIGKILL");
    await run.ended();
  }
  // Nobody ends that backend but its server, which looks for its client every two seconds.
  await allGone(project);
  assert.deepEqual(await project.query("SELECT * FROM log"), []);
  assert.deepEqual(await project.applied(), ["1"]);
  assert.deepEqual(await project.query("SELECT * FROM schema_migrations_unfinished"), []);
  await project.query("DELETE FROM slow");
  assertDone(await project.run(["up"]));
  assert.deepEqual(await project.query("SELECT version FROM log"), [{ version: 2 }]);
});

Deno.test({
  name: "failures 13: a second signal ends a run at once whose server answers nothing, not even the cancel",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using project = await createProject(server, FILES);
    let silent = false;
    let cancels = 0;
    await using proxy = startProxy(server, ({ type }) => {
      if (type === "cancel") cancels++;
      return silent ? "stop" : undefined;
    });
    await using run = begin(project, ["up"], { DATABASE_URL: proxy.url(project.url) });
    await runningBackend(project, "pg_sleep");
    silent = true;
    run.process.kill("SIGINT");
    await waitUntil("a cancel", () => Promise.resolve(cancels > 0 ? true : null));
    run.process.kill("SIGINT");
    assert.equal((await run.ended()).code, 130);
    proxy.cutAll();
    await allGone(project);
    assert.deepEqual(await project.query(KEPT), [{ slow: null, c: null, applied: 1, begun: 0 }]);
  },
});

Deno.test({
  name: "failures 13: a run ends no sooner than its cancel request, which would crash PgBouncer 1.18 if it broke off",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using project = await createProject(server, FILES);
    let backend = 0;
    let passed = false;
    await using proxy = startProxy(server, async ({ type }) => {
      if (type !== "cancel" || passed) return undefined;
      // The statement ends otherwise, and the run has nothing to wait for but this.
      await project.query(`SELECT pg_terminate_backend(${backend})`);
      await new Promise((resolve) => setTimeout(resolve, 500));
      passed = true;
      return undefined;
    });
    await using run = begin(project, ["up"], { DATABASE_URL: proxy.url(project.url) });
    backend = await runningBackend(project, "pg_sleep");
    run.process.kill("SIGINT");
    const { code } = await run.ended();
    assert.ok(passed);
    assert.equal(code, 130);
    assert.deepEqual(await project.query(KEPT), [{ slow: null, c: null, applied: 1, begun: 0 }]);
  },
});

/** Files whose messages wait for their answers, one by one. */
const ONE_BY_ONE = [
  ["COPY", "COPY a FROM stdin;\n1\n\\.\nSELECT pg_sleep(600);\n", "COPY 1", /\nNothing of 002_b\.sql was kept\. /],
  [
    "no transaction",
    "-- pgmigrate: no-transaction\nINSERT INTO a VALUES (1);\nSELECT pg_sleep(600);\n",
    "COMMIT",
    /\n1 of 2 statements of 002_b\.sql is done and stays\. /,
  ],
] as const;

for (const [what, text, tag, state] of ONE_BY_ONE) {
  for (
    const between of ["before its statement has reached the server", "before the answer to the one before"] as const
  ) {
    Deno.test({
      name: `failures 13: a cancel that comes ${between} is not lost in a file with ${what}`,
      ignore: Deno.build.os === "windows",
      async fn() {
        await using project = await createProject(server, {
          "001_a.sql": "CREATE TABLE a (n int);\n",
          "002_b.sql": text,
        });
        assertDone(await project.run(["up", "--to", "1"]));
        let begun = false;
        let cancelled = false;
        const held = Promise.withResolvers<void>();
        await using proxy = startProxy(server, async ({ from, type, text }) => {
          if (type === "cancel") cancelled = true;
          begun ||= from === "client" && /^\s*(COPY|INSERT INTO) a/.test(text);
          const isStatement = from === "client" && /^\s*SELECT pg_sleep/.test(text);
          const isAnswer = from === "server" && type === "C" && begun && text.startsWith(tag);
          if (cancelled || !(between.startsWith("before its") ? isStatement : isAnswer)) return undefined;
          const { open } = proxy;
          held.resolve();
          // The server closes the connection of a cancel request when it has done what it asks for.
          await waitUntil(
            "a cancel that is done",
            () => Promise.resolve(cancelled && proxy.open <= open ? true : null),
          );
          return undefined;
        });
        await using run = begin(project, ["up"], { DATABASE_URL: proxy.url(project.url) });
        await held.promise;
        run.process.kill("SIGINT");
        const { code, stderr } = await run.ended();
        assert.equal(code, 130, stderr);
        assert.match(stderr, state);
      },
    });
  }
}

Deno.test({
  name: "failures 13: SIGINT while it is noted which statement is sent sends it not, and leaves no doubt about it",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using project = await createProject(server, {
      "001_a.sql": "CREATE TABLE a ();\n",
      "002_b.sql": "-- pgmigrate: no-transaction\nCREATE TABLE b ();\nDO $$ BEGIN PERFORM pg_sleep(600); END $$;\n",
    });
    assertDone(await project.run(["up", "--to", "1"]));
    await project.query(`
      CREATE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.sent = 2 THEN PERFORM pg_catalog.pg_advisory_xact_lock(4711); END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER gate BEFORE UPDATE ON schema_migrations_unfinished FOR EACH ROW EXECUTE FUNCTION gate()`);
    await using gate = await hold(project, "SELECT pg_advisory_xact_lock(4711)");
    await using run = begin(project, ["up"]);
    const pid = await runningBackend(project, "SET sent = 2", "Lock");
    const startOf = async () =>
      (await project.query(`SELECT query_start::text AS start FROM pg_stat_activity WHERE pid = ${pid}`))[0];
    const first = await startOf();
    run.process.kill("SIGINT");
    // It is noted once more, for the cancel was not meant for that.
    await waitUntil("the second note", async () => {
      const rows = await project.query(`SELECT query_start::text AS start FROM pg_stat_activity
        WHERE pid = ${pid} AND query LIKE '%SET sent = 2%' AND wait_event_type = 'Lock'`);
      return rows.length > 0 && rows[0]!.start !== first!.start ? true : null;
    });
    await gate.release();
    const { code, stderr } = await run.ended();
    assert.equal(code, 130, stderr);
    assert.match(stderr, /\n1 of 2 statements of 002_b\.sql is done and stays\. Go on at line 3: /);
    assert.deepEqual(await project.query("SELECT statement, sent FROM schema_migrations_unfinished"), [
      { statement: 1, sent: null },
    ]);
  },
});
