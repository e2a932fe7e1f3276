import assert from "node:assert/strict";
import postgres from "postgres";
import { noPgbouncer, startPgbouncer } from "./faults/pgbouncer.ts";
import { startProxy } from "./faults/proxy.ts";
import { begin, hold, runningBackend } from "./lifecycle.ts";
import { assertDone, createProject, linesOf, type Project, resultOf } from "./pgmigrate.ts";
import { type Row, sharedServer } from "./servers/mod.ts";
import { waitUntil } from "./wait_until.ts";

const server = await sharedServer("15");
const ignore = noPgbouncer();

const FILES = {
  "001_a.sql": "CREATE TABLE log (version int);\nINSERT INTO log VALUES (1);\n",
  "002_b.sql": "-- pgmigrate: no-transaction\nCREATE INDEX CONCURRENTLY log_version ON log (version);\n",
  "003_c.sql": "INSERT INTO log VALUES (3);\n",
  "004_d.sql": "INSERT INTO log VALUES (4);\n",
};

const GATED = "SELECT pg_advisory_xact_lock(4711);\n";

async function assertOnce(project: Project): Promise<void> {
  assert.deepEqual(
    (await project.query("SELECT version FROM log ORDER BY version")).map(({ version }) => version),
    [1, 3, 4],
  );
  assert.deepEqual(await project.applied(), ["1", "2", "3", "4"]);
  assert.deepEqual(await project.query("SELECT * FROM schema_migrations_unfinished"), []);
  assert.deepEqual(
    await project.query("SELECT indisvalid AS valid FROM pg_index WHERE indexrelid = 'log_version'::regclass"),
    [{ valid: true }],
  );
}

function client(url: string): postgres.Sql {
  return postgres(url, { max: 1, prepare: false, fetch_types: false, onnotice: () => {} });
}

/** Another client of the pooler that takes a server connection for a short transaction, again and again. */
function keepBusy(url: string): AsyncDisposable {
  const sql = client(url);
  let busy = true;
  const done = (async () => {
    while (busy) await sql.unsafe("BEGIN; SELECT pg_sleep(0.002); COMMIT");
    await sql.end();
  })();
  return {
    async [Symbol.asyncDispose]() {
      busy = false;
      await done;
    },
  };
}

Deno.test({
  name: "failures 2: through PgBouncer in transaction mode, a pool of 2 and a busy client, all is applied exactly once",
  ignore,
  async fn() {
    await using project = await createProject(server, FILES);
    await using pooler = await startPgbouncer(server, { poolMode: "transaction", poolSize: 2 });
    const DATABASE_URL = pooler.url(project.url);
    await using _busy = keepBusy(DATABASE_URL);
    const runs = Array.from({ length: 4 }, () => project.run(["up", "--json"], { env: { DATABASE_URL } }));
    const outcomes = await Promise.all(runs);
    for (const outcome of outcomes) assertDone(outcome);
    assert.deepEqual(outcomes.flatMap(({ stdout }) => resultOf(stdout).applied as string[]), ["1", "2", "3", "4"]);
    await assertOnce(project);
  },
});

Deno.test({
  name: "failures 2: through PgBouncer in session mode and a pool of 2, runs that begin at once apply all exactly once",
  ignore,
  async fn() {
    await using project = await createProject(server, FILES);
    await using pooler = await startPgbouncer(server, { poolMode: "session", poolSize: 2 });
    const DATABASE_URL = pooler.url(project.url);
    const runs = Array.from({ length: 3 }, () => project.run(["up", "--json"], { env: { DATABASE_URL } }));
    const outcomes = await Promise.all(runs);
    for (const outcome of outcomes) assertDone(outcome);
    assert.deepEqual(outcomes.flatMap(({ stdout }) => resultOf(stdout).applied as string[]), ["1", "2", "3", "4"]);
    await assertOnce(project);
  },
});

Deno.test({
  name: "a run that waits for another through a pool whose places others take meanwhile goes on waiting",
  ignore,
  async fn() {
    await using project = await createProject(server, { ...FILES, "003_c.sql": `${GATED}${FILES["003_c.sql"]}` });
    await using pooler = await startPgbouncer(server, { poolMode: "session", poolSize: 3 });
    await using gate = await hold(project, "SELECT pg_advisory_xact_lock(4711)");
    const DATABASE_URL = `${pooler.url(project.url)}?connect_timeout=1`;
    const args = ["up", "--json", "--lock-timeout", "0"];
    await using first = begin(project, args, { DATABASE_URL });
    await runningBackend(project, "4711", "Lock");
    await using proxy = startProxy({ host: "127.0.0.1", port: pooler.port });
    await using second = begin(project, args, { DATABASE_URL: `${proxy.url(project.url)}&connect_timeout=1` });
    await waitUntil("a second try for the lock", () => Promise.resolve(proxy.links > 1 ? true : null));
    const third = client(pooler.url(project.url));
    await third.unsafe("SELECT 1");
    const before = proxy.links;
    // Each is given up after a second, for it is not served.
    await waitUntil("two tries for a place", () => Promise.resolve(proxy.links > before + 2 ? true : null));
    await third.end();
    await gate.release();
    for (const run of [first, second]) assertDone(await run.ended());
    await assertOnce(project);
  },
});

