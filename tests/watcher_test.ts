import assert from "node:assert/strict";
import postgres from "postgres";
import { connect } from "../src/database/connect.ts";
import type { Database } from "../src/database/database.ts";
import { parseTarget } from "../src/database/dsn.ts";
import type { Lock } from "../src/database/held_lock.ts";
import { lockKey, takeLock } from "../src/database/lock.ts";
import type { Look } from "../src/database/look.ts";
import { openBeside } from "../src/database/pooler.ts";
import type { Session } from "../src/database/session.ts";
import { systemFiles } from "../src/database/setting_files.ts";
import { waitWords } from "../src/run/wait_words.ts";
import { createDeployer } from "./deployer.ts";
import { sharedServer, sharedServers, startServer, type TestDatabase } from "./servers/mod.ts";
import { TRAPS } from "./traps.ts";
import { waitUntil } from "./wait_until.ts";

const server = await sharedServer("18");

const TRACKER = { schema: "public", table: "schema_migrations" };

/** Another client of the database. */
interface Client extends AsyncDisposable {
  readonly pid: number;
  run(sql: string): Promise<unknown>;
}

async function client(url: string, application: string): Promise<Client> {
  const options = { max: 1, prepare: false, fetch_types: false, onnotice: () => {} };
  const session = postgres(url, { ...options, connection: { application_name: application } });
  const [row] = await session.unsafe("SELECT pg_backend_pid() AS pid");
  return {
    pid: row!.pid as number,
    // Without the await the driver would not send it.
    run: async (sql) => await session.unsafe(sql),
    [Symbol.asyncDispose]: () => session.end({ timeout: 1 }),
  };
}

/** The lock of a run, on a connection that looks at whatever backend it is told. */
interface Watcher extends AsyncDisposable {
  readonly session: Session;
  readonly lock: Lock;
  readonly refusals: readonly string[];
  /** Looks at a backend until the answer is what is waited for. */
  see(pid: number, what: string, is: (look: Look) => boolean): Promise<Look>;
}

async function watcher(url: string): Promise<Watcher> {
  const target = await parseTarget({ url, env: {}, files: systemFiles, os: "other", warn: () => {} });
  const signal = new AbortController().signal;
  const database: Database = await connect(target, {
    purpose: "write",
    signal,
    waitMs: 0,
    onWait: () => {},
    warn: () => {},
  });
  const session = await database.open();
  const lock = await takeLock(session, TRACKER, { waitMs: 0, signal, onWait: () => {}, reopen: () => database.open() });
  const refusals: string[] = [];
  return {
    session,
    lock,
    refusals,
    see(pid, what, is) {
      let last: Look | null = null;
      const onRefusal = (reason: string) => refusals.push(reason);
      const stop = lock.watch({ backend: () => pid, everyMs: 20, onLook: (look) => last = look, onRefusal });
      return waitUntil(what, () => Promise.resolve(last !== null && is(last) ? last : null)).finally(stop);
    },
    [Symbol.asyncDispose]: () => lock[Symbol.asyncDispose](),
  };
}

function blockedBy(pid: number): (look: Look) => boolean {
  return ({ wait }) => wait?.blockers[0]?.pid === pid && wait.blockers[0].state !== "active";
}

/** What a run would be told of the lock in the moment in which a look has failed and its savepoint is gone back to. */
function heldAtSavepoint({ session, lock }: Watcher): readonly string[] {
  const told: string[] = [];
  const run = session.run.bind(session);
  session.run = (text, ...rest) => {
    if (text.startsWith("ROLLBACK TO SAVEPOINT")) told.push(`${session.status}, held: ${lock.held}`);
    return run(text, ...rest);
  };
  return told;
}

async function some(database: TestDatabase, from: string): Promise<true | null> {
  return (await database.query(`SELECT FROM ${from}`)).length > 0 ? true : null;
}

