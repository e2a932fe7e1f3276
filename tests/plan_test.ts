import assert from "node:assert/strict";
import { createDirectory } from "./directory.ts";
import { hold } from "./lifecycle.ts";
import { assertDone, createProject, jsonLines, type Line, linesOf, type Project, resultOf } from "./pgmigrate.ts";
import { runProgram } from "./program.ts";
import { type Server, sharedServer, sharedServers, startServer } from "./servers/mod.ts";
import { waitUntil } from "./wait_until.ts";

const server = await sharedServer("18");

const BASE = {
  "001_base.sql": `
    CREATE TABLE users (id int PRIMARY KEY, name text);
    CREATE TABLE posts (id int PRIMARY KEY, user_id int REFERENCES users, title varchar(50), body text);
    CREATE INDEX posts_user ON posts (user_id);
    CREATE VIEW numbers AS SELECT id FROM posts;
    CREATE TABLE events (id int, at date NOT NULL) PARTITION BY RANGE (at);
    CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
    INSERT INTO users SELECT i, 'name' FROM generate_series(1, 100) i;
    INSERT INTO posts SELECT i, i % 100 + 1, 'title', repeat('x', 100) FROM generate_series(1, 20000) i;
    ANALYZE users, posts;`,
};

const PENDING = {
  "002_column.sql": "ALTER TABLE posts ADD COLUMN views int;\n",
  "003_check.sql":
    "ALTER TABLE posts ADD CONSTRAINT long CHECK (length(body) < 1000);\nALTER TABLE posts ALTER title TYPE varchar(99);\n",
  "004_new.sql":
    "CREATE TABLE likes (post int);\nCREATE INDEX likes_post ON likes (post);\nALTER TABLE likes ADD COLUMN at date;\n",
  "005_type.sql": "ALTER TABLE posts\n  ALTER COLUMN body TYPE varchar(500);\n",
  "006_index.sql": "-- pgmigrate: no-transaction\nCREATE INDEX CONCURRENTLY posts_title ON posts (title);\n",
  "007_later.sql": "ALTER TABLE posts ALTER COLUMN views SET NOT NULL;\n",
  "008_partitions.sql": "ALTER TABLE events ADD COLUMN note text;\n",
  "009_do.sql": "DO $$ BEGIN EXECUTE 'DROP TABLE posts'; END $$;\n",
};

async function planned(project: Project, ...args: readonly string[]): Promise<readonly Line[]> {
  const outcome = await project.run(["plan", "--json", ...args]);
  assertDone(outcome);
  return linesOf(outcome.stdout, "statement");
}

