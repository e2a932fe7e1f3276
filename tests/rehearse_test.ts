import assert from "node:assert/strict";
import { readCatalog } from "./catalog.ts";
import { begin, hold, runningBackend } from "./lifecycle.ts";
import { assertDone, createProject, type Line, linesOf, type Project, resultOf } from "./pgmigrate.ts";
import { type Server, sharedServer, sharedServers } from "./servers/mod.ts";
import { waitUntil } from "./wait_until.ts";

const server = await sharedServer("18");

const FIRST = `CREATE TABLE users (id serial PRIMARY KEY, email text);
CREATE TABLE posts (id serial PRIMARY KEY, n int);
INSERT INTO users (email) SELECT 'u' || g FROM generate_series(1, 20) g;
INSERT INTO posts (n) SELECT g FROM generate_series(1, 500) g;
`;

const FILES = {
  "001_first.sql": FIRST,
  "002_user.sql": `ALTER TABLE posts ADD COLUMN user_id int;
UPDATE posts SET user_id = 1 + id % 20;
ALTER TABLE posts ALTER user_id SET NOT NULL;
CREATE TABLE fresh (id int); ALTER TABLE fresh ADD COLUMN n int;
`,
  "003_index.sql":
    "-- pgmigrate: no-transaction\nCREATE INDEX CONCURRENTLY posts_user ON posts (user_id);\nVACUUM posts;\n",
  "004_type.sql": "ALTER TABLE posts ALTER n TYPE bigint;\n",
};

const IN_PLACE = ["rehearse", "--in-place", "--statement-timeout", "10s"];

/** A project with its first migration applied, as another tool would have recorded it. */
async function start(server: Server, files: Readonly<Record<string, string>> = FILES): Promise<Project> {
  const project = await createProject(server, files);
  await project.query(`${files["001_first.sql"]}
    CREATE TABLE schema_migrations (version int PRIMARY KEY, name text NOT NULL, applied_at timestamptz DEFAULT now());
    INSERT INTO schema_migrations (version, name) VALUES (1, '001_first.sql');`);
  return project;
}

/** Copies of the project's database that are there, by what pgmigrate says of them: other tests make theirs meanwhile. */
async function copies(project: Project): Promise<readonly unknown[]> {
  return await project.query(`SELECT datname FROM pg_database
    WHERE shobj_description(oid, 'pg_database') LIKE 'Copy of ' || current_database() || ' for pgmigrate rehearse%'`);
}

/** All that a rehearsal must not change. */
async function everything(project: Project): Promise<unknown> {
  const rows = await project.query(
    `SELECT (SELECT json_agg(u ORDER BY id) FROM users u)::text AS users,
      (SELECT json_agg(p ORDER BY id) FROM posts p)::text AS posts,
      (SELECT json_agg(s ORDER BY version) FROM schema_migrations s)::text AS applied`,
  );
  return { schema: await readCatalog(project), rows };
}

function brief({ file, line, statement, verdict, locks, scans, rewrites, unknown, rows }: Line): unknown {
  return { file, line, statement, verdict, locks, scans, rewrites, unknown, rows };
}

function lock(relation: string, mode: string): unknown {
  return { relation: `public.${relation}`, mode };
}

