import assert from "node:assert/strict";
import { begin, type Begun, hold, runningBackend } from "./lifecycle.ts";
import { assertDone, createProject, linesOf, type Project, resultOf } from "./pgmigrate.ts";
import { noPgbouncer, startPgbouncer } from "./faults/pgbouncer.ts";
import { type Server, sharedServer, sharedServers, startServer } from "./servers/mod.ts";
import { waitUntil } from "./wait_until.ts";

const server = await sharedServer("15");

/** Every kind of statement that a run may be stopped at; line 2 is its first. */
const MIXED = `-- pgmigrate: no-transaction
CREATE TABLE one ();
CREATE INDEX CONCURRENTLY a_n ON a (n);
INSERT INTO log VALUES ('once');
BEGIN;
INSERT INTO log VALUES ('block');
COMMIT;
DROP INDEX CONCURRENTLY old;
REINDEX TABLE CONCURRENTLY a;
CREATE TABLE two ();
`;

const FILES = {
  "001_a.sql":
    "CREATE TABLE a (n int);\nINSERT INTO a VALUES (1);\nCREATE INDEX old ON a (n);\nCREATE TABLE log (what text);\n",
  "002_mixed.sql": MIXED,
  "003_after.sql": "CREATE TABLE after ();\n",
};

/** What there is in the end: every effect once. */
const EFFECTS = `SELECT to_regclass('one') IS NOT NULL AS one, to_regclass('two') IS NOT NULL AS two,
  to_regclass('after') IS NOT NULL AS after, to_regclass('old') IS NULL AS dropped,
  (SELECT json_agg(what ORDER BY what) FROM log) AS log,
  (SELECT json_agg(json_build_array(c.relname, i.indisvalid)) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE i.indrelid = 'a'::regclass) AS indexes,
  (SELECT count(*)::int FROM schema_migrations_unfinished) AS begun`;

async function assertWhole(project: Project): Promise<void> {
  assert.deepEqual(await project.query(EFFECTS), [{
    one: true,
    two: true,
    after: true,
    dropped: true,
    log: ["block", "once"],
    indexes: [["a_n", true]],
    begun: 0,
  }]);
  assert.deepEqual(await project.applied(), ["1", "2", "3"]);
}

/**
 * Makes the table of claims wait at one place for the advisory lock 4711: when a row of it is about to be changed in the
 * way that a condition tells.
 */
async function gateAt(project: Project, condition: string): Promise<void> {
  await project.query(`
    CREATE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF ${condition} THEN PERFORM pg_catalog.pg_advisory_xact_lock(4711); END IF;
      RETURN COALESCE(NEW, OLD);
    END $$;
    CREATE TRIGGER gate BEFORE UPDATE OR DELETE ON schema_migrations_unfinished FOR EACH ROW EXECUTE FUNCTION gate()`);
}

/** A place where a run is stopped. */
interface Stage {
  readonly title: string;
  /** Of failures.md, where it is one of those. */
  readonly line?: string;
  /** When the table of claims waits; null where the statement itself does. */
  readonly gate: string | null;
  /** What the gate holds beside the advisory lock. */
  readonly holds?: string;
  /** What the backend runs when it waits. */
  readonly running: string;
  /** Whether `up` goes on without being told, when the backend was ended. */
  readonly goesOn: boolean;
  /** How many statements are done, when the backend was ended. */
  readonly done: number;
}

const STAGES: readonly Stage[] = [
  {
    title: "in a first statement that runs in a transaction",
    gate: "NEW.statement = 1",
    running: "SET statement = 1",
    goesOn: true,
    done: 0,
  },
  {
    title: "before CREATE INDEX CONCURRENTLY",
    gate: "NEW.sent = 2",
    running: "SET sent = 2",
    goesOn: true,
    done: 1,
  },
  {
    title: "in CREATE INDEX CONCURRENTLY",
    gate: null,
    holds: "INSERT INTO a VALUES (2)",
    running: "CREATE INDEX CONCURRENTLY a_n",
    goesOn: true,
    done: 1,
  },
  {
    title: "after CREATE INDEX CONCURRENTLY, before it is counted",
    gate: "NEW.statement = 2",
    running: "SET statement = 2",
    goesOn: true,
    done: 1,
  },
  {
    title: "in an INSERT",
    gate: null,
    holds: "LOCK TABLE log",
    running: "INSERT INTO log VALUES",
    goesOn: false,
    done: 2,
  },
  {
    title: "after an INSERT, before it is counted",
    gate: "NEW.statement = 3",
    running: "SET statement = 3",
    goesOn: false,
    done: 2,
  },
  {
    title: "in a BEGIN … COMMIT of the file's own, before it is counted",
    line: "failures 10: ",
    gate: "NEW.statement = 6",
    running: "SET statement = 6",
    goesOn: false,
    done: 3,
  },
  {
    title: "in DROP INDEX CONCURRENTLY",
    gate: null,
    holds: "LOCK TABLE old_users; SELECT FROM a",
    running: "DROP INDEX CONCURRENTLY old",
    goesOn: true,
    done: 6,
  },
  {
    title: "after DROP INDEX CONCURRENTLY, before it is counted",
    gate: "NEW.statement = 7",
    running: "SET statement = 7",
    goesOn: true,
    done: 6,
  },
  {
    title: "before REINDEX CONCURRENTLY",
    gate: "NEW.sent = 8",
    running: "SET sent = 8",
    goesOn: true,
    done: 7,
  },
  {
    title: "after the last statement, before the claim moves",
    gate: "TG_OP = 'DELETE'",
    running: "DELETE FROM",
    goesOn: true,
    done: 9,
  },
];