for (const server of await sharedServers()) {
  Deno.test(`plan says what each pending statement locks, reads and rewrites, on server ${server.version}`, async () => {
    await using project = await createProject(server, BASE);
    assertDone(await project.run(["up"]));
    for (const [name, text] of Object.entries(PENDING)) await project.directory.write(name, text);
    const outcome = await project.run(["plan", "--json"]);
    assertDone(outcome);
    const lines = linesOf(outcome.stdout, "statement");
    const told = lines.map(({ name, line, statement, verdict, locks, scans, rewrites, unknown }) => ({
      at: `${name}:${line}`,
      ...{ statement, verdict, locks: tables(locks), scans, rewrites, unknown },
    }));
    const alter = { statement: "ALTER TABLE", scans: [], rewrites: [], unknown: false };
    const posts = ["AccessExclusiveLock public.posts"];
    assert.deepEqual(told, [
      { at: "002_column.sql:1", ...alter, verdict: "instant", locks: posts },
      { at: "003_check.sql:1", ...alter, verdict: "short", locks: posts, scans: ["public.posts"] },
      { at: "003_check.sql:2", ...alter, verdict: "instant", locks: posts },
      { at: "004_new.sql:1", ...alter, statement: "CREATE TABLE", verdict: "instant", locks: [] },
      { at: "004_new.sql:2", ...alter, statement: "CREATE INDEX", verdict: "instant", locks: [] },
      { at: "004_new.sql:3", ...alter, verdict: "instant", locks: [] },
      {
        at: "005_type.sql:1",
        ...alter,
        verdict: "short",
        locks: posts,
        rewrites: ["public.posts"],
      },
      {
        at: "006_index.sql:2",
        ...alter,
        statement: "CREATE INDEX",
        verdict: "short",
        locks: ["ShareUpdateExclusiveLock public.posts"],
        scans: ["public.posts"],
      },
      { at: "007_later.sql:1", ...alter, verdict: "short", locks: posts, scans: ["public.posts"] },
      {
        at: "008_partitions.sql:1",
        ...alter,
        verdict: "instant",
        locks: ["AccessExclusiveLock public.events", "AccessExclusiveLock public.events_2024"],
      },
      { at: "009_do.sql:1", ...alter, statement: "DO", verdict: "dangerous", locks: [], unknown: true },
    ]);
    const [touched] = lines[1]!.relations as readonly Line[];
    assert.equal(touched!.relation, "public.posts");
    assert.equal(touched!.rows, 20_000);
    const [{ size }] = await project.query("SELECT pg_total_relation_size('posts')::int AS size") as [{ size: number }];
    assert.equal(touched!.bytes, size);
    assert.deepEqual([...touched!.dependents as string[]].sort(), [
      "index public.posts_pkey",
      "index public.posts_user",
      "view public.numbers",
    ]);
    const result = resultOf(outcome.stdout);
    assert.deepEqual(
      { pending: result.pending, verdicts: result.verdicts },
      {
        pending: ["2", "3", "4", "5", "6", "7", "8", "9"],
        verdicts: { instant: 6, short: 4, long: 0, dangerous: 1 },
      },
    );
    assert.equal((await project.run(["plan", "--strict", "--json"])).code, 7);
    assertDone(await project.run(["plan", "--strict", "--to", "8"]));
  });
}

const BATCHES = `LOOP
      UPDATE posts SET title = upper(title) WHERE id IN (SELECT id FROM posts WHERE title <> upper(title) LIMIT 5000);
      EXIT WHEN NOT FOUND;
      COMMIT;
    END LOOP;`;

for (const server of await sharedServers()) {
  Deno.test(`plan and rehearse agree on batches that are committed on the way, on server ${server.version}`, async () => {
    const there = `${BASE["001_base.sql"]}CREATE PROCEDURE fill() LANGUAGE plpgsql AS $$ BEGIN ${BATCHES} END $$;`;
    await using project = await createProject(server, { "001_base.sql": there });
    assertDone(await project.run(["up"]));
    const files = {
      "002_do.sql": `-- pgmigrate: no-transaction\nDO $$ BEGIN ${BATCHES} END $$;\n`,
      "003_make.sql": `UPDATE posts SET title = 'title' WHERE id < 200;
        CREATE PROCEDURE made() LANGUAGE plpgsql AS $$ BEGIN ${BATCHES} END $$;\n`,
      "004_made.sql": "-- pgmigrate: no-transaction\nCALL made();\n",
      "005_there.sql": "-- pgmigrate: no-transaction\nCALL fill();\n",
      // The server refuses its COMMIT.
      "006_transaction.sql": "CALL fill();\n",
      "007_block.sql": "-- pgmigrate: no-transaction\nBEGIN;\nCALL fill();\nCOMMIT;\n",
      "008_definer.sql": "ALTER PROCEDURE fill() SECURITY DEFINER;\n",
      "009_definer.sql": "-- pgmigrate: no-transaction\nCALL fill();\n",
    };
    for (const [name, text] of Object.entries(files)) await project.directory.write(name, text);
    const lines = (await planned(project)).filter(({ statement }) => statement === "DO" || statement === "CALL");
    const known = { verdict: "long", locks: ["RowExclusiveLock public.posts"], unknown: true };
    assert.deepEqual(
      lines.map(({ name, verdict, locks, unknown }) => ({ name, verdict, locks: tables(locks), unknown })),
      [
        { name: "002_do.sql", ...known },
        { name: "004_made.sql", ...known },
        { name: "005_there.sql", ...known },
        { name: "006_transaction.sql", verdict: "dangerous", locks: [], unknown: true },
        { name: "007_block.sql", verdict: "dangerous", locks: [], unknown: true },
        { name: "009_definer.sql", verdict: "dangerous", locks: [], unknown: true },
      ],
    );
    assert.equal(
      lines[0]!.reason,
      "Who writes the same rows waits for one of its COMMITs while up to 20,000 rows of public.posts are written, which " +
        "takes about 2 s (an estimate) in all",
    );
    const rehearsed = await project.run(["rehearse", "--json", "--to", "4"]);
    assertDone(rehearsed);
    const measured = linesOf(rehearsed.stdout, "statement").filter(({ statement }) => /DO|CALL/.test(`${statement}`));
    assert.deepEqual(
      measured.map(({ locks, unknown, rows }) => ({ locks: tables(locks), unknown, rows })),
      [20_000, 199].map((rows) => ({ locks: known.locks, unknown: true, rows })),
    );
    assert.match(`${measured[0]!.reason}`, /^Who writes the same rows would have waited for one of its COMMITs/);
  });
}

