import assert from "node:assert/strict";
import { begin, hold } from "./lifecycle.ts";
import { assertDone, createProject, linesOf, type Project, resultOf } from "./pgmigrate.ts";
import { sharedServer, sharedServers } from "./servers/mod.ts";
import { waitUntil } from "./wait_until.ts";

const server = await sharedServer("18");

const FILES = {
  "001_a.sql": "CREATE TABLE a ();\nCREATE TABLE b ();\n",
  "002_b.sql": "CREATE TABLE c ();\nCREATE SEQUENCE s;\nPREPARE p AS SELECT 1;\nALTER TABLE a ADD COLUMN n int;\n",
  "003_c.sql": "CREATE TABLE d ();\n",
};

/** A project whose first migration is applied. */
async function project(files: Readonly<Record<string, string>> = FILES, on = server): Promise<Project> {
  const made = await createProject(on, files);
  assertDone(await made.run(["up", "--to", "1"]));
  return made;
}

/** What is left of the second migration. */
const LEFT =
  `SELECT to_regclass('c') AS c, to_regclass('s') AS s, (SELECT count(*)::int FROM schema_migrations) AS applied,
  (SELECT count(*)::int FROM schema_migrations_unfinished) AS begun`;

const NOTHING = [{ c: null, s: null, applied: 1, begun: 0 }];

/** Waits until a backend of the run waits for a lock, in another transaction than the one given; gives that transaction. */
async function waitingTransaction(project: Project, other: unknown = null): Promise<unknown> {
  const row = await waitUntil("a transaction that waits for a lock", async () => {
    const [row] = await project.query(`
      SELECT backend_xid::text AS xid FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'pgmigrate' AND wait_event_type = 'Lock'`);
    return row !== undefined && row.xid !== null && row.xid !== other ? row : null;
  });
  return row.xid;
}

for (const server of await sharedServers()) {
  Deno.test(`failures 30: a lock that is let go of while the second attempt waits is had, on server ${server.version}`, async () => {
    await using tried = await project(FILES, server);
    await using holder = await hold(tried, "LOCK TABLE a IN ACCESS SHARE MODE");
    await using run = begin(tried, ["up", "--json", "--lock-timeout", "6s"]);
    const first = await waitingTransaction(tried);
    await waitingTransaction(tried, first);
    await holder.release();
    const outcome = await run.ended();
    assertDone(outcome);
    const [retrying] = linesOf(outcome.stdout, "retrying");
    const { reason, attempt, attempts, version, relation } = retrying!;
    assert.deepEqual({ reason, attempt, attempts, version, relation }, {
      reason: "lock-timeout",
      attempt: 2,
      attempts: 10,
      version: "2",
      relation: "public.a",
    });
    const [blocker] = retrying!.blockers as Record<string, unknown>[];
    assert.deepEqual([blocker!.pid, blocker!.application, blocker!.state], [
      holder.pid,
      "another client",
      "idle in transaction",
    ]);
    assert.match(
      retrying!.message as string,
      /^lock on public\.a not had in [\d.]+ s \(held by pid \d+ \(app another client, .*\): .*\); trying again in \d+ ms \(attempt 2 of 10\)$/,
    );
    assert.equal(linesOf(outcome.stdout, "migration_applied").length, 2);
    assert.deepEqual(await tried.applied(), ["1", "2", "3"]);
    assert.deepEqual(await tried.query(LEFT), [{ c: "c", s: "s", applied: 3, begun: 0 }]);
  });
}

Deno.test("failures 30: after the last attempt the run ends with exit code 5 and who was in the way at each", async () => {
  await using tried = await project();
  await using holder = await hold(tried, "LOCK TABLE a IN ACCESS SHARE MODE");
  const args = ["up", "--lock-timeout", "2s", "--lock-attempts", "2"];
  const { code, stdout, stderr } = await tried.run(args);
  assert.deepEqual({ code, stdout }, { code: 5, stdout: "" });
  const waiting =
    `AccessExclusiveLock on public\\.a, held by pid ${holder.pid} \\(app another client, user ${server.role}, ` +
    "idle in transaction for \\d+ s(, from [0-9a-f.:]+)?\\): [^\\n]*";
  assert.match(stderr, new RegExp(`^  1/2  002_b\\.sql  waiting for ${waiting}\\n`));
  assert.match(
    stderr,
    new RegExp(
      "\\nwarning: 002_b\\.sql: lock on public\\.a not had in [\\d.]+ m?s \\(held by .*\\); trying again in " +
        "\\d+ ms \\(attempt 2 of 2\\)\\n",
    ),
  );
  assert.match(
    stderr,
    /\nerror: A lock on a table could not be had in time, in 2 attempts: canceling statement due to lock timeout \[55P03\]\n +--> migrations\/002_b\.sql:4:1\n/,
  );
  for (const attempt of [1, 2]) {
    assert.match(
      stderr,
      new RegExp(`\\n  - \\d{4}-\\d\\d-\\d\\d .* UTC, attempt ${attempt}: waiting for ${waiting}\\n`),
    );
  }
  assert.match(
    stderr,
    /\nNothing of 002_b\.sql was kept\. The database is at version 1; 2 migrations are pending\.\n$/,
  );
  assert.deepEqual(await tried.query(LEFT), NOTHING);

  const json = await tried.run([...args, "--json"]);
  assert.deepEqual({ code: json.code, stderr: json.stderr }, { code: 5, stderr: "" });
  const [error] = linesOf(json.stdout, "error");
  assert.deepEqual([error!.code, error!.sqlstate, (error!.items as unknown[]).length], ["lock-timeout", "55P03", 2]);
  assert.deepEqual(linesOf(json.stdout, "waiting").map((line) => [line.for, line.relation, line.mode])[0], [
    "table-lock",
    "public.a",
    "AccessExclusiveLock",
  ]);
  assert.deepEqual(resultOf(json.stdout).pending, ["2", "3"]);
  const github = await tried.run([...args, "--format", "github"]);
  assert.match(
    github.stdout,
    /^::error file=migrations\/002_b\.sql,line=4,.*attempt 2: waiting for AccessExclusiveLock/,
  );
  assert.deepEqual(await tried.query(LEFT), NOTHING);
});

