/** What the parser says of statements, against what servers say: which of them run inside a transaction, and which do not. */

import assert from "node:assert/strict";
import postgres from "postgres";
import { parse } from "../src/sql/parser.ts";
import { inOneTransaction } from "../src/sql/transaction_control.ts";
import { assertDone, createProject } from "./pgmigrate.ts";
import { sharedServer, sharedServers } from "./servers/mod.ts";

const SETUP = `
CREATE SCHEMA s; CREATE TABLE t (n int); CREATE INDEX i ON t (n); CREATE TABLE s.t (n int);
CREATE TABLE parent (n int) PARTITION BY RANGE (n); CREATE TABLE part PARTITION OF parent FOR VALUES FROM (0) TO (9);
CREATE INDEX parent_n ON parent (n); CREATE MATERIALIZED VIEW m AS SELECT n FROM t; CREATE UNIQUE INDEX m_n ON m (n);
CREATE TYPE e AS ENUM ('a'); CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$;
CREATE SUBSCRIPTION sub CONNECTION 'host=127.0.0.1 port=1 dbname=none' PUBLICATION p, r WITH (connect = false, slot_name = 'x');
ALTER SUBSCRIPTION sub ENABLE`;

const CLEANUP = "ALTER SUBSCRIPTION sub DISABLE; ALTER SUBSCRIPTION sub SET (slot_name = NONE); DROP SUBSCRIPTION sub";

/** Each in its own transaction, that is rolled back; DB stands for the database's name. */
const STATEMENTS: readonly string[] = [
  "create index concurrently x on t (n)",
  "create unique index concurrently if not exists x on only t (n)",
  "create index x on t (n)",
  "drop index concurrently i",
  "drop index concurrently if exists nothing",
  "drop index i",
  "reindex index concurrently i",
  "reindex (concurrently) table t",
  "reindex (concurrently false) table t",
  "reindex (verbose) index i",
  "reindex table t",
  "reindex schema s",
  "reindex schema concurrently s",
  "reindex database DB",
  "reindex (concurrently) database DB",
  "reindex system DB",
  "vacuum",
  "vacuum t",
  "vacuum full freeze t",
  "vacuum (analyze, verbose) t",
  "analyze",
  "analyze verbose t",
  "cluster",
  "cluster verbose",
  "cluster t using i",
  "alter table parent detach partition part concurrently",
  "alter table parent detach partition part",
  "alter table parent detach partition part finalize",
  "create database nothing",
  "drop database nothing",
  "drop database if exists nothing with (force)",
  "alter database DB set tablespace pg_default",
  "alter database DB tablespace pg_default",
  "alter database DB set work_mem = '1MB'",
  "alter database DB connection limit 5",
  "alter database DB owner to current_user",
  "create tablespace nothing location '/nothing'",
  "drop tablespace nothing",
  "alter tablespace pg_default set (random_page_cost = 2)",
  "alter system set work_mem = '5MB'",
  "alter system reset all",
  "discard all",
  "discard plans",
  "discard sequences",
  "discard temp",
  "create subscription other connection 'host=127.0.0.1 port=1' publication p",
  "create subscription other connection 'host=127.0.0.1 port=1' publication p with (create_slot = true)",
  "create subscription other connection 'host=127.0.0.1 port=1' publication p with (create_slot = false)",
  "create subscription other connection 'host=127.0.0.1 port=1' publication p with (connect = false)",
  "alter subscription sub refresh publication",
  "alter subscription sub refresh publication with (copy_data = false)",
  "alter subscription sub set publication q",
  "alter subscription sub add publication q",
  "alter subscription sub drop publication p with (refresh = true)",
  "alter subscription sub set publication q with (refresh = false)",
  "alter subscription sub add publication q with (refresh = off)",
  "alter subscription sub disable",
  "alter subscription sub set (synchronous_commit = off)",
  "drop subscription sub",
  "commit prepared 'nothing'",
  "rollback prepared 'nothing'",
  "refresh materialized view m",
  "refresh materialized view concurrently m",
  "alter type e add value 'z'",
  "truncate t",
  "lock table t",
  "checkpoint",
  "listen x",
  "notify x",
  "create extension pg_trgm",
  "create role nobody_else",
  "create publication pub for table t",
  "alter table t set tablespace pg_default",
  "alter table t add column o int generated always as identity",
  "alter table t alter n type bigint",
  "explain analyze select 1",
  "prepare x as select 1",
  "declare c cursor for select 1",
  "set transaction isolation level serializable",
  "do $$ begin perform 1; end $$",
  "copy t to program 'cat >/dev/null'",
];

/** What only the server can know, since it depends on what is in the database. */
const UNFORESEEN: readonly string[] = [
  "reindex table parent",
  "reindex index parent_n",
  "call p()",
  "do $$ begin commit; end $$",
];

/** What only the server can know to be no harm: a subscription without a replication slot can be dropped anywhere. */
const OVERCAUTIOUS: readonly string[] = ["drop subscription if exists nothing"];