/** Begins a run, and waits until it stands at a stage, held by another client. */
async function stopAt(project: Project, { gate, holds, running }: Stage) {
  assertDone(await project.run(["up", "--to", "1"]));
  await project.query("CREATE TABLE old_users ()");
  if (gate !== null) await gateAt(project, gate);
  const holder = await hold(project, `SELECT pg_advisory_xact_lock(4711); ${holds ?? "SELECT 1"}`);
  const run = begin(project, ["up"]);
  const pid = await runningBackend(project, running, "Lock");
  return { run, holder, pid };
}

async function removeGate(project: Project): Promise<void> {
  await project.query("DROP TRIGGER IF EXISTS gate ON schema_migrations_unfinished; DROP FUNCTION IF EXISTS gate");
}

/** Runs `up` until all is there: by itself, or told to. */
async function bringHome(project: Project, { goesOn, done }: Pick<Stage, "goesOn" | "done">): Promise<void> {
  if (!goesOn) {
    const asks = await project.run(["up"]);
    assert.equal(asks.code, 1);
    assert.match(
      asks.stderr,
      new RegExp(`^error: 002_mixed\\.sql has begun and not ended: ${done} of 9 statements are done\n`, "m"),
    );
    assert.match(asks.stderr, /: pgmigrate up --retry 2\. .*: pgmigrate up --mark-applied 2\nNothing was applied\.\n$/);
  }
  assertDone(await project.run(goesOn ? ["up"] : ["up", "--retry", "2"]));
  await assertWhole(project);
}

function assertLost({ code, stderr }: Awaited<ReturnType<Begun["ended"]>>, done: number): void {
  assert.equal(code, 4, stderr);
  if (done === 0) return assert.match(stderr, /\nNothing of 002_mixed\.sql was kept\. /);
  assert.match(stderr, new RegExp(`\\n${done} of 9 statements of 002_mixed\\.sql (is|are) done and stays?\\. `));
}

for (const stage of STAGES) {
  Deno.test(`${stage.line ?? ""}a backend that is terminated ${stage.title}: every effect once`, async () => {
    await using project = await createProject(server, FILES);
    const { run, holder, pid } = await stopAt(project, stage);
    await using _run = run;
    await using _holder = holder;
    await project.query(`SELECT pg_terminate_backend(${pid})`);
    assertLost(await run.ended(), stage.done);
    await holder.release();
    await removeGate(project);
    const [row] = await project.query(
      "SELECT statement, statements, pid, applied_by FROM schema_migrations_unfinished",
    );
    assert.deepEqual(row, { statement: stage.done, statements: 9, pid, applied_by: server.role });
    await bringHome(project, stage);
  });

  Deno.test(`${stage.line ?? ""}a run that is killed ${stage.title}: the next one waits for its backend, then every effect once`, async () => {
    await using project = await createProject(server, FILES);
    const { run, holder, pid } = await stopAt(project, stage);
    await using _run = run;
    await using _holder = holder;
    run.process.kill("SIGKILL");
    await run.ended();
    await using next = begin(project, ["up"]);
    await waitUntil("the wait of the next run", async () => {
      const rows = await project.query(`SELECT 1 FROM pg_stat_activity
        WHERE datname = current_database() AND query LIKE '%starts_with(a.query%' AND pid <> pg_backend_pid()`);
      return rows.length > 0 ? rows : null;
    });
    await holder.release();
    const { code, stderr } = await next.ended();
    assert.match(stderr, new RegExp(`^waiting: An earlier run's backend still runs 002_mixed\\.sql: pid ${pid} `));
    if (code === 0) return await assertWhole(project);
    assert.match(stderr, /^error: 002_mixed\.sql has begun and not ended: \d of 9 statements are done$/m);
    assertDone(await project.run(["up", "--retry", "2"]));
    await assertWhole(project);
  });
}

