import assert from "node:assert/strict";
import { createDeployer } from "./deployer.ts";
import { noPgbouncer, startPgbouncer } from "./faults/pgbouncer.ts";
import { begin, hold } from "./lifecycle.ts";
import { assertDone, createProject, linesOf, type Project } from "./pgmigrate.ts";
import { sharedServer } from "./servers/mod.ts";
import { waitUntil } from "./wait_until.ts";

const server = await sharedServer("18");

/** Longer than it takes to look at a statement that waits: it is looked at after one second, and each second after. */
const SEEN = "2.2s";

/** Longer than it takes to look twice. */
const SEEN_TWICE = "4.5s";

async function waited(project: Project, locktype: string, seen = SEEN): Promise<void> {
  await waitUntil(`a ${locktype} wait of ${seen}`, async () => {
    const rows = await project.query(
      `SELECT FROM pg_locks WHERE NOT granted AND locktype = '${locktype}' AND waitstart < now() - interval '${seen}'
        AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())`,
    );
    return rows.length > 0 ? rows : null;
  });
}

/** Rows, each in a block of its own, and a function for its index that takes 20 ms a row. */
const SLOW_TABLE = `CREATE TABLE t (id int, filler text);
ALTER TABLE t ALTER COLUMN filler SET STORAGE PLAIN;
INSERT INTO t SELECT g, repeat('x', 6000) FROM generate_series(1, 150) g;
CREATE FUNCTION slowly(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.02); RETURN $1; END $$;
`;