/** active_sql_transaction; invalid_transaction_termination, of COMMIT in a procedure. */
const REFUSED = ["25001", "2D000"];

for (const server of await sharedServers()) {
  Deno.test(`the parser and the server agree on what runs inside a transaction, on server ${server.version}`, async () => {
    await using database = await server.createDatabase();
    await database.query(SETUP);
    const client = postgres(database.url, { max: 1, prepare: false, fetch_types: false, onnotice: () => {} });
    const isRefused = async (text: string) => {
      await client.unsafe("BEGIN");
      const code = await client.unsafe(text).simple().then(() => null, (error) => String(error.code));
      await client.unsafe("ROLLBACK");
      return code !== null && REFUSED.includes(code);
    };
    try {
      for (const statement of STATEMENTS) {
        const text = statement.replace("DB", database.name);
        assert.equal(await isRefused(text), await isNamed(text), text);
      }
      for (const text of UNFORESEEN) {
        assert.deepEqual([await isRefused(text), await isNamed(text)], [true, false], text);
      }
      for (const text of OVERCAUTIOUS) {
        assert.deepEqual([await isRefused(text), await isNamed(text)], [false, true], text);
      }
    } finally {
      await client.end();
      await database.query(CLEANUP);
    }
  });
}

async function isNamed(text: string): Promise<boolean> {
  const parsed = await parse(text);
  assert.ok(parsed.kind === "statements", text);
  const fit = inOneTransaction({ path: "1_a.sql", text }, parsed.statements);
  return fit.kind === "refused" && fit.failure.code === "needs-no-transaction";
}

const server = await sharedServer("18");

Deno.test("what only the server can know to need no transaction is told with the line to add, and then runs", async () => {
  for (const text of ["REINDEX TABLE parent;\n", "CALL p();\n", "DO $$ BEGIN COMMIT; END $$;\n"]) {
    await using project = await createProject(server, { "001_a.sql": text });
    await project.query(`CREATE TABLE parent (n int) PARTITION BY RANGE (n);
      CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$`);
    const { code, stderr } = await project.run(["up"]);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /\nhint: Make `-- pgmigrate: no-transaction` the first line of the file: .*\nNothing of 001_a/,
    );
    await project.directory.write("001_a.sql", `-- pgmigrate: no-transaction\n${text}`);
    assertDone(await project.run(["up"]));
    assert.deepEqual(await project.applied(), ["1"]);
  }
});

Deno.test("a new value of an enum that is used where it was added is told apart", async () => {
  await using project = await createProject(server, {
    "001_a.sql": "CREATE TYPE e AS ENUM ('a');\n",
    "002_b.sql": "ALTER TYPE e ADD VALUE 'b';\nSELECT 'b'::e;\n",
  });
  const { code, stderr } = await project.run(["up"]);
  assert.equal(code, 1);
  assert.match(
    stderr,
    /error: unsafe use of new value "b" of enum type e \[55P04\]\n +--> migrations\/002_b\.sql:2:8\n/,
  );
  assert.deepEqual(await project.applied(), ["1"]);
  await project.directory.write("002_b.sql", "ALTER TYPE e ADD VALUE 'b';\n");
  await project.directory.write("003_c.sql", "SELECT 'b'::e;\n");
  assertDone(await project.run(["up"]));
});

Deno.test("a directive on a file that needs none changes nothing of what it does", async () => {
  await using project = await createProject(server, {
    "001_a.sql": "-- pgmigrate: no-transaction\nCREATE TABLE a (n int);\nINSERT INTO a VALUES (1);\n",
  });
  const { code, stderr } = await project.run(["up"]);
  assert.equal(code, 0);
  assert.doesNotMatch(stderr, /warning/);
  assert.deepEqual(await project.query("SELECT n FROM a"), [{ n: 1 }]);
});

Deno.test("a file that needs the directive and lacks it is refused before anything runs, with the line to add", async () => {
  await using project = await createProject(server, {
    "001_a.sql": "CREATE TABLE a (n int);\n",
    "002_b.sql": "CREATE TABLE b ();\nCREATE INDEX CONCURRENTLY ON a (n);\n",
    "003_c.sql": "vacuum;\n",
  });
  const { code, stderr } = await project.run(["up"]);
  assert.equal(code, 1);
  assert.match(
    stderr,
    /^error: CREATE INDEX CONCURRENTLY cannot run inside a transaction\n +--> migrations\/002_b\.sql:2:1\n/,
  );
  assert.match(
    stderr,
    /\nhint: Put it into a file of its own, and make `-- pgmigrate: no-transaction` the first line of that one: /,
  );
  assert.match(stderr, /\nerror: VACUUM cannot run inside a transaction\n +--> migrations\/003_c\.sql:1:1\n/);
  assert.match(
    stderr,
    /\nhint: Make `-- pgmigrate: no-transaction` the first line of the file\nNothing was applied\.\n$/,
  );
  assert.deepEqual(await project.query("SELECT to_regclass('a') AS a"), [{ a: null }]);
});