Deno.test("a server that crashes while a statement runs, or before the claim moves: every effect once", async () => {
  await using own = await startServer("18");
  for (const stage of STAGES.filter(({ gate, done }) => gate === null || done === 9)) {
    await using project = await createProject(own, FILES);
    const { run, holder, pid } = await stopAt(project, stage);
    await using _run = run;
    // The server ends all its backends and recovers from its log, as after an immediate shutdown.
    Deno.kill(pid, "SIGKILL");
    assertLost(await run.ended(), stage.done);
    await holder.release().catch(() => {});
    await waitUntil("the server's return", () => project.query("SELECT 1").catch(() => null));
    await removeGate(project);
    await bringHome(project, stage);
  }
});

Deno.test("while the backend of a run that was killed goes on, status says so, and up waits no longer than --lock-wait", async () => {
  await using project = await createProject(server, FILES);
  const { run, holder, pid } = await stopAt(project, STAGES.find(({ title }) => title.startsWith("in CREATE INDEX"))!);
  await using _run = run;
  await using _holder = holder;
  run.process.kill("SIGKILL");
  await run.ended();
  const status = await project.run(["status"]);
  assert.match(
    status.stdout,
    new RegExp(`^unfinished +002_mixed\\.sql +1 of 9 statements done, running at line 3: pid ${pid}$`, "m"),
  );
  const refused = await project.run(["up", "--lock-wait", "0"]);
  assert.equal(refused.code, 5, refused.stderr);
  assert.match(
    refused.stderr,
    new RegExp(`^error: The backend that runs 002_mixed\\.sql for an earlier run is still there\n  - pid ${pid} `, "m"),
  );
  // The way out that it names.
  const terminate = /SELECT pg_terminate_backend\(\d+\)/.exec(refused.stderr)?.[0];
  assert.ok(terminate !== undefined, refused.stderr);
  await project.query(terminate);
  await holder.release();
  assertDone(await project.run(["up"]));
  await assertWhole(project);
});

function indexesOf(project: Project) {
  return project.query(`SELECT c.relname AS name, i.indisvalid AS valid FROM pg_index i
    JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = 'a'::regclass ORDER BY 1`);
}

async function interrupted(server: Server, text: string) {
  const project = await createProject(server, { "001_a.sql": FILES["001_a.sql"], "002_b.sql": text });
  assertDone(await project.run(["up", "--to", "1"]));
  return project;
}

for (const server of await sharedServers()) {
  Deno.test(`SIGINT in a CREATE INDEX CONCURRENTLY says what stays, and up repairs it, on server ${server.version}`, async () => {
    await using project = await interrupted(
      server,
      "-- pgmigrate: no-transaction\nCREATE INDEX CONCURRENTLY a_n ON a (n);\n",
    );
    await using holder = await hold(project, "INSERT INTO a VALUES (2)");
    await using run = begin(project, ["up"]);
    await runningBackend(project, "CREATE INDEX CONCURRENTLY a_n", "Lock");
    run.process.kill("SIGINT");
    const { code, stderr } = await run.ended();
    assert.equal(code, 130);
    assert.match(
      stderr,
      /\nNo statement of 002_b\.sql is done\. The INVALID index public\.a_n stayed behind: .* goes on at line 2\. /,
    );
    await holder.release();
    assert.deepEqual(await indexesOf(project), [{ name: "a_n", valid: false }, { name: "old", valid: true }]);
    const next = await project.run(["up"]);
    assertDone(next);
    assert.match(next.stderr, /^note: 002_b\.sql: The INVALID index public\.a_n that it left is dropped first\n/);
    assert.deepEqual(await indexesOf(project), [{ name: "a_n", valid: true }, { name: "old", valid: true }]);
  });

  Deno.test(`what an interrupted REINDEX CONCURRENTLY leaves is dropped, on server ${server.version}`, async () => {
    await using project = await interrupted(
      server,
      "-- pgmigrate: no-transaction\nREINDEX INDEX CONCURRENTLY old;\n",
    );
    await using holder = await hold(project, "INSERT INTO a VALUES (2)");
    await using run = begin(project, ["up"]);
    const pid = await runningBackend(project, "REINDEX INDEX CONCURRENTLY", "Lock");
    await project.query(`SELECT pg_terminate_backend(${pid})`);
    assert.equal((await run.ended()).code, 4);
    await holder.release();
    assert.deepEqual(await indexesOf(project), [{ name: "old", valid: true }, { name: "old_ccnew", valid: false }]);
    assertDone(await project.run(["up"]));
    assert.deepEqual(await indexesOf(project), [{ name: "old", valid: true }]);
  });
}