for (const server of await sharedServers()) {
  Deno.test(`rehearse measures each statement on a copy, and keeps nothing, on server ${server.version}`, async () => {
    await using project = await start(server);
    const before = await everything(project);
    const { code, stdout, stderr } = await project.run(["rehearse", "--json"]);
    assert.equal(code, 0, stdout + stderr);
    const lines = linesOf(stdout, "statement");
    const common = { verdict: "short", scans: [], rewrites: [], unknown: false, rows: 0 };
    assert.deepEqual(lines.map(brief).slice(0, 3), [
      {
        ...{ ...common, file: "migrations/002_user.sql", line: 1, statement: "ALTER TABLE", verdict: "instant" },
        locks: [lock("posts", "AccessExclusiveLock")],
      },
      {
        ...{ ...common, file: "migrations/002_user.sql", line: 2, statement: "UPDATE", rows: 500 },
        locks: [lock("posts", "RowExclusiveLock"), lock("posts_pkey", "RowExclusiveLock")],
        scans: ["public.posts"],
      },
      {
        ...{ ...common, file: "migrations/002_user.sql", line: 3, statement: "ALTER TABLE" },
        locks: [lock("posts", "AccessExclusiveLock")],
        scans: ["public.posts"],
      },
    ]);
    assert.deepEqual(lines.map(brief).slice(3), [
      { ...common, file: "migrations/002_user.sql", line: 4, statement: "CREATE TABLE", verdict: "instant", locks: [] },
      { ...common, file: "migrations/002_user.sql", line: 4, statement: "ALTER TABLE", verdict: "instant", locks: [] },
      {
        ...{ ...common, file: "migrations/003_index.sql", line: 2, statement: "CREATE INDEX" },
        locks: [lock("posts", "ShareUpdateExclusiveLock")],
        scans: ["public.posts"],
      },
      {
        ...{ ...common, file: "migrations/003_index.sql", line: 3, statement: "VACUUM", verdict: "instant" },
        locks: [lock("posts", "ShareUpdateExclusiveLock"), lock("posts_pkey", "RowExclusiveLock")],
      },
      {
        ...{ ...common, file: "migrations/004_type.sql", line: 1, statement: "ALTER TABLE" },
        locks: [lock("posts", "AccessExclusiveLock"), lock("posts_pkey", "AccessExclusiveLock")],
        rewrites: ["public.posts"],
      },
    ]);
    for (const { duration_ms, wait_ms, wal_bytes } of lines) {
      assert.ok(Number(duration_ms) >= 0 && Number(wal_bytes) >= 0, JSON.stringify({ duration_ms, wal_bytes }));
      assert.equal(wait_ms, 0);
    }
    assert.ok(Number(lines[1]!.wal_bytes) > 10_000, "an UPDATE of 500 rows writes WAL");
    const { rehearsed, pending, ok, blocked } = resultOf(stdout);
    assert.deepEqual({ rehearsed, pending, ok }, { rehearsed: ["2", "3", "4"], pending: ["2", "3", "4"], ok: true });
    assert.deepEqual(
      (blocked as readonly Line[]).map(({ name, relation, blocks }) => [name, relation, blocks]).sort(),
      ["002_user.sql", "004_type.sql"].map((name) => [name, "public.posts", "reads-and-writes"]),
    );
    assert.deepEqual(await everything(project), before);
    assert.deepEqual(await copies(project), []);
  });

  Deno.test(`rehearse --in-place leaves no trace on server ${server.version}`, async () => {
    const { "003_index.sql": _, ...files } = FILES;
    await using project = await start(server, {
      ...files,
      "005_more.sql": "INSERT INTO users (email) VALUES ('x');\n",
    });
    const before = await everything(project);
    const { code, stdout } = await project.run([...IN_PLACE, "--json"]);
    assert.equal(code, 0, stdout);
    const [warning, moved, ...rest] = linesOf(stdout, "warning");
    assert.equal(warning!.code, "rehearsing-in-place");
    assert.match(
      String(warning!.message),
      /^Rehearsing 3 migrations on \S+ itself, in one transaction: until it is rolled back it holds public\.posts \(reads and writes wait\)$/,
    );
    assert.match(
      String(warning!.hint),
      /^7 statements: each waits at most 5 s for a lock, and is ended after 10 s\. /,
    );
    assert.deepEqual([moved!.code, rest], ["sequences-moved", []]);
    assert.match(String(moved!.message), /: public\.users_id_seq$/);
    assert.deepEqual(linesOf(stdout, "statement").map(({ rewrites }) => rewrites).slice(5), [["public.posts"], []]);
    assert.deepEqual(resultOf(stdout).rehearsed, ["2", "4", "5"]);
    assert.deepEqual(await everything(project), before);
  });
}