/** What a file may leave in its session, and where it would show. */
const LEFTOVERS =
  `SELECT pg_backend_pid() AS pid, session_user::text AS session_user, current_user::text AS current_user,
  current_setting('search_path') AS search_path, current_setting('lock_timeout') AS lock_timeout,
  current_setting('statement_timeout') AS statement_timeout, current_setting('client_encoding') AS client_encoding,
  current_setting('default_transaction_read_only') AS read_only, current_setting('timezone') AS timezone,
  current_setting('idle_in_transaction_session_timeout') AS idle,
  (SELECT count(*)::int FROM pg_prepared_statements) AS prepared,
  (SELECT count(*)::int FROM pg_listening_channels()) AS listening,
  (SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS locks,
  to_regclass('pg_temp.leftover')::text AS temporary`;

/** Asks every server connection of a pool: while one is held by a transaction, another answers. */
async function stateOfPool(url: string, size: number) {
  const clients = Array.from({ length: size }, () => client(url));
  try {
    const states: Row[] = [];
    for (const sql of clients) {
      await sql.unsafe("BEGIN");
      states.push({ ...(await sql.unsafe(LEFTOVERS))[0]! });
    }
    for (const sql of clients) await sql.unsafe("COMMIT"); // The pooler would drop a connection left in a transaction.
    assert.equal(new Set(states.map(({ pid }) => pid)).size, size);
    return states.map(({ pid: _, ...state }) => state);
  } finally {
    await Promise.all(clients.map((sql) => sql.end()));
  }
}

for (const poolMode of ["transaction", "session"] as const) {
  Deno.test({
    name: `failures 2: nothing that a migration does to its session is left in a pool in ${poolMode} mode`,
    ignore,
    async fn() {
      const role = `role_${crypto.randomUUID().replaceAll("-", "")}`;
      await using project = await createProject(server, {
        "001_a.sql": `CREATE TABLE log (version int);\nCREATE ROLE ${role};\nGRANT ${role} TO CURRENT_USER;\n`,
        "002_b.sql": `SET search_path = pg_catalog;
SET lock_timeout = '7s'; SET statement_timeout = '7min'; SET client_encoding = LATIN1; SET TIME ZONE 'Asia/Tokyo';
PREPARE leftover AS SELECT 1; LISTEN leftover; CREATE TEMP TABLE leftover (n int);
SELECT pg_advisory_lock(4711); SET ROLE ${role};
`,
        "003_c.sql": "-- pgmigrate: no-transaction\nCREATE INDEX CONCURRENTLY log_version ON log (version);\n",
        "004_d.sql": "-- pgmigrate: no-transaction\nDROP INDEX CONCURRENTLY log_version;\nVACUUM log;\n",
        "005_fails.sql": `SET search_path = pg_catalog; SET SESSION AUTHORIZATION ${role};
PREPARE leftover AS SELECT 1; SELECT pg_advisory_lock(4711); SELECT 1 / 0;
`,
      });
      const name = new URL(project.url).pathname.slice(1);
      await project.query(`ALTER DATABASE ${name} SET lock_timeout = '3s'`);
      await project.query(`ALTER DATABASE ${name} SET idle_in_transaction_session_timeout = '1h'`);
      // Round robin gives each transaction another server connection, as other clients would bring it about.
      const settings = { server_round_robin: "1" };
      await using pooler = await startPgbouncer(server, { poolMode, poolSize: 3, settings });
      const DATABASE_URL = pooler.url(project.url);
      const before = await stateOfPool(DATABASE_URL, 3);
      const { code, stdout } = await project.run(["up", "--json", "--statement-timeout", "9min"], {
        env: { DATABASE_URL },
      });
      assert.equal(code, 1, stdout);
      assert.equal(linesOf(stdout, "error")[0]!.sqlstate, "22012");
      assert.deepEqual(await project.applied(), ["1", "2", "3", "4"]);
      assert.deepEqual(await stateOfPool(DATABASE_URL, 3), before);
      await project.query(`DROP ROLE ${role}`);
    },
  });
}

Deno.test({
  name: "failures 13: an interrupt through PgBouncer cancels the statement, rolls it back, and leaves the pooler alive",
  ignore,
  async fn() {
    await using project = await createProject(server, { ...FILES, "003_c.sql": "SELECT pg_sleep(600);\n" });
    await using pooler = await startPgbouncer(server, { poolMode: "transaction", poolSize: 2 });
    const DATABASE_URL = pooler.url(project.url);
    await using run = begin(project, ["up"], { DATABASE_URL });
    await runningBackend(project, "pg_sleep");
    run.process.kill("SIGINT");
    const { code, stderr } = await run.ended();
    assert.equal(code, 130);
    assert.match(
      stderr,
      /\nNothing of 003_c\.sql was kept\. The database is at version 2; 2 migrations are pending\.\n$/,
    );
    await project.directory.write("003_c.sql", FILES["003_c.sql"]);
    assertDone(await project.run(["up"], { env: { DATABASE_URL } }));
    await assertOnce(project);
  },
});