Deno.test("SIGINT in a first statement that runs in a transaction keeps nothing, and says so", async () => {
  await using project = await interrupted(server, "-- pgmigrate: no-transaction\nSELECT pg_sleep(600);\nSELECT 1;\n");
  await using run = begin(project, ["up"]);
  await runningBackend(project, "pg_sleep");
  run.process.kill("SIGINT");
  const { code, stderr } = await run.ended();
  assert.equal(code, 130);
  assert.match(stderr, /\nNothing of 002_b\.sql was kept\. The database is at version 1; 1 migration is pending\.\n$/);
  assert.deepEqual(await project.query("SELECT 1 FROM schema_migrations_unfinished"), []);
});

Deno.test("an index of that name that was there before is neither recorded nor dropped", async () => {
  await using project = await interrupted(
    server,
    "-- pgmigrate: no-transaction\nCREATE INDEX CONCURRENTLY old ON a (n);\n",
  );
  await project.query("ALTER TABLE a ADD COLUMN m int");
  await gateAt(project, "NEW.sent = 1");
  await using holder = await hold(project, "SELECT pg_advisory_xact_lock(4711)");
  await using run = begin(project, ["up"]);
  const pid = await runningBackend(project, "SET sent = 1", "Lock");
  run.process.kill("SIGKILL");
  await holder.release();
  await waitUntil("the end of the backend", async () => {
    const rows = await project.query(`SELECT 1 FROM pg_stat_activity WHERE pid = ${pid}`);
    return rows.length === 0 ? rows : null;
  });
  await removeGate(project);
  const { code, stderr } = await project.run(["up"]);
  assert.equal(code, 1);
  assert.match(stderr, /error: relation "old" already exists \[42P07\]\n/);
  assert.match(stderr, /\nNothing of 002_b\.sql was kept\. /);
  assert.deepEqual(await indexesOf(project), [{ name: "old", valid: true }]);
  assert.deepEqual(await project.applied(), ["1"]);
});

/** A file of which two statements are done and the third has failed. */
const HALF =
  "-- pgmigrate: no-transaction\nCREATE TABLE one ();\nCREATE TABLE two ();\nSELECT 1 / 0;\nCREATE TABLE three ();\n";

async function halfWay() {
  const project = await createProject(server, { "001_a.sql": HALF, "002_b.sql": "CREATE TABLE b ();\n" });
  const { code, stderr } = await project.run(["up"]);
  assert.equal(code, 1);
  assert.match(
    stderr,
    /\n2 of 4 statements of 001_a\.sql are done and stay\. Go on at line 4: pgmigrate up --retry 1, or, when you have done the rest, pgmigrate up --mark-applied 1\. Nothing is applied yet; 2 migrations are pending\.\n$/,
  );
  return project;
}

Deno.test("up stops at what is half-way, statement by statement, in every format", async () => {
  await using project = await halfWay();
  for (const args of [["up"], ["up", "--dry-run"]]) {
    const { code, stdout, stderr } = await project.run(args);
    assert.deepEqual({ code, stdout }, { code: 1, stdout: "" });
    assert.match(
      stderr,
      new RegExp([
        "^error: 001_a\\.sql has begun and not ended: 2 of 4 statements are done",
        "  --> migrations/001_a\\.sql:4:1",
        "   \\|",
        " 4 \\| SELECT 1 / 0;",
        "   \\| \\^",
        "  - line 2: done: CREATE TABLE one \\(\\)",
        "  - line 3: done: CREATE TABLE two \\(\\)",
        "  - line 4: not done: SELECT 1 / 0",
        "  - line 5: not done: CREATE TABLE three \\(\\)",
        "detail: Begun .*\\. It stopped with: division by zero \\[22012\\]",
        "hint: To go on at line 4: pgmigrate up --retry 1\\. When you have done the rest by hand: pgmigrate up --mark-applied 1",
        "Nothing was applied\\.\n$",
      ].join("\n")),
    );
  }
  const json = await project.run(["status", "--json"]);
  const { started_at, ...listed } = linesOf(json.stdout, "migration")[0]!;
  assert.match(String(started_at), /^\d{4}-.*Z$/);
  assert.deepEqual({ ...listed, checksum: "" }, {
    event: "migration",
    version: "1",
    name: "001_a.sql",
    state: "unfinished",
    applied_at: null,
    checksum: "",
    statements_done: 2,
    statements_total: 4,
    line: 4,
    failure: "division by zero [22012]",
    pid: null,
  });
  const github = await project.run(["verify", "--format", "github"]);
  assert.match(
    github.stdout,
    /^::error file=migrations\/001_a\.sql,line=4,title=pgmigrate%3A unfinished::001_a\.sql began and did not end: 2 of 4 statements done, stopped at line 4: division by zero \[22012\]$/m,
  );
});