Deno.test("rehearse says who is connected to the database that it cannot copy", async () => {
  await using project = await start(server);
  await using other = await hold(project, "SELECT 1");
  const { code, stderr } = await project.run(["rehearse"]);
  assert.equal(code, 5, stderr);
  assert.match(stderr, /^error: Cannot copy \S+: a database is copied only while nobody uses it\n/);
  assert.match(
    stderr,
    new RegExp(`\\n {2}- pid ${other.pid} \\(app another client, user ${server.role}, idle in transaction for \\d+ s`),
  );
  assert.match(stderr, /\nhint: End these sessions .*--copy URL.*\n?.*--in-place/);
  assert.deepEqual(await copies(project), []);
});

Deno.test("rehearse shows a failing statement as up does, and lists what was rehearsed", async () => {
  const files = { "001_first.sql": FIRST, "002_good.sql": "ALTER TABLE posts ADD a int;\n" };
  await using project = await start(server, {
    ...files,
    "003_bad.sql": "ALTER TABLE posts ADD b int;\nUPDATE posts\n  SET b = nonsense;\n",
    "004_not_run.sql": "SELECT 1;\n",
  });
  const before = await everything(project);
  for (const args of [["rehearse"], IN_PLACE]) {
    const { code, stdout } = await project.run([...args, "--json"]);
    assert.equal(code, 1);
    const [error] = linesOf(stdout, "error");
    const { file, line, column, sqlstate, state } = error!;
    assert.deepEqual({ file, line, column, sqlstate }, {
      ...{ file: "migrations/003_bad.sql", line: 3, column: 11, sqlstate: "42703" },
    });
    assert.match(String(state), args === IN_PLACE ? /^All of it was rolled back\.$/ : /^The copy is dropped, and /);
    const { ok, rehearsed, pending } = resultOf(stdout);
    assert.deepEqual({ ok, rehearsed, pending }, { ok: false, rehearsed: ["2"], pending: ["2", "3", "4"] });
    assert.deepEqual(await everything(project), before);
  }
  assert.deepEqual(await copies(project), []);
});

Deno.test("rehearse --in-place tells what it waited apart from what it did", async () => {
  await using project = await start(server, { "001_first.sql": FIRST, "002_a.sql": "ALTER TABLE posts ADD a int;\n" });
  await using reader = await hold(project, "SELECT 1 FROM posts");
  await using run = begin(project, [...IN_PLACE, "--json"]);
  await runningBackend(project, "ADD a int", "Lock");
  await reader.run("SELECT pg_sleep(0.4)");
  await reader.release();
  const { code, stdout } = await run.ended();
  assert.equal(code, 0, stdout);
  const [statement] = linesOf(stdout, "statement");
  const { duration_ms, wait_ms, verdict, reason } = statement!;
  assert.ok(Number(wait_ms) > 350 && Number(wait_ms) <= Number(duration_ms), `${wait_ms} of ${duration_ms} ms`);
  assert.ok(verdict === "instant" || verdict === "short", "what it waited is not what it did");
  assert.match(
    String(reason),
    /; before that, it waited \d+ ms for locks, and reads and writes of public\.posts behind it$/,
  );
  const [blocked] = resultOf(stdout).blocked as readonly Line[];
  assert.ok(Number(blocked!.queue_ms) === Number(wait_ms), "those who came queued behind the lock that was waited for");
  assert.ok(Number(blocked!.duration_ms) >= Number(duration_ms), `${blocked!.duration_ms} of ${duration_ms} ms`);
});