Deno.test("failures 30: no attempt goes past --lock-budget, and the first not either", async () => {
  await using tried = await project();
  await using _holder = await hold(tried, "LOCK TABLE a IN ACCESS SHARE MODE");
  const { code, stderr } = await tried.run(["up", "--lock-timeout", "1h", "--lock-budget", "2500ms"]);
  assert.equal(code, 5);
  assert.match(stderr, /\nerror: A lock on a table could not be had in time within 2\.5 s: .* \[55P03\]\n/);
  assert.match(stderr, /UTC, attempt 1: waiting for AccessExclusiveLock on public\.a, held by /);
  assert.deepEqual(await tried.query(LEFT), NOTHING);
});

Deno.test("failures 30: an attempt that comes again sends the data of its COPY again, all of it and once", async () => {
  const rows = Array.from({ length: 1000 }, (_, n) => `${n}\n`).join("");
  const file = `CREATE TABLE c (n int);\nCOPY c FROM stdin;\n${rows}\\.\nALTER TABLE a ADD COLUMN n int;\n`;
  await using tried = await project({ ...FILES, "002_b.sql": file });
  await using holder = await hold(tried, "LOCK TABLE a IN ACCESS SHARE MODE");
  await using run = begin(tried, ["up", "--lock-timeout", "2s"]);
  await waitingTransaction(tried, await waitingTransaction(tried));
  await holder.release();
  assertDone(await run.ended());
  assert.deepEqual(await tried.query("SELECT count(*)::int AS all, count(DISTINCT n)::int AS different FROM c"), [
    { all: 1000, different: 1000 },
  ]);
  assert.deepEqual(await tried.applied(), ["1", "2", "3"]);
});

Deno.test("a tracker that somebody has locked is waited for and tried again like a table of the migration's own", async () => {
  await using tried = await project();
  await using holder = await hold(tried, "LOCK TABLE schema_migrations_unfinished IN SHARE MODE");
  const { code, stderr } = await tried.run(["up", "--lock-timeout", "2s", "--lock-attempts", "2"]);
  assert.equal(code, 5);
  assert.match(
    stderr,
    /\nerror: A lock on a table could not be had in time, in 2 attempts: .*\n +--> migrations\/002_b\.sql\n/,
  );
  assert.match(stderr, /attempt 2: waiting for RowExclusiveLock on public\.schema_migrations_unfinished, held by pid /);
  await holder.release();
  assert.deepEqual(await tried.query(LEFT), NOTHING);
  assertDone(await tried.run(["up"]));
});

Deno.test("--lock-timeout 0 waits as long as it takes, and says for whom", async () => {
  await using tried = await project();
  await using holder = await hold(tried, "LOCK TABLE a IN ACCESS SHARE MODE");
  await using run = begin(tried, ["up", "--lock-timeout", "0", "--lock-budget", "100ms"]);
  await waitUntil("a wait of more than two seconds", async () => {
    const rows = await tried.query(
      "SELECT FROM pg_locks WHERE NOT granted AND relation = 'a'::regclass AND waitstart < now() - interval '2.2s'",
    );
    return rows.length > 0 ? rows : null;
  });
  await holder.release();
  const outcome = await run.ended();
  assertDone(outcome);
  assert.equal(
    outcome.stderr.match(/waiting for AccessExclusiveLock on public\.a, held by/g)?.length,
    1,
    outcome.stderr,
  );
  assert.doesNotMatch(outcome.stderr, /trying again/);
  assert.deepEqual(await tried.applied(), ["1", "2", "3"]);
});