Deno.test("up --retry goes on at the first statement not known to be done, with the file as it is now", async () => {
  await using project = await halfWay();
  assert.equal((await project.run(["up", "--retry", "1"])).code, 1);
  await project.directory.write(
    "001_a.sql",
    HALF.replace("1 / 0", "1 / 1").replace("CREATE TABLE two", "-- why\nCREATE TABLE two"),
  );
  const edited = await project.run(["up"]);
  assert.equal(edited.code, 1);
  assert.match(edited.stderr, /^error: 001_a\.sql has begun and not ended, and was edited since\n/);
  const dry = await project.run(["up", "--dry-run", "--retry", "1"]);
  assert.equal(
    dry.stdout,
    "  1/2  001_a.sql  (no transaction, goes on at statement 3)\n  2/2  002_b.sql\n2 migrations would be applied; nothing was changed. Nothing is applied yet.\n",
  );
  assertDone(await project.run(["up", "--retry", "1"]));
  assert.deepEqual(await project.applied(), ["1", "2"]);
  assertDone(await project.run(["verify"]));
  assert.deepEqual(await project.query("SELECT to_regclass('three') IS NOT NULL AS three"), [{ three: true }]);
});

Deno.test("up --retry refuses a file whose done part was edited, or that would now run in a transaction", async () => {
  await using project = await halfWay();
  await project.directory.write("001_a.sql", HALF.replace("TABLE two ()", "TABLE two (n int)").replace("1 / 0", "1"));
  const edited = await project.run(["up", "--retry", "1"]);
  assert.equal(edited.code, 1);
  assert.match(
    edited.stderr,
    /^error: 001_a\.sql cannot go on: a statement that is done was edited\n +--> migrations\/001_a\.sql:3:1\n/,
  );
  await project.directory.write("001_a.sql", HALF.replace("-- pgmigrate: no-transaction\n", "").replace("1 / 0", "1"));
  const transactional = await project.run(["up", "--retry", "1"]);
  assert.equal(transactional.code, 1);
  assert.match(transactional.stderr, /^error: 001_a\.sql cannot go on in a transaction: 2 of its statements are done/);
  assert.deepEqual(await project.query("SELECT statement FROM schema_migrations_unfinished"), [{ statement: 2 }]);
});

Deno.test("up --mark-applied records what a person has brought to its end, and runs the rest", async () => {
  await using project = await halfWay();
  await project.query("CREATE TABLE three ()");
  const dry = await project.run(["up", "--dry-run", "--mark-applied", "1"]);
  assert.equal(
    dry.stdout,
    "  1/1  002_b.sql\nWould record 1 migration as applied. 1 migration would be applied; nothing was changed. Nothing is applied yet.\n",
  );
  const { code, stdout } = await project.run(["up", "--mark-applied", "1", "--json"]);
  assert.equal(code, 0, stdout);
  assert.deepEqual(linesOf(stdout, "migration_marked").map(({ version, name }) => [version, name]), [[
    "1",
    "001_a.sql",
  ]]);
  assert.deepEqual([resultOf(stdout).marked_applied, resultOf(stdout).applied], [["1"], ["2"]]);
  assert.deepEqual(await project.applied(), ["1", "2"]);
  assertDone(await project.run(["verify"]));
});

Deno.test("up --mark-applied does not record an index that is INVALID", async () => {
  await using project = await interrupted(
    server,
    "-- pgmigrate: no-transaction\nCREATE UNIQUE INDEX CONCURRENTLY a_n ON a (n);\n",
  );
  await project.query("INSERT INTO a VALUES (1)");
  assert.equal((await project.run(["up"])).code, 1);
  const { code, stderr } = await project.run(["up", "--mark-applied", "2"]);
  assert.equal(code, 1);
  assert.match(stderr, /^error: 002_b\.sql is not all there: .* INVALID\n +- public\.a_n\n/);
  assert.deepEqual(await project.applied(), ["1"]);
});

Deno.test("--retry and --mark-applied are for unfinished migrations", async () => {
  await using project = await createProject(server, { "001_a.sql": "SELECT 1;\n", "002_b.sql": "SELECT 2;\n" });
  assertDone(await project.run(["up", "--to", "1"]));
  const cases = [
    [["--retry", "1"], "--retry 1: it is applied, not unfinished"],
    [["--mark-applied", "2"], "--mark-applied 2: it is pending, not unfinished"],
    [["--retry", "9"], "--retry 9: there is no migration with that version, not unfinished"],
    [["--retry", "2", "--mark-applied", "2"], "--retry and --mark-applied both name version 2"],
  ] as const;
  for (const [args, message] of cases) {
    const { code, stderr } = await project.run(["up", ...args]);
    assert.equal(code, 2);
    assert.ok(stderr.startsWith(`error: ${message}\n`), stderr);
  }
  assert.deepEqual(await project.applied(), ["1"]);
});