/** `AccessExclusiveLock public.posts`, without the indexes. */
function tables(locks: unknown): readonly string[] {
  return (locks as readonly { readonly relation: string; readonly mode: string }[])
    .filter(({ relation }) => !/_(pkey|user)$/.test(relation)).map(({ relation, mode }) => `${mode} ${relation}`);
}

Deno.test("plan names who holds a table now, and waits for nobody, not even for who has it all to himself", async () => {
  await using project = await createProject(server, BASE);
  assertDone(await project.run(["up"]));
  await project.directory.write("002_column.sql", PENDING["002_column.sql"]);
  for (const [statement, mode] of [["SELECT 1 FROM posts", "AccessShareLock"], ["LOCK posts", "AccessExclusiveLock"]]) {
    await using holder = await hold(project, `${statement}; SELECT 'password = hunter2'`);
    const [line] = await planned(project);
    const [touched] = line!.relations as readonly Line[];
    const users = touched!.users as readonly string[];
    const who = `pid ${holder.pid} \\(app another client, user postgres, idle in transaction for \\d s, from .*\\)`;
    assert.match(users[0]!, new RegExp(`^${who} holds ${mode}: SELECT pg_backend_pid\\(\\) AS pid$`));
    assert.equal(touched!.rows, 20_000);
    const human = await project.run(["plan"]);
    assertDone(human);
    assert.match(human.stdout, /\n {4}public\.posts: 20,000 rows, .* MB with its indexes; index public\.posts_pkey/);
    assert.match(human.stdout, new RegExp(`\\n {6}pid ${holder.pid} \\(app another client`));
  }
});

Deno.test("plan needs no more than to read the tracker, and changes nothing", async () => {
  await using project = await createProject(server, BASE);
  assertDone(await project.run(["up"]));
  for (const [name, text] of Object.entries(PENDING)) await project.directory.write(name, text);
  await project.directory.write("010_rows.sql", "UPDATE posts SET title = 'x';\nDELETE FROM posts WHERE id = 3;\n");
  await using reader = await createReader(project, server);
  const before = await project.query(CATALOGS);
  const outcome = await project.run(["plan", "--json"], { env: { DATABASE_URL: reader.url } });
  assertDone(outcome);
  assert.deepEqual(await project.query(CATALOGS), before);
  assert.deepEqual(await project.applied(), ["1"]);
  assert.equal(resultOf(outcome.stdout).ok, true);
  assert.equal(linesOf(outcome.stdout, "statement").length, 13);
});

/** Every relation of the database's own with its file, what vacuum has seen of it, and how many rows were ever written. */
const CATALOGS = `
  SELECT c.oid, c.relname, c.relfilenode, c.reltuples, c.relhastriggers, n.nspname,
    pg_stat_get_tuples_inserted(c.oid) AS inserted, pg_stat_get_tuples_updated(c.oid) AS updated
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname <> 'pg_toast' AND NOT c.relisshared
  ORDER BY c.oid`;