Deno.test("directives set lock_timeout, attempts and statement_timeout for their file alone", async () => {
  const directives = "-- pgmigrate: lock-timeout=200ms\n-- pgmigrate: lock-attempts=2\n-- pgmigrate: lock-budget=1h\n";
  await using tried = await project({ ...FILES, "002_b.sql": directives + FILES["002_b.sql"] });
  await using holder = await hold(tried, "LOCK TABLE a IN ACCESS SHARE MODE");
  const { code, stderr } = await tried.run(["up", "--lock-attempts", "50"]);
  assert.equal(code, 5);
  assert.match(stderr, /\nerror: A lock on a table could not be had in time, in 2 attempts: /);
  assert.deepEqual(await tried.query(LEFT), NOTHING);
  await holder.release();

  await tried.directory.write("002_b.sql", FILES["002_b.sql"]);
  await tried.directory.write("003_c.sql", "-- pgmigrate: statement-timeout=100ms\nSELECT pg_sleep(600);\n");
  const timed = await tried.run(["up"]);
  assert.equal(timed.code, 1);
  assert.match(timed.stderr, /statement timeout \[57014\]\n +--> migrations\/003_c\.sql:2:1\n/);
  assert.deepEqual(await tried.applied(), ["1", "2"]);
});

Deno.test("a lock_timeout that a file sets itself is kept to, and counts as an attempt", async () => {
  const own = "SET LOCAL lock_timeout = '150ms';\n" + FILES["002_b.sql"];
  await using tried = await project({ ...FILES, "002_b.sql": own });
  await using _holder = await hold(tried, "LOCK TABLE a IN ACCESS SHARE MODE");
  const { code, stderr } = await tried.run(["up", "--lock-timeout", "0", "--lock-attempts", "3"]);
  assert.equal(code, 5);
  assert.match(stderr, /\nerror: A lock on a table could not be had in time, in 3 attempts: .*\[55P03\]\n/);
  assert.deepEqual(await tried.query(LEFT), NOTHING);
});

Deno.test("a NOWAIT of the file is refused once: it is not tried again", async () => {
  const files = { ...FILES, "002_b.sql": "CREATE TABLE c ();\nLOCK TABLE a IN ACCESS EXCLUSIVE MODE NOWAIT;\n" };
  await using tried = await project(files);
  await using _holder = await hold(tried, "LOCK TABLE a IN ACCESS SHARE MODE");
  const { code, stderr } = await tried.run(["up"]);
  assert.equal(code, 5);
  assert.match(stderr, /\nerror: A lock could not be had: could not obtain lock on relation "a" \[55P03\]\n/);
  assert.match(stderr, /\nhint: .*NOWAIT.*not tried again/);
  assert.doesNotMatch(stderr, /trying again/);
  assert.deepEqual(await tried.query(LEFT), NOTHING);
});

Deno.test("failures 30: a migration that a deadlock ended is tried again, and applied exactly once", async () => {
  const file = "CREATE TABLE c ();\nCREATE SEQUENCE s;\nLOCK TABLE a;\nLOCK TABLE b;\nINSERT INTO log VALUES (2);\n";
  await using tried = await project({
    ...FILES,
    "001_a.sql": FILES["001_a.sql"] + "CREATE TABLE log (n int);\n",
    "002_b.sql": file,
  });
  await using other = await hold(tried, "SET deadlock_timeout = '10min'; LOCK TABLE b");
  await using run = begin(tried, ["up", "--lock-timeout", "30s"]);
  await waitingTransaction(tried);
  await other.run("LOCK TABLE a");
  await other.release();
  const outcome = await run.ended();
  assertDone(outcome);
  assert.match(
    outcome.stderr,
    /^warning: 002_b\.sql: ended by a deadlock \(Process \d+ waits for .*; blocked by process \d+\. .*\); trying again in \d+ ms \(attempt 2 of 10\)\n/,
  );
  assert.deepEqual(await tried.applied(), ["1", "2", "3"]);
  assert.deepEqual(await tried.query("SELECT n FROM log"), [{ n: 2 }]);
});

Deno.test("outside a transaction there is no lock_timeout but that of a directive, and no second attempt", async () => {
  const file = "-- pgmigrate: no-transaction\n-- pgmigrate: lock-timeout=200ms\nALTER TABLE a ADD COLUMN n int;\n";
  await using tried = await project({ ...FILES, "002_b.sql": file });
  await using holder = await hold(tried, "LOCK TABLE a IN ACCESS SHARE MODE");
  const { code, stderr } = await tried.run(["up"]);
  assert.equal(code, 5);
  assert.match(stderr, /\nerror: A lock on a table could not be had in time: canceling .*\[55P03\]\n/);
  assert.doesNotMatch(stderr, /trying again/);
  assert.deepEqual(await tried.query(LEFT), NOTHING);

  await tried.directory.write("002_b.sql", file.replace("-- pgmigrate: lock-timeout=200ms\n", ""));
  await using run = begin(tried, ["up", "--lock-timeout", "100ms"]);
  await waitUntil("a wait that is longer than --lock-timeout", async () => {
    const rows = await tried.query(
      "SELECT FROM pg_locks WHERE NOT granted AND relation = 'a'::regclass AND waitstart < now() - interval '300ms'",
    );
    return rows.length > 0 ? rows : null;
  });
  await holder.release();
  assertDone(await run.ended());
  assert.deepEqual(await tried.applied(), ["1", "2", "3"]);
});