Deno.test("a run that goes on finds the settings that the file had made before", async () => {
  await using project = await createProject(server, {
    "001_a.sql":
      "-- pgmigrate: no-transaction\nCREATE SCHEMA s;\nSET search_path = s;\nCREATE TABLE t (n int);\nSELECT 1 / 0;\nCREATE TABLE u ();\n",
  });
  assert.equal((await project.run(["up"])).code, 1);
  await project.directory.write(
    "001_a.sql",
    (await Deno.readTextFile(`${project.directory.path}/migrations/001_a.sql`)).replace("1 / 0", "1"),
  );
  assertDone(await project.run(["up", "--retry", "1"]));
  assert.deepEqual(await project.query("SELECT to_regclass('s.u') IS NOT NULL AS u"), [{ u: true }]);
});

Deno.test("a run that goes on sends nothing again that needs the block which it stood in", async () => {
  await using project = await createProject(server, {
    "001_a.sql": `-- pgmigrate: no-transaction
CREATE TABLE a (n int);
INSERT INTO a VALUES (1), (1);
BEGIN;
LOCK TABLE a IN ACCESS EXCLUSIVE MODE;
SET LOCAL lock_timeout = '1s';
DECLARE c CURSOR FOR SELECT 1;
SET CONSTRAINTS ALL DEFERRED;
ALTER TABLE a ADD COLUMN m int;
COMMIT;
CREATE UNIQUE INDEX CONCURRENTLY a_n ON a (n);
`,
  });
  assert.match((await project.run(["up"])).stderr, /error: could not create unique index "a_n" \[23505\]\n/);
  for (const args of [["up"], ["up", "--retry", "1"]]) {
    const { code, stderr } = await project.run(args);
    assert.equal(code, 1);
    assert.match(stderr, /error: could not create unique index "a_n" \[23505\]\n/);
  }
  await project.query("DELETE FROM a");
  assertDone(await project.run(["up"]));
  assert.deepEqual(await project.applied(), ["1"]);
});

Deno.test("a run whose temporary table went with its session does not go on without it, not even when told to", async () => {
  await using project = await createProject(server, {
    "001_a.sql": `-- pgmigrate: no-transaction
CREATE TEMP TABLE doomed AS SELECT 1 AS n;
CREATE UNIQUE INDEX CONCURRENTLY a_n ON a (n);
DELETE FROM a WHERE n IN (SELECT n FROM doomed);
`,
  });
  // The rest would be run on a table of that name that is there for good.
  await project.query(
    "CREATE TABLE a AS SELECT 1 AS n FROM generate_series(1, 2); CREATE TABLE doomed AS SELECT n FROM a",
  );
  const first = await project.run(["up"]);
  assert.equal(first.code, 1);
  assert.match(
    first.stderr,
    /\n1 of 3 statements of 001_a\.sql is done and stays\. The INVALID index public\.a_n stayed behind: .* Drop it with DROP INDEX CONCURRENTLY\. With its session went doomed, without which it cannot go on\. Do the rest by hand, from line 3, and then pgmigrate up --mark-applied 1\. /,
  );
  for (const args of [["up"], ["up", "--retry", "1"]]) {
    const { code, stderr } = await project.run(args);
    assert.equal(code, 1, stderr);
    assert.match(
      stderr,
      /^error: 001_a\.sql has begun and not ended, and cannot go on: what it made for its session is gone\n/,
    );
    assert.match(
      stderr,
      /\nhint: With its session went doomed\. Do the rest by hand, from line 3, with that made anew; then record it: pgmigrate up --mark-applied 1\n/,
    );
    assert.doesNotMatch(stderr, /--retry/);
  }
  assert.deepEqual(await project.query("SELECT count(*)::int AS rows FROM a"), [{ rows: 2 }]);
  await project.query("DROP INDEX CONCURRENTLY a_n");
  assertDone(await project.run(["up", "--mark-applied", "1"]));
});

Deno.test("a table of unfinished migrations of an earlier version is gone on with", async () => {
  await using project = await createProject(server, { "001_a.sql": HALF.replace("1 / 0", "1") });
  await project.query(`
    CREATE TABLE schema_migrations (version BIGINT PRIMARY KEY, name TEXT NOT NULL, applied_at TIMESTAMPTZ, checksum TEXT,
      duration_ms BIGINT, applied_by TEXT, source TEXT);
    CREATE TABLE schema_migrations_unfinished (version BIGINT PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL,
      source TEXT, xact XID8 NOT NULL DEFAULT pg_current_xact_id(), started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
      statement INTEGER NOT NULL DEFAULT 0, pid INTEGER NOT NULL DEFAULT pg_backend_pid());
    CREATE TABLE one (); CREATE TABLE two ();`);
  const text = HALF.replace("1 / 0", "1");
  const digest = Array.from(
    new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))),
    (byte) => byte.toString(16).padStart(2, "0"),
  ).join("");
  await project.query(
    `INSERT INTO schema_migrations_unfinished (version, name, checksum, source, statement) VALUES (1, '001_a.sql', '${digest}', '${text}', 2)`,
  );
  const asks = await project.run(["up"]);
  assert.equal(asks.code, 1);
  assert.match(asks.stderr, /^error: 001_a\.sql has begun and not ended: how much of it was done is not known\n/);
  assertDone(await project.run(["up", "--retry", "1"]));
  assert.deepEqual(await project.applied(), ["1"]);
});