/** A role that may read the tracker and nothing else. */
async function createReader(project: Project, server: Server) {
  const name = `reader_${crypto.randomUUID().replaceAll("-", "")}`;
  await project.query(`
    CREATE ROLE ${name} LOGIN PASSWORD 'reader'; ALTER ROLE ${name} SET default_transaction_read_only = on;
    REVOKE CREATE ON SCHEMA public FROM PUBLIC; GRANT SELECT ON schema_migrations, schema_migrations_unfinished TO ${name}`);
  const url = new URL(project.url);
  [url.username, url.password] = [name, "reader"];
  return {
    url: url.href,
    async [Symbol.asyncDispose]() {
      await project.query(`DROP OWNED BY ${name}`);
      await server.query(server.url(), `DROP ROLE ${name}`);
    },
  };
}

Deno.test("plan refuses what up --dry-run refuses, with the same exit code and the same words", async () => {
  await using project = await createProject(server, { ...BASE, "003_b.sql": "SELECT 1;\n" });
  assertDone(await project.run(["up"]));
  const same = async (...args: readonly string[]) => {
    const [plan, dry] = [
      await project.run(["plan", "--json", ...args]),
      await project.run(["up", "--dry-run", "--json", ...args]),
    ];
    const errors = ({ stdout }: typeof plan) => jsonLines(stdout).filter(({ event }) => event === "error");
    assert.deepEqual({ code: plan.code, errors: errors(plan) }, { code: dry.code, errors: errors(dry) });
    return plan.code;
  };
  await project.directory.write("002_a.sql", "SELECT 1;\n");
  assert.equal(await same(), 3);
  assert.equal(await same("--allow-out-of-order"), 0);
  await project.directory.write("004_c.sql", "SELEC 1;\n");
  assert.equal(await same("--allow-out-of-order"), 1);
  await project.directory.write("003_b.sql", "SELECT 2;\n");
  assert.equal(await same(), 3);
});

Deno.test("plan has no function of somebody else's run, by whatever way a plan would call it", async () => {
  await using project = await createProject(server, {
    ...BASE,
    "002_calls.sql": `
      CREATE FUNCTION f(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
      CREATE FUNCTION fb(int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN true; END';
      CREATE TABLE called (a int DEFAULT f(1), b int GENERATED ALWAYS AS (f(2)) STORED, c int CHECK (f(3) = 1));
      CREATE INDEX ON called ((a + f(4)));
      CREATE VIEW calling AS SELECT * FROM posts WHERE f(5) = 1;
      CREATE DOMAIN checked AS int CHECK (fb(6));
      CREATE DOMAIN outer_checked AS checked;
      CREATE TABLE held (a outer_checked[], b int);
      CREATE TABLE guarded (a int);
      ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
      CREATE POLICY p ON guarded USING (fb(7));
      CREATE FUNCTION same(int, text) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN true; END';
      CREATE OPERATOR = (LEFTARG = int, RIGHTARG = text, FUNCTION = same);`,
  });
  assertDone(await project.run(["up"]));
  const [row] = await project.query("SELECT current_database() AS name");
  await project.query(`ALTER DATABASE ${row!.name} SET track_functions = 'all'`);
  const calls = async () => {
    const rows = await project.query("SELECT coalesce(sum(calls), 0)::int AS n FROM pg_stat_user_functions");
    return rows[0]!.n as number;
  };
  const statements = [
    "UPDATE posts SET id = f(1) WHERE id > 0",
    "INSERT INTO called (c) SELECT id FROM posts",
    "UPDATE called SET c = 2 WHERE a = 1",
    "SELECT * FROM calling WHERE id > 3",
    "UPDATE posts SET user_id = 3::checked WHERE id > 4",
    "DELETE FROM guarded WHERE a > 1",
    "UPDATE held SET a = '{1}' WHERE b = 2",
    "UPDATE posts SET title = 'b' WHERE 5 = 'x'::text",
    "UPDATE posts SET title = 'b' WHERE id > 19000",
  ];
  await project.directory.write("003_calls.sql", statements.map((statement) => `${statement};\n`).join(""));
  const lines = await planned(project);
  assert.equal(lines.length, statements.length);
  // The last calls nothing, and so its plan was asked for: the index on id gives some of the rows.
  assert.match(
    String(lines.at(-1)!.reason),
    /^Who writes the same rows waits .* about [\d,]+ rows of public\.posts are written/,
  );
  assert.deepEqual(lines.at(-1)!.scans, []);
  assert.equal(await calls(), 0);
  // The trap works: a plan that is asked for does call them.
  await project.query(`EXPLAIN ${statements[0]}`);
  await waitUntil("a call that was counted", async () => await calls() > 0 ? true : null);
});