for (const server of await Promise.all([sharedServer("14"), sharedServer("18")])) {
  Deno.test(`a CREATE INDEX CONCURRENTLY tells for whom it waits and how far it is, on server ${server.version}`, async () => {
    await using project = await createProject(server, {
      "001_t.sql": SLOW_TABLE,
      "002_i.sql": "-- pgmigrate: no-transaction\nCREATE INDEX CONCURRENTLY t_slowly ON t (slowly(id));\n",
    });
    assertDone(await project.run(["up", "--to", "1"]));
    await using reader = await hold(project, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT 1");
    await using run = begin(project, ["up", "--json"]);
    await waited(project, "virtualxid");
    await reader.release();
    const outcome = await run.ended();
    assertDone(outcome);

    const lines = linesOf(outcome.stdout, "progress");
    assert.ok(lines.length > 1, outcome.stdout);
    for (const { command, version, name, percent } of lines) {
      assert.deepEqual({ command, version, name }, {
        command: "CREATE INDEX CONCURRENTLY",
        version: "2",
        name: "002_i.sql",
      });
      assert.ok(percent === null || (Number(percent) >= 0 && Number(percent) <= 100));
    }
    const scanning = lines.filter(({ phase }) => /scanning table/.test(String(phase)));
    assert.ok(scanning.some(({ percent }) => Number(percent) > 0 && Number(percent) < 100), outcome.stdout);

    const [waiting] = linesOf(outcome.stdout, "waiting");
    assert.equal(waiting!.for, "transaction");
    assert.match(
      waiting!.message as string,
      new RegExp(
        `^waiting for the transaction of pid ${reader.pid} \\(app another client, user ${server.role}, ` +
          "idle in transaction for \\d+ s(, from [0-9a-f.:]+)?\\) to end: ",
      ),
    );
    assert.deepEqual((waiting!.blockers as { readonly pid: number }[]).map(({ pid }) => pid), [reader.pid]);
    assert.equal(linesOf(outcome.stdout, "waiting").length, 1);
    assert.deepEqual(
      await project.query("SELECT indisvalid AS valid FROM pg_index WHERE indexrelid = 't_slowly'::regclass"),
      [{ valid: true }],
    );
    assert.deepEqual(await project.applied(), ["1", "2"]);
  });
}

Deno.test("VACUUM, ANALYZE and COPY tell how far they are", async () => {
  await using project = await createProject(server, {
    "001_t.sql": SLOW_TABLE + "CREATE FUNCTION slow_row() RETURNS trigger LANGUAGE plpgsql AS " +
      "$$ BEGIN PERFORM pg_sleep(0.02); RETURN NEW; END $$;\nCREATE TABLE c (n int);\n" +
      "CREATE TRIGGER slow_row BEFORE INSERT ON c FOR EACH ROW EXECUTE FUNCTION slow_row();\n",
    "002_slow.sql":
      "-- pgmigrate: no-transaction\nSET vacuum_cost_delay = '20ms';\nSET vacuum_cost_limit = 1;\nVACUUM t;\n" +
      // Each block is paid for by itself then, whether other tests have pushed it out of memory or not: those that are not
      // in memory would be read, and paid for, sixteen at once. Once it ended at once all the same, so there are several.
      "SET io_combine_limit = 1;\nSET maintenance_io_concurrency = 0;\nSET vacuum_cost_page_hit = 1;\n" +
      "SET vacuum_cost_page_miss = 1;\n" + "ANALYZE t;\n".repeat(4),
    "003_copy.sql": `COPY c FROM stdin;\n${"7\n".repeat(150)}\\.\n`,
  });
  const outcome = await project.run(["up", "--json"]);
  assertDone(outcome);
  const lines = linesOf(outcome.stdout, "progress");
  for (const [command, phase] of [["VACUUM", "scanning heap"], ["ANALYZE", "acquiring sample rows"]]) {
    const percents = lines.filter((line) => line.command === command && line.phase === phase).map((line) =>
      Number(line.percent)
    );
    assert.ok(percents.some((percent) => percent > 0 && percent < 100), `${command}: ${outcome.stdout}`);
  }
  const copied = lines.filter(({ command, version }) => command === "COPY FROM" && version === "3");
  assert.ok(copied.some(({ rows, percent }) => Number(rows) > 0 && percent === null), outcome.stdout);
  assert.deepEqual(await project.query("SELECT count(*)::int AS rows FROM c"), [{ rows: 150 }]);
  assert.deepEqual(await project.applied(), ["1", "2", "3"]);
});

Deno.test("a statement that waits and then goes on is told of when it begins and when it ends to wait, in every format", async () => {
  const file = "SET LOCAL lock_timeout = 0;\nALTER TABLE a ADD COLUMN n int;\nSELECT pg_advisory_xact_lock(4715);\n";
  await Promise.all(["human", "json", "github"].map(async (format) => {
    await using project = await createProject(server, { "001_a.sql": "CREATE TABLE a ();\n", "002_b.sql": file });
    assertDone(await project.run(["up", "--to", "1"]));
    await using first = await hold(project, "LOCK TABLE a IN ACCESS SHARE MODE");
    await first.run("SELECT '::error::\u001b[31mred'");
    await using second = await hold(project, "SELECT pg_advisory_xact_lock(4715)");
    await using run = begin(project, ["up", "--format", format]);
    await waited(project, "relation");
    await first.release();
    await waited(project, "advisory");
    await second.release();
    const outcome = await run.ended();
    assertDone(outcome);
    assert.deepEqual(await project.applied(), ["1", "2"]);
    if (format === "json") {
      assert.equal(outcome.stderr, "");
      assert.deepEqual(
        linesOf(outcome.stdout, "waiting").map((line) => [line.for, line.relation, line.thing, line.lock]),
        [
          ["table-lock", "public.a", linesOf(outcome.stdout, "waiting")[0]!.thing, "relation"],
          ["advisory-lock", null, "4715", "advisory"],
        ],
      );
      return;
    }
    const lines = outcome.stderr.split("\n");
    assert.equal(lines.length, 4, outcome.stderr);
    assert.match(
      lines[0]!,
      /^ {2}1\/1 {2}002_b\.sql {2}waiting for AccessExclusiveLock on public\.a, held by pid \d+ /,
    );
    assert.match(lines[1]!, /^ {2}1\/1 {2}002_b\.sql {2}waiting for advisory lock 4715, held by pid \d+ /);
    assert.match(lines[2]!, /^ {2}1\/1 {2}002_b\.sql +\d/);
    assert.match(lines[0]!, /: SELECT '::error::\\u\{1b\}\[31mred'$/);
    assert.ok(!outcome.stderr.includes("\u001b"));
    assert.doesNotMatch(outcome.stdout, /::/);
  }));
});

Deno.test("failures 15: a role that becomes another one as it logs in may run what takes longer than two looks", async () => {
  await using project = await createProject(server, {
    "001_a.sql": "CREATE TABLE a ();\n",
    "002_b.sql": "SET LOCAL lock_timeout = 0;\nALTER TABLE a ADD COLUMN n int;\n",
  });
  await using deployer = await createDeployer(project);
  const env = { DATABASE_URL: deployer.url };
  assertDone(await project.run(["up", "--to", "1"], { env }));
  await using table = await hold(project, "LOCK TABLE a IN ACCESS SHARE MODE");
  await using run = begin(project, ["up", "--json"], env);
  await waited(project, "relation", SEEN_TWICE);
  await table.release();
  const outcome = await run.ended();
  assertDone(outcome);
  assert.deepEqual(
    linesOf(outcome.stdout, "waiting").map(({ blockers }) => (blockers as { readonly pid: number }[])[0]!.pid),
    [table.pid],
  );
  assert.deepEqual(await project.applied(), ["1", "2"]);
});

Deno.test("what is over within a second is not looked at", async () => {
  await using project = await createProject(server, {
    "001_a.sql": "CREATE TABLE a ();\n",
    "002_b.sql": "ALTER TABLE a ADD COLUMN n int;\n",
  });
  assertDone(await project.run(["up", "--to", "1"]));
  const outcome = await project.run(["up", "--json"]);
  assertDone(outcome);
  for (const event of ["waiting", "waiting_ended", "progress", "retrying"]) {
    assert.deepEqual(linesOf(outcome.stdout, event), []);
  }
});

Deno.test({
  name: "through PgBouncer in transaction mode, who is in the way is told inside a transaction and outside",
  ignore: noPgbouncer(),
  async fn() {
    await using project = await createProject(server, {
      "001_a.sql": "CREATE TABLE a (n int);\n",
      "002_b.sql": "SET LOCAL lock_timeout = 0;\nALTER TABLE a ADD COLUMN m int;\n",
      "003_c.sql": "-- pgmigrate: no-transaction\nCREATE INDEX CONCURRENTLY a_n ON a (n);\n",
    });
    await using pooler = await startPgbouncer(server, { poolMode: "transaction", poolSize: 4 });
    const DATABASE_URL = pooler.url(project.url);
    assertDone(await project.run(["up", "--to", "1"], { env: { DATABASE_URL } }));
    await using table = await hold(project, "LOCK TABLE a IN ACCESS SHARE MODE");
    await using run = begin({ ...project, url: DATABASE_URL }, ["up", "--json"]);
    await waited(project, "relation");
    await using snapshot = await hold(project, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT 1");
    await table.release();
    await waited(project, "virtualxid");
    await snapshot.release();
    const outcome = await run.ended();
    assertDone(outcome);
    const waiting = linesOf(outcome.stdout, "waiting").filter((line) => line.for !== "lock");
    assert.deepEqual(
      waiting.map((line) => [line.version, line.for, (line.blockers as { readonly pid: number }[])[0]!.pid]),
      [["2", "table-lock", table.pid], ["3", "transaction", snapshot.pid]],
      outcome.stdout,
    );
    assert.deepEqual(await project.applied(), ["1", "2", "3"]);
  },
});