Deno.test("rehearse --in-place gives up a lock in time, and says who held it", async () => {
  await using project = await start(server, { "001_first.sql": FIRST, "002_a.sql": "ALTER TABLE posts ADD a int;\n" });
  await using reader = await hold(project, "SELECT 1 FROM posts");
  const { code, stderr } = await project.run([...IN_PLACE, "--lock-timeout", "300ms"]);
  assert.equal(code, 5, stderr);
  assert.match(stderr, new RegExp(`waiting for AccessExclusiveLock on public\\.posts, held by pid ${reader.pid} `));
  assert.match(stderr, /\nhint: Another transaction .*, or wait longer with --lock-timeout 30s\n/);
  assert.match(stderr, /\nAll of it was rolled back\.\n$/);
});

Deno.test({
  name: "rehearse drops its copy when it is interrupted",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using project = await start(server, { "001_first.sql": FIRST, "002_slow.sql": "SELECT pg_sleep(600);\n" });
    await using run = begin(project, ["rehearse"]);
    // From another database: nobody may be connected to the one that is copied.
    const url = new URL(project.url);
    url.pathname = "/postgres";
    const running = `SELECT datname FROM pg_stat_activity
      WHERE query LIKE 'SELECT pg_sleep(600)%' AND datname LIKE 'pgmigrate_rehearsal_%'`;
    const [{ datname }] = await waitUntil("the statement on the copy", async () => {
      const rows = await server.query(url.href, running);
      return rows.length > 0 ? rows as readonly [{ readonly datname: string }] : null;
    });
    const source = new URL(project.url).pathname.slice(1);
    const isCopy =
      `shobj_description(oid, 'pg_database') = 'Copy of ${source} for pgmigrate rehearse, which drops it when it ends'`;
    const copy = `SELECT ${isCopy} AS is_copy FROM pg_database WHERE datname = '${datname}'`;
    assert.deepEqual(await server.query(url.href, copy), [{ is_copy: true }]);
    run.process.kill("SIGINT");
    const { code, stderr } = await run.ended();
    assert.equal(code, 130, stderr);
    assert.match(stderr, /error: Interrupted by SIGINT/);
    assert.deepEqual(await server.query(url.href, running), []);
    assert.deepEqual(await server.query(url.href, `SELECT FROM pg_database WHERE datname = '${datname}'`), []);
  },
});

Deno.test("rehearse --copy URL rolls back, refuses the target itself, and says what stays", async () => {
  await using project = await start(server);
  await using copy = await start(server);
  const before = await everything(copy);
  const itself = await project.run(["rehearse", "--copy", project.url]);
  assert.equal(itself.code, 2);
  assert.match(itself.stderr, /^error: --copy names the database \S+ itself, not a copy of it\n/);

  const rolledBack = await project.run(["rehearse", "--copy", copy.url, "--to", "2", "--json"]);
  assert.equal(rolledBack.code, 0, rolledBack.stdout);
  assert.deepEqual(resultOf(rolledBack.stdout).rehearsed, ["2"]);
  assert.deepEqual(await everything(copy), before);

  const changed = await project.run(["rehearse", "--copy", copy.url, "--json"]);
  assert.equal(changed.code, 0, changed.stdout);
  assert.equal(linesOf(changed.stdout, "warning")[0]!.code, "copy-is-changed");
  assert.deepEqual(await copy.query("SELECT to_regclass('posts_user')::text AS index"), [{ index: "posts_user" }]);
  assert.deepEqual(await copy.applied(), ["1"]);
});

Deno.test("rehearse keeps nothing that a migration does beside its database", async () => {
  const role = `rehearsed_${crypto.randomUUID().slice(0, 8)}`;
  await using project = await start(server, {
    "001_first.sql": FIRST,
    "002_role.sql": `DO $$ BEGIN CREATE ROLE ${role}; END $$;\nGRANT SELECT ON posts TO ${role};\n`,
    "003_next.sql": `GRANT INSERT ON posts TO ${role};\n`,
    "004_index.sql": "-- pgmigrate: no-transaction\nCREATE INDEX CONCURRENTLY posts_n ON posts (n);\n",
  });
  assertDone(await project.run(["rehearse", "--to", "3"]));
  const roles = () => project.query(`SELECT rolname FROM pg_roles WHERE rolname = '${role}'`);
  assert.deepEqual(await roles(), []);
  const { code, stderr } = await project.run(["rehearse"]);
  assert.equal(code, 1, stderr);
  assert.match(stderr, /error: 002_role\.sql changes more than its database, so it cannot be kept on the copy\n/);
  assert.match(stderr, /- pg_authid, which all databases of the server share\n/);
  assert.deepEqual(await roles(), []);
});