Deno.test("plan goes by the server's own plan where nothing but that can tell how much is read and written", async () => {
  await using project = await createProject(server, BASE);
  assertDone(await project.run(["up"]));
  await project.directory.write(
    "002_rows.sql",
    "DELETE FROM posts WHERE id = 5;\nUPDATE posts SET body = 'x' WHERE title = 'nothing';\n" +
      "UPDATE posts SET body = 'x';\nALTER TABLE posts ADD COLUMN n int;\nUPDATE posts SET n = 1 WHERE id < 5;\n",
  );
  const lines = await planned(project);
  assert.deepEqual(
    lines.map((
      { verdict, scans, reason },
    ) => [verdict, scans, String(reason).match(/[^ ]+ [\d,]+ rows? of.*written/)?.[0]]),
    [
      ["instant", [], "About 1 row of public.posts is written"],
      ["short", ["public.posts"], "about 1 row of public.posts is written"],
      ["long", ["public.posts"], "about 20,000 rows of public.posts are written"],
      ["instant", [], undefined],
      // The column is not there yet, so that the server cannot be asked.
      ["dangerous", ["public.posts"], "to 20,000 rows of public.posts are written"],
    ],
  );
  assert.match(String(lines.at(-1)!.reason), /^Reads and writes of public\.posts, locked since line 4, wait/);
});

Deno.test("plan adds up what statements do while their transaction holds a lock", async () => {
  await using project = await createProject(server, {
    "001_base.sql": "CREATE TABLE products (price int);\nINSERT INTO products SELECT generate_series(1, 60000);\n" +
      "CREATE TABLE others AS SELECT * FROM products;\nANALYZE products, others;\n",
  });
  assertDone(await project.run(["up"]));
  const index = "CREATE INDEX ON products (price);\n";
  await project.directory.write("002_a.sql", `ALTER TABLE products ADD COLUMN zz int;\n${index.repeat(4)}`);
  await project.directory.write("003_b.sql", "CREATE INDEX ON others (price);\n");
  const { stdout, code } = await project.run(["plan", "--strict", "--json"]);
  assert.equal(code, 7);
  const verdicts = linesOf(stdout, "statement").map(({ verdict }) => verdict);
  assert.deepEqual(verdicts, ["instant", "short", "short", "dangerous", "dangerous", "short"]);
  assert.match(
    String(linesOf(stdout, "statement")[4]!.reason),
    /; public\.products has been locked for about 2 s by then$/,
  );
  const blocked = resultOf(stdout).blocked as readonly Line[];
  assert.deepEqual(blocked.map(({ name, relation, blocks }) => [name, relation, blocks]), [
    ["002_a.sql", "public.products", "reads-and-writes"],
    ["003_b.sql", "public.others", "writes"],
  ]);
  assert.ok(Number(blocked[0]!.seconds) > 1.5 && Number(blocked[1]!.seconds) < 0.5, JSON.stringify(blocked));
  const human = await project.run(["plan"]);
  assert.match(
    human.stdout,
    /\nReads and writes of public\.products wait for about 2 s in 002_a\.sql \(an estimate\)\.\n$/,
  );
});