/** A role that may log in and do nothing else, for as long as a test needs it. */
async function createLogin(
  database: TestDatabase,
): Promise<{ readonly role: string; readonly url: string } & AsyncDisposable> {
  const role = database.name;
  await database.query(`CREATE ROLE ${role} LOGIN PASSWORD 'pgmigrate'`);
  const url = new URL(database.url);
  url.username = role;
  url.password = "pgmigrate";
  return {
    role,
    url: url.href,
    [Symbol.asyncDispose]: async () => void await database.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`),
  };
}

async function isFree(database: TestDatabase): Promise<unknown> {
  const [row] = await database.query(`SELECT pg_try_advisory_xact_lock(${lockKey(TRACKER)}) AS free`);
  return row!.free;
}

for (const server of await sharedServers()) {
  Deno.test(`a look tells who holds the lock and who comes first in its queue, on server ${server.version}`, async () => {
    await using database = await server.createDatabase();
    await database.query('CREATE TABLE public."the posts" (id int); INSERT INTO "the posts" VALUES (1)');
    await using watching = await watcher(database.url);
    await using holder = await client(database.url, "web");
    await using second = await client(database.url, "web");
    await using changer = await client(database.url, "changer");
    await using reader = await client(database.url, "reader");
    await holder.run(`BEGIN; SELECT  *\n FROM "the posts"`);
    await second.run(`BEGIN; SELECT 2 FROM "the posts"`);
    const changed = changer.run('ALTER TABLE "the posts" ADD COLUMN n int');
    const { wait } = await watching.see(changer.pid, "both holders", ({ wait }) => wait?.blockers.length === 2);
    assert.deepEqual({ kind: wait!.kind, mode: wait!.mode, relation: wait!.relation, more: wait!.more }, {
      kind: "relation",
      mode: "AccessExclusiveLock",
      relation: 'public."the posts"',
      more: 0,
    });
    const [first] = wait!.blockers;
    assert.ok(first!.sinceSeconds! < 60);
    assert.deepEqual({ ...first, sinceSeconds: 0, client: null }, {
      pid: holder.pid,
      gid: null,
      application: "web",
      user: server.role,
      client: null,
      process: null,
      state: "idle in transaction",
      sinceSeconds: 0,
      query: 'BEGIN; SELECT * FROM "the posts"',
      holds: true,
      waitsFor: null,
    });
    assert.equal(wait!.blockers[1]!.pid, second.pid);

    const read = reader.run('SELECT FROM "the posts"');
    const behind = await watching.see(reader.pid, "the queue", ({ wait }) => wait?.blockers[0]?.waitsFor != null);
    const [ahead] = behind.wait!.blockers;
    assert.deepEqual([ahead!.pid, ahead!.holds], [changer.pid, false]);
    assert.equal(ahead!.waitsFor!.blockers[0]!.pid, holder.pid);
    assert.match(
      waitWords(behind.wait!),
      new RegExp(
        `^waiting for AccessShareLock on public\\."the posts", behind pid ${changer.pid} \\(app changer, user .*\\): ALTER .* ` +
          `\\[waiting for AccessExclusiveLock on public\\."the posts", held by pid ${holder.pid} \\(app web, user .*` +
          `idle in transaction for \\d+ s.*\\): BEGIN; SELECT \\* FROM "the posts"; and pid ${second.pid} .*\\]$`,
      ),
    );
    await holder.run("ROLLBACK");
    await second.run("ROLLBACK");
    await Promise.all([changed, read]);
    assert.deepEqual(
      await database.query(
        "SELECT count(*)::int AS columns FROM information_schema.columns WHERE table_name = 'the posts'",
      ),
      [{ columns: 2 }],
    );
  });

  Deno.test(`failures 29: between looks the lock's connection holds no snapshot and nothing of the catalogs, on server ${server.version}`, async () => {
    await using database = await server.createDatabase();
    await using watching = await watcher(database.url);
    await using other = await client(database.url, "other");
    await watching.see(other.pid, "a look", () => true);
    const pid = watching.session.facts.serverPid;
    await waitUntil("a connection without snapshot", async () => {
      const rows = await database.query(
        `SELECT FROM pg_stat_activity WHERE pid = ${pid} AND state = 'idle in transaction'
          AND backend_xmin IS NULL AND backend_xid IS NULL`,
      );
      return rows.length === 1 ? rows : null;
    });
    assert.deepEqual(
      await database.query(`SELECT locktype FROM pg_locks WHERE pid = ${pid} ORDER BY locktype`),
      [{ locktype: "advisory" }, { locktype: "virtualxid" }],
    );
  });
}