Deno.test({
  name: "a run that is killed behind a transaction pooler: the next one waits for the statement that it left",
  ignore: noPgbouncer(),
  async fn() {
    await using project = await createProject(server, FILES);
    await using pooler = await startPgbouncer(server, { poolMode: "transaction", poolSize: 3 });
    const env = { DATABASE_URL: pooler.url(project.url) };
    assertDone(await project.run(["up", "--to", "1"], { env }));
    await project.query("CREATE TABLE old_users ()");
    await using holder = await hold(project, "INSERT INTO a VALUES (2)");
    await using run = begin(project, ["up"], env);
    const pid = await runningBackend(project, "CREATE INDEX CONCURRENTLY a_n", "Lock");
    run.process.kill("SIGKILL");
    await run.ended();
    // No backend is the run's own: that one may be another client's by now.
    assert.deepEqual(await project.query("SELECT pid FROM schema_migrations_unfinished"), [{ pid: null }]);
    await using next = begin(project, ["up"], env);
    await waitUntil("the wait of the next run", async () => {
      const rows = await project.query(`SELECT 1 FROM pg_stat_activity
        WHERE datname = current_database() AND query LIKE '%starts_with(a.query%' AND pid <> pg_backend_pid()`);
      return rows.length > 0 ? rows : null;
    });
    await holder.release();
    const { code, stderr } = await next.ended();
    assert.equal(code, 0, stderr);
    // PgBouncer cancels what a client that is gone has left, unless it has ended before.
    assert.match(stderr, new RegExp(`^waiting: An earlier run's backend still runs 002_mixed\\.sql: pid ${pid} `));
    await assertWhole(project);
  },
});

Deno.test({
  name: "behind a transaction pooler an error stands where it is in the file",
  ignore: noPgbouncer(),
  async fn() {
    await using project = await createProject(server, {
      "001_a.sql": "-- pgmigrate: no-transaction\nVACUUM pg_catalog.pg_class;\n/* é */ CALL nothing();\n",
    });
    await using pooler = await startPgbouncer(server, { poolMode: "transaction", poolSize: 2 });
    const env = { DATABASE_URL: pooler.url(project.url) };
    const { code, stderr } = await project.run(["up"], { env });
    assert.equal(code, 1);
    assert.match(stderr, /\n +--> migrations\/001_a\.sql:3:14\n/);
  },
});

Deno.test("what a COPY has loaded is not loaded again by a run that goes on", async () => {
  const text =
    "-- pgmigrate: no-transaction\nCREATE TABLE a (n int);\nCOPY a FROM stdin;\n1\n2\n\\.\nSELECT 1 / 0;\nCOPY a FROM stdin;\n3\n\\.\n";
  await using project = await createProject(server, { "001_a.sql": text });
  const { code, stderr } = await project.run(["up"]);
  assert.equal(code, 1);
  assert.match(stderr, /\n2 of 4 statements of 001_a\.sql are done and stay\. Go on at line 7: /);
  await project.directory.write("001_a.sql", text.replace("1 / 0", "1"));
  assertDone(await project.run(["up", "--retry", "1"]));
  assert.deepEqual(await project.query("SELECT array_agg(n ORDER BY n)::text AS n FROM a"), [{ n: "{1,2,3}" }]);
});