Deno.test("rehearse runs on a copy under the settings that the database has", async () => {
  await using project = await start(server, {
    "001_first.sql": "CREATE SCHEMA app;\nCREATE TABLE app.orders (id int);\nCREATE TABLE schema_holder ();\n",
    "002_column.sql": "ALTER TABLE orders ADD n int;\n",
  });
  await project.query(
    `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = public, app', current_database()); END $$`,
  );
  const { code, stdout } = await project.run(["rehearse", "--json", "--report", "out.html"]);
  assert.equal(code, 0, stdout);
  assert.deepEqual(linesOf(stdout, "statement")[0]!.locks, [{ relation: "app.orders", mode: "AccessExclusiveLock" }]);
  assert.equal(resultOf(stdout).report, "out.html");
  const page = await Deno.readTextFile(`${project.directory.path}/out.html`);
  assert.match(page, /<bdi class="name mono">app\.orders<\/bdi>/);
  assert.match(page, /ALTER TABLE orders ADD n int/);
  assert.doesNotMatch(page, /\b(src|href)=|url\(|@import|<script/);
});

Deno.test("rehearse refuses what it cannot do, before anything runs", async () => {
  await using project = await start(server);
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [["rehearse", "--in-place"], /^error: --in-place needs --statement-timeout, and not 0\n/],
    [[...IN_PLACE, "--lock-timeout", "0"], /^error: --in-place needs --lock-timeout, and not 0\n/],
    [[...IN_PLACE, "--copy", "template"], /^error: --copy and --in-place exclude each other\n/],
    [IN_PLACE, /^error: Migrations without a transaction cannot be rolled back\n {2}- 003_index\.sql\n/],
    [["rehearse", "-d", "embedded:"], /^error: The embedded database has no copies\n/],
    [["rehearse", "--report", "gone/out.html"], /^error: Cannot write gone\/out\.html: /],
  ];
  for (const [args, message] of cases) {
    const { code, stdout, stderr } = await project.run(args);
    assert.deepEqual({ code, stdout }, { code: 2, stdout: "" }, stderr);
    assert.match(stderr, message);
  }
});

Deno.test("rehearse says what a role needs that may not make a copy", async () => {
  await using project = await start(server);
  const role = `poor_${crypto.randomUUID().slice(0, 8)}`;
  await project.query(
    `CREATE ROLE ${role} LOGIN PASSWORD 'secret'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role}`,
  );
  const url = new URL(project.url);
  url.username = role;
  url.password = "secret";
  const { code, stderr } = await project.run(["rehearse", "-d", url.href]);
  await project.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  assert.equal(code, 2, stderr);
  assert.match(stderr, /^error: Cannot copy \S+: permission denied to create database \[42501\]\n/);
  assert.match(stderr, /ALTER ROLE NAME CREATEDB/);
});

Deno.test("rehearse --in-place works on the embedded database", async () => {
  await using project = await createProject(server, { "001_first.sql": FIRST, "002_t.sql": FILES["004_type.sql"] });
  const { code, stdout } = await project.run([...IN_PLACE, "-d", "embedded:", "--json"]);
  assert.equal(code, 0, stdout);
  assert.deepEqual(resultOf(stdout).rehearsed, ["1", "2"]);
  // Both tables are made by the run itself.
  assert.deepEqual(linesOf(stdout, "statement").map(({ locks }) => locks), [[], [], [], [], []]);
});