Deno.test("failures 29: each look sees what a session does now, not what it did at the first look", async () => {
  await using database = await server.createDatabase();
  await database.query("CREATE TABLE t (id int)");
  await using watching = await watcher(database.url);
  await using holder = await client(database.url, "web");
  await using waiter = await client(database.url, "waiter");
  await holder.run("BEGIN; LOCK TABLE t");
  const waiting = waiter.run("SELECT FROM t");
  await watching.see(
    waiter.pid,
    "the first statement",
    ({ wait }) => wait?.blockers[0]?.query === "BEGIN; LOCK TABLE t",
  );
  await holder.run("SELECT 'another one'");
  await watching.see(waiter.pid, "the next", ({ wait }) => wait?.blockers[0]?.query === "SELECT 'another one'");
  await holder.run("COMMIT");
  await waiting;
  await watching.see(waiter.pid, "the end", ({ wait }) => wait === null);
});

Deno.test("a look tells waits for transactions, rows and advisory locks in words", async () => {
  await using database = await server.createDatabase();
  await database.query("CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t VALUES (1, 1)");
  await using watching = await watcher(database.url);
  await using holder = await client(database.url, "web");
  await using waiter = await client(database.url, "waiter");
  const who =
    `pid ${holder.pid} \\(app web, user ${server.role}, idle in transaction for \\d+ s(, from [0-9a-f.:]+)?\\)`;
  const cases: readonly (readonly [held: string, waits: string, words: string, query: string])[] = [
    ["UPDATE t SET n = 2", "UPDATE t SET n = 3", `the transaction of ${who} to end`, "BEGIN; UPDATE t SET n = 2"],
    [
      "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1",
      "CREATE INDEX CONCURRENTLY ON t (n)",
      `the transaction of ${who} to end`,
      "BEGIN; BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1",
    ],
    [
      "SELECT pg_advisory_xact_lock(-4711)",
      "SELECT pg_advisory_xact_lock(-4711)",
      `advisory lock -4711, held by ${who}`,
      "BEGIN; SELECT pg_advisory_xact_lock\\(-4711\\)",
    ],
    [
      "SELECT pg_advisory_xact_lock(47, 11)",
      "SELECT pg_advisory_xact_lock(47, 11)",
      `advisory lock 47, 11, held by ${who}`,
      "BEGIN; SELECT pg_advisory_xact_lock\\(47, 11\\)",
    ],
  ];
  for (const [held, waits, words, query] of cases) {
    await holder.run(`BEGIN; ${held}`);
    const waiting = waiter.run(waits);
    const { wait } = await watching.see(waiter.pid, waits, blockedBy(holder.pid));
    assert.match(waitWords(wait!), new RegExp(`^waiting for ${words}: ${query}$`), waits);
    await holder.run("ROLLBACK");
    await waiting;
  }
});

Deno.test("a look tells a prepared transaction by its name, and a COMMIT that waits for a standby", async () => {
  const settings = {
    max_prepared_transactions: "5",
    synchronous_standby_names: "nosuch",
    // Only who asks for it waits for the standby.
    synchronous_commit: "off",
  };
  await using server = await startServer("15", { settings });
  {
    await using database = await server.createDatabase();
    await database.query("CREATE TABLE t (id int PRIMARY KEY)");
    await using watching = await watcher(database.url);
    await using waiter = await client(database.url, "waiter");
    await database.query("BEGIN; INSERT INTO t VALUES (1); PREPARE TRANSACTION 'left over'");
    const waiting = waiter.run("ALTER TABLE t ADD COLUMN n int");
    const { wait } = await watching.see(waiter.pid, "the prepared one", ({ wait }) => wait?.blockers[0]?.gid != null);
    assert.match(
      waitWords(wait!),
      /^waiting for AccessExclusiveLock on public\.t, held by prepared transaction left over \(user postgres, prepared for \d+ s\)$/,
    );
    await database.query("ROLLBACK PREPARED 'left over'");
    await waiting;

    const stuck = waiter.run("SET synchronous_commit = on; INSERT INTO t VALUES (2)");
    await watching.see(waiter.pid, "the standby", ({ standby }) => standby);
    await database.query(`SELECT pg_cancel_backend(${waiter.pid})`);
    await stuck;
    assert.deepEqual(await database.query("SELECT id FROM t ORDER BY id"), [{ id: 2 }]);
  }
});