Deno.test("what an interrupted REINDEX CONCURRENTLY leaves of a partition is found by its parent, and dropped", async () => {
  await using project = await createProject(server, {
    "001_a.sql":
      "CREATE TABLE a (n int) PARTITION BY RANGE (n);\nCREATE TABLE a1 PARTITION OF a FOR VALUES FROM (0) TO (9);\n" +
      "CREATE INDEX a_n ON a (n);\n",
    "002_b.sql": "-- pgmigrate: no-transaction\nREINDEX TABLE CONCURRENTLY a;\n",
  });
  assertDone(await project.run(["up", "--to", "1"]));
  // An old snapshot is what it waits for when its new indexes are there already.
  await using holder = await hold(project, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT FROM a");
  await using run = begin(project, ["up"]);
  await runningBackend(project, "REINDEX TABLE CONCURRENTLY a", "Lock");
  run.process.kill("SIGINT");
  const { code, stderr } = await run.ended();
  assert.equal(code, 130);
  assert.match(
    stderr,
    /\nNo statement of 002_b\.sql is done\. The INVALID index public\.a1_n_idx_ccnew stayed behind: /,
  );
  await holder.release();
  assertDone(await project.run(["up"]));
  assert.deepEqual(
    await project.query(
      "SELECT c.relname AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE relname ~ '^a' ORDER BY 1",
    ),
    [{ name: "a1_n_idx" }, { name: "a_n" }],
  );
});

Deno.test("a read only block of the file's own is counted behind it", async () => {
  await using project = await createProject(server, {
    "001_a.sql":
      "-- pgmigrate: no-transaction\nBEGIN READ ONLY;\nSELECT 1;\nCOMMIT;\nBEGIN;\nCREATE TABLE gone ();\nROLLBACK;\nCREATE TABLE a ();\nSELECT 1 / 0;\n",
  });
  assert.equal((await project.run(["up"])).code, 1);
  assert.deepEqual(
    await project.query("SELECT statement, to_regclass('gone') AS gone FROM schema_migrations_unfinished"),
    [{ statement: 7, gone: null }],
  );
});

Deno.test("a deferred constraint of a no-transaction file fails as the statement that broke it, which is not counted", async () => {
  await using project = await createProject(server, {
    "001_a.sql": `-- pgmigrate: no-transaction
CREATE TABLE a (n int PRIMARY KEY, m int REFERENCES a DEFERRABLE INITIALLY DEFERRED);
INSERT INTO a VALUES (1, 2);
`,
  });
  const { code, stderr } = await project.run(["up"]);
  assert.equal(code, 1);
  assert.match(
    stderr,
    /error: insert or update on table "a" violates foreign key constraint .* \[23503\]\n +--> migrations\/001_a\.sql:3:1\n/,
  );
  assert.match(stderr, /\n1 of 2 statements of 001_a\.sql is done and stays\. Go on at line 3: /);
  assert.deepEqual(
    await project.query("SELECT (SELECT count(*)::int FROM a) AS a, statement FROM schema_migrations_unfinished"),
    [{ a: 0, statement: 1 }],
  );
});

Deno.test("an INVALID index without a name of its own is told, with what to do about it", async () => {
  await using project = await interrupted(
    server,
    "-- pgmigrate: no-transaction\nCREATE UNIQUE INDEX CONCURRENTLY ON a (n);\n",
  );
  await project.query("INSERT INTO a VALUES (1)");
  const { code, stderr } = await project.run(["up"]);
  assert.equal(code, 1);
  assert.match(
    stderr,
    /\nNo statement of 002_b\.sql is done\. The INVALID index public\.a_n_idx stayed behind: .* Drop it with DROP INDEX CONCURRENTLY, and go on at line 2: pgmigrate up --retry 2, /,
  );
  assert.equal((await project.run(["up"])).code, 1);
  await project.query("DROP INDEX CONCURRENTLY a_n_idx");
  await project.query("DELETE FROM a");
  assertDone(await project.run(["up", "--retry", "2"]));
  assert.deepEqual(await indexesOf(project), [{ name: "a_n_idx", valid: true }, { name: "old", valid: true }]);
});

Deno.test("failures 5: a rival that comes while the lock is lost waits for the index that is being built, and applies nothing twice", async () => {
  await using project = await createProject(server, FILES);
  const { run, holder } = await stopAt(project, STAGES.find(({ title }) => title.startsWith("in CREATE INDEX"))!);
  await using _run = run;
  await using _holder = holder;
  await project.query(`SELECT pg_terminate_backend(l.pid) FROM pg_locks l
    WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.pid <> ${holder.pid}
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`);
  await using rival = begin(project, ["up"]);
  await waitUntil("the wait of the rival", async () => {
    const rows = await project.query(`SELECT 1 FROM pg_stat_activity
      WHERE datname = current_database() AND query LIKE '%starts_with(a.query%' AND pid <> pg_backend_pid()`);
    return rows.length > 0 ? rows : null;
  });
  await holder.release();
  const first = await run.ended();
  assert.equal(first.code, 4, first.stderr);
  assert.match(first.stderr, /error: The connection that holds the lock was lost, so nothing new is started/);
  assert.match(first.stderr, /\n2 of 9 statements of 002_mixed\.sql are done and stay\. Go on at line 4: /);
  const second = await rival.ended();
  assert.equal(second.code, 1, second.stderr);
  assert.match(second.stderr, /^error: 002_mixed\.sql has begun and not ended: 2 of 9 statements are done$/m);
  assertDone(await project.run(["up", "--retry", "2"]));
  await assertWhole(project);
});