Deno.test({
  name: "failures 12: after kill -9 of a client of PgBouncer, its statement is rolled back and the next run begins",
  ignore,
  async fn() {
    await using project = await createProject(server, { ...FILES, "003_c.sql": "SELECT pg_sleep(600);\n" });
    await using pooler = await startPgbouncer(server, { poolMode: "transaction", poolSize: 2 });
    const DATABASE_URL = pooler.url(project.url);
    {
      await using run = begin(project, ["up"], { DATABASE_URL });
      await runningBackend(project, "pg_sleep");
      run.process.kill("SIGKILL");
      await run.ended();
    }
    await project.directory.write("003_c.sql", FILES["003_c.sql"]);
    assertDone(await project.run(["up"], { env: { DATABASE_URL } }));
    await assertOnce(project);
  },
});

/** What a file without a transaction may not hold behind a pooler: its text, the line, and what is said of it. */
const UNHELD: readonly (readonly [what: string, text: string, line: number, message: RegExp])[] = [
  [
    "a setting of its session",
    "SELECT pg_catalog.set_config('search_path', '', false);\nCREATE INDEX CONCURRENTLY log_version ON public.log (version);\n",
    2,
    /^error: Through a pooler this would stay with a connection that others are given next\n/,
  ],
  ["a temporary table", "CREATE TEMP TABLE leftover (n int);\nVACUUM pg_class;\n", 2, /stay with/],
  [
    "a setting that its block keeps",
    "BEGIN;\nSET LOCAL work_mem = '9MB';\nSET work_mem = '8MB';\nCOMMIT;\n",
    4,
    /stay with/,
  ],
  [
    "a statement-timeout",
    "-- pgmigrate: statement-timeout=500ms\nVACUUM log;\n",
    2,
    /directive statement-timeout cannot/,
  ],
  ["a lock-timeout", "-- why\n-- pgmigrate: lock-timeout=0\nVACUUM log;\n", 3, /directive lock-timeout cannot be kept/],
];

for (const [what, text, line, message] of UNHELD) {
  Deno.test({
    name:
      `through a pooler, a file without a transaction that has ${what} is refused with its line, before anything runs`,
    ignore,
    async fn() {
      await using project = await createProject(server, {
        "001_a.sql": FILES["001_a.sql"],
        "002_b.sql": `-- pgmigrate: no-transaction\n${text}`,
      });
      await using pooler = await startPgbouncer(server, { poolMode: "transaction", poolSize: 2 });
      const env = { DATABASE_URL: pooler.url(project.url) };
      const before = await stateOfPool(env.DATABASE_URL, 2);
      for (const args of [["up", "--dry-run"], ["up"]]) {
        const { code, stdout, stderr } = await project.run(args, { env });
        assert.deepEqual({ code, stdout }, { code: 2, stdout: "" }, stderr);
        assert.match(stderr, message);
        assert.ok(stderr.includes(`--> migrations/002_b.sql:${line}:1\n`), stderr);
        assert.match(stderr, /\nhint: Connect to the server itself.*\nNothing was applied\.\n$/);
      }
      assert.deepEqual(await project.query("SELECT to_regclass('log') AS log"), [{ log: null }]);
      assert.deepEqual(await stateOfPool(env.DATABASE_URL, 2), before);
      // The way out that it names.
      assertDone(await project.run(["up"]));
    },
  });
}

/** A pool that cannot hold a lock beside a migration: what is said, and that it is said soon. */
const TOO_SMALL: readonly (readonly [string, Parameters<typeof startPgbouncer>[1], RegExp])[] = [
  ["session mode with a pool of 1", { poolMode: "session", poolSize: 1 }, /pool/],
  ["transaction mode with a pool of 1", { poolMode: "transaction", poolSize: 1 }, /pool/],
  ["statement mode", { poolMode: "statement", poolSize: 5 }, /statement/],
];

/** PgBouncer by itself would let a client wait for 120 s. */
const SOON_MS = 15_000;

for (const [what, options, text] of TOO_SMALL) {
  Deno.test({
    name: `a pooler in ${what} is refused soon, says what to set, and serves status and verify`,
    ignore,
    async fn() {
      await using project = await createProject(server, FILES);
      await using pooler = await startPgbouncer(server, options);
      const env = { DATABASE_URL: pooler.url(project.url) };
      const start = performance.now();
      const { code, stdout, stderr } = await project.run(["up"], { env });
      assert.ok(performance.now() - start < SOON_MS);
      assert.deepEqual({ code, stdout }, { code: 2, stdout: "" }, stderr);
      assert.match(stderr, text);
      assert.match(stderr, /\nhint: .*pool_(size|mode)/);
      assert.deepEqual(await project.query("SELECT to_regclass('schema_migrations') AS tracker"), [{ tracker: null }]);

      // What needs one connection only works; and nothing of the refused run is left in the way.
      assertDone(await project.run(["up", "--dry-run"], { env }));
      assertDone(await project.run(["up"]));
      for (const command of ["status", "verify"]) assertDone(await project.run([command], { env }));
      await assertOnce(project);
    },
  });
}