Deno.test("failures 1: a CREATE INDEX CONCURRENTLY that met a look does not wait for the run, nor does the lock come free", async () => {
  await using database = await server.createDatabase();
  await database.query("CREATE TABLE t (id int)");
  await using watching = await watcher(database.url);
  await using gate = await client(database.url, "gate");
  await using builder = await client(database.url, "builder");
  const { serverPid } = watching.session.facts;
  // A query of the lock's connection that lasts until the other one has met its snapshot.
  await gate.run("SELECT pg_advisory_lock(4713)");
  const looking = watching.session.query("SELECT pg_catalog.pg_advisory_lock(4713)");
  await waitUntil(
    "a snapshot",
    () => some(database, `pg_stat_activity WHERE pid = ${serverPid} AND wait_event_type = 'Lock'`),
  );
  const built = builder.run("CREATE INDEX CONCURRENTLY t_id ON t (id)");
  const waits = `pg_locks WHERE pid = ${builder.pid} AND locktype = 'virtualxid' AND NOT granted
    AND ${serverPid} = ANY (pg_blocking_pids(pid))`;
  await waitUntil("the wait for the lock's transaction", () => some(database, waits));
  await gate.run("SELECT pg_advisory_unlock(4713)");
  await looking;
  assert.notEqual(await some(database, waits), null, "it waits for the transaction, not for the statement");

  let ended = false;
  const taken: unknown[] = [];
  const rival = (async () => {
    while (!ended) taken.push(await isFree(database));
  })();
  await watching.see(builder.pid, "a look with nobody in the way", ({ wait }) => wait === null);
  await built;
  ended = true;
  await rival;
  assert.ok(taken.length > 0 && !taken.includes(true), "another run had the lock");
  assert.equal(watching.lock.held, true);
  assert.deepEqual(await database.query("SELECT indisvalid FROM pg_index WHERE indexrelid = 't_id'::regclass"), [
    { indisvalid: true },
  ]);
  await watching[Symbol.asyncDispose]();
  assert.equal(await isFree(database), true);
});

Deno.test("a look that the catalogs are locked for gives up soon, and the lock stays", async () => {
  await using database = await server.createDatabase();
  await using watching = await watcher(database.url);
  await using locker = await client(database.url, "locker");
  await using other = await client(database.url, "other");
  await watching.see(other.pid, "a look", () => true);
  await locker.run("BEGIN; LOCK TABLE pg_catalog.pg_class IN ACCESS EXCLUSIVE MODE");
  const whileFailed = heldAtSavepoint(watching);
  const waits = `SELECT EXISTS (SELECT FROM pg_catalog.pg_locks WHERE pid = ${watching.session.facts.serverPid}
    AND NOT granted) AS waits`;
  let seen = false;
  const stop = watching.lock.watch({
    backend: () => other.pid,
    everyMs: 20,
    onLook: () => seen = true,
    onRefusal: () => {},
  });
  const waitFor = (expected: boolean) =>
    waitUntil(`waits: ${expected}`, async () => {
      const [row] = await locker.run(waits) as readonly { readonly waits: boolean }[];
      return row!.waits === expected ? row! : null;
    });
  await waitFor(true);
  await waitUntil("the end of a look", () => Promise.resolve(whileFailed.length > 0 ? true : null));
  assert.deepEqual([...new Set(whileFailed)], ["failed-transaction, held: true"]);
  assert.equal(seen, false);
  assert.deepEqual(watching.refusals, []);
  await locker.run("ROLLBACK");
  await waitUntil("a look", () => Promise.resolve(seen ? true : null));
  stop();
  assert.equal(await isFree(database), false);
});

Deno.test("a server that refuses looks is asked once, and the lock stays", async () => {
  await using database = await server.createDatabase();
  await using login = await createLogin(database);
  await database.query("REVOKE EXECUTE ON FUNCTION pg_catalog.pg_stat_clear_snapshot() FROM PUBLIC");
  await using watching = await watcher(login.url);
  await using other = await client(database.url, "other");
  let looks = 0;
  const refusals: string[] = [];
  const stop = watching.lock.watch({
    backend: () => other.pid,
    everyMs: 20,
    onLook: () => looks++,
    onRefusal: (reason) => refusals.push(reason),
  });
  await waitUntil("a refusal", () => Promise.resolve(refusals[0] ?? null));
  assert.match(refusals[0]!, /permission denied/);
  stop();
  assert.equal(looks, 0);
  assert.equal(await isFree(database), false);
  assert.equal(watching.lock.held, true);
});