Deno.test("plan takes what does nothing for harmless: an extension that is there, rows that a TRUNCATE took", async () => {
  const fill = "INSERT INTO products SELECT generate_series(1, 60000)";
  await using project = await createProject(server, {
    "001_base.sql": `CREATE EXTENSION pgcrypto;\nCREATE TABLE products (price int);\n${fill};\nANALYZE products;\n`,
  });
  assertDone(await project.run(["up"]));
  const verdicts = async (text: string) => {
    await project.directory.write("002_next.sql", text);
    return (await planned(project)).map(({ verdict }) => verdict);
  };
  assert.deepEqual(await verdicts("CREATE EXTENSION IF NOT EXISTS pgcrypto;\n"), ["instant"]);
  assert.deepEqual(
    await verdicts("CREATE EXTENSION IF NOT EXISTS citext;\nCREATE EXTENSION IF NOT EXISTS citext;\n"),
    ["dangerous", "instant"],
  );
  assert.deepEqual(
    await verdicts("DROP EXTENSION pgcrypto;\nCREATE EXTENSION IF NOT EXISTS pgcrypto;\n"),
    ["instant", "dangerous"],
  );
  const change = "UPDATE products SET price = 1;\nALTER TABLE products ALTER price TYPE text;\n";
  assert.deepEqual(await verdicts(change), ["long", "dangerous"]);
  assert.deepEqual(await verdicts(`TRUNCATE products;\n${change}`), ["instant", "short", "short"]);
  const [, , update] = await verdicts(`TRUNCATE products;\n${fill};\nUPDATE products SET price = 1;\n`);
  assert.equal(update, "dangerous", "under the lock of the TRUNCATE, what was inserted since is written");
});

Deno.test("plan works on an embedded database, where nobody else is", async () => {
  await using directory = await createDirectory({ ...BASE, ...PENDING });
  const options = { cwd: directory.path, env: { DATABASE_URL: "embedded:data/db" } };
  assertDone(await runProgram(["up", "--to", "1"], options));
  const outcome = await runProgram(["plan"], options);
  assertDone(outcome);
  assert.match(outcome.stdout, /^migrations\/002_column\.sql\n {2}instant {4}line 1: ALTER TABLE\n/);
  assert.match(
    outcome.stdout,
    /\n11 statements in 8 migrations: 1 dangerous, 4 short and 6 instant\. Look first at line 1 of 009_do\.sql\.\n$/,
  );
  assert.equal((await runProgram(["plan", "--to", "1"], options)).stdout, "No statement is pending.\n");
});

Deno.test({
  name: "plan tells the busiest queries of a table where pg_stat_statements is there, and this role may read it",
  ignore: Deno.build.os !== "linux" || Deno.build.arch !== "x86_64",
  async fn() {
    await using server = await startServer("18", { settings: { shared_preload_libraries: "pg_stat_statements" } });
    await using project = await createProject(server, BASE);
    assertDone(await project.run(["up"]));
    await project.directory.write("002_column.sql", PENDING["002_column.sql"]);
    await project.query("CREATE SCHEMA stats; CREATE EXTENSION pg_stat_statements SCHEMA stats");
    for (let run = 0; run < 3; run++) await project.query("SELECT title FROM posts WHERE id = 5");
    await project.query("SELECT name AS posts FROM users");
    const told = async (url: string) => {
      const { stdout } = await project.run(["plan", "--json"], { env: { DATABASE_URL: url } });
      const [touched] = linesOf(stdout, "statement")[0]!.relations as readonly { readonly users: readonly string[] }[];
      return touched!.users.filter((user) => user.includes(" of ") && user.includes(" each: "));
    };
    const users = await told(project.url);
    assert.match(users[0]!, /^3 calls of \d+\.\d ms each: SELECT title FROM posts WHERE id = \$1$/);
    assert.ok(users.every((user) => !user.includes("AS posts")), users.join("\n"));
    await using reader = await createReader(project, server);
    assert.deepEqual(await told(reader.url), []);
  },
});