Deno.test("of a session of another role a look tells what its own role may see", async () => {
  await using database = await server.createDatabase();
  await using login = await createLogin(database);
  await database.query(`CREATE TABLE t (id int); ALTER TABLE t OWNER TO ${login.role}`);
  await using watching = await watcher(login.url);
  await using holder = await client(database.url, "web");
  await using waiter = await client(login.url, "waiter");
  await holder.run("BEGIN; SELECT 'secret' FROM t");
  const waiting = waiter.run("ALTER TABLE t ADD COLUMN n int");
  const { wait } = await watching.see(waiter.pid, "the holder", ({ wait }) => wait !== null);
  assert.equal(
    waitWords(wait!),
    `waiting for AccessExclusiveLock on public.t, held by pid ${holder.pid} (app web, user ${server.role}, ` +
      "what it does is hidden from this role)",
  );
  await holder.run("ROLLBACK");
  await waiting;
});

Deno.test("failures 15: a look as a role that becomes another one sees all that the login may see", async () => {
  await using database = await server.createDatabase();
  await using deployer = await createDeployer(database);
  await database.query(`CREATE TABLE t (id int); ALTER TABLE t OWNER TO ${deployer.owner}`);
  await using watching = await watcher(deployer.url);
  await using holder = await client(deployer.url, "web");
  await using waiter = await client(deployer.url, "waiter");
  await holder.run("BEGIN; LOCK TABLE t");
  const waiting = waiter.run("ALTER TABLE t ADD COLUMN n int");
  const look = await watching.see(waiter.pid, "the holder", ({ wait }) => wait !== null);
  assert.equal(look.silent, false);
  assert.match(
    waitWords(look.wait!),
    /held by pid \d+ \(app web, .* idle in transaction for .*\): BEGIN; LOCK TABLE t$/,
  );
  assert.deepEqual(await watching.session.query("SELECT CURRENT_USER AS role"), [{ role: deployer.owner }]);
  await holder.run("ROLLBACK");
  await waiting;
});

Deno.test("failures 15: the connections of a pool are counted where a role becomes another one as it logs in", async () => {
  await using database = await server.createDatabase();
  await using deployer = await createDeployer(database);
  await using watching = await watcher(deployer.url);
  await using other = await client(deployer.url, "another connection of the pool");
  const opening = Promise.withResolvers<Session>();
  const { session } = watching;
  // As behind a pooler, whose number for the connection is another one.
  const holder = {
    backendPid: 0,
    facts: session.facts,
    query: (text: string) => session.query(text).finally(() => opening.resolve(session)),
  };
  const opened = await openBeside({ open: () => opening.promise } as Database, holder as unknown as Session);
  assert.equal(opened, session);
  assert.deepEqual(await session.query("SELECT CURRENT_USER AS role"), [{ role: deployer.owner }]);
  assert.notEqual(other.pid, session.facts.serverPid);
});

Deno.test("failures 29: a backend whose state is hidden from a look is not taken for one that has answered", async () => {
  await using database = await server.createDatabase();
  await using login = await createLogin(database);
  await using watching = await watcher(login.url);
  await using other = await client(database.url, "other");
  const { silent } = await watching.see(other.pid, "a look", () => true);
  assert.equal(silent, false);
});

Deno.test("a look runs nothing that stands in a schema of the search_path", async () => {
  await using database = await server.createDatabase();
  await database.query(`${TRAPS}; CREATE TABLE public.t (id pg_catalog.int4)`);
  await using holder = await client(database.url, "web");
  await using waiter = await client(database.url, "waiter");
  await holder.run("BEGIN; LOCK TABLE public.t");
  const waiting = waiter.run("ALTER TABLE public.t ADD COLUMN n pg_catalog.int4");
  for (const path of ["traps,pg_catalog", "public,traps"]) {
    await using watching = await watcher(`${database.url}?options=-csearch_path%3D${path}`);
    const { wait } = await watching.see(waiter.pid, "the holder", ({ wait }) => wait !== null);
    assert.equal(wait!.blockers[0]!.pid, holder.pid);
    assert.deepEqual(watching.refusals, []);
  }
  await holder.run("ROLLBACK");
  await waiting;
});
