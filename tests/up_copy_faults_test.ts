import assert from "node:assert/strict";
import { noPgbouncer, startPgbouncer } from "./faults/pgbouncer.ts";
import { allGone, begin, hold, runningBackend } from "./lifecycle.ts";
import { assertDone, createProject, linesOf } from "./pgmigrate.ts";
import { sharedServer } from "./servers/mod.ts";
import { waitUntil } from "./wait_until.ts";

const server = await sharedServer("15");

const TABLES = "CREATE TABLE t (a int PRIMARY KEY, b text);\n";

/** A COPY that stops in the middle of its data, at a row that waits. */
const WAITING = `${TABLES}CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN IF NEW.a = 3 THEN PERFORM pg_sleep(600); END IF; RETURN NEW; END $$;
CREATE TRIGGER wait BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION wait();
COPY t FROM stdin;
${Array.from({ length: 300_000 }, (_, index) => `${index}\t${"x".repeat(20)}\n`).join("")}\\.
`;

Deno.test({
  name: "failures 13, 17: SIGINT in the middle of the data ends the COPY and rolls it back",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using project = await createProject(server, { "001_a.sql": WAITING });
    await using run = begin(project, ["up"]);
    await runningBackend(project, "COPY t FROM stdin");
    await waitUntil("the row that waits", () => waitsInSleep(project));
    run.process.kill("SIGINT");
    const { code, stderr } = await run.ended();
    assert.equal(code, 130, stderr);
    assert.match(stderr, /Nothing of 001_a\.sql was kept\./);
    assert.deepEqual(await project.query("SELECT to_regclass('t') AS t"), [{ t: null }]);
    assert.deepEqual(await project.applied(), []);
    await allGone(project);
  },
});

Deno.test("failures 17, 25: a backend that is terminated in the middle of the data is a lost connection", async () => {
  await using project = await createProject(server, { "001_a.sql": WAITING });
  await using run = begin(project, ["up"]);
  const pid = await runningBackend(project, "COPY t FROM stdin");
  await waitUntil("the row that waits", () => waitsInSleep(project));
  await project.query(`SELECT pg_terminate_backend(${pid})`);
  const { code, stderr } = await run.ended();
  assert.equal(code, 4, stderr);
  assert.match(stderr, /terminating connection due to administrator command/);
  assert.deepEqual(await project.query("SELECT to_regclass('t') AS t"), [{ t: null }]);
});

async function waitsInSleep(project: Parameters<typeof runningBackend>[0]) {
  const rows = await project.query(
    "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'",
  );
  return rows.length > 0 ? rows : null;
}

Deno.test("failures 17: a file that is changed between its check and its run is rolled back", async () => {
  const text = (value: string) =>
    `${TABLES}SELECT pg_advisory_xact_lock(17);\nCOPY t FROM stdin;\n1\t${value}\n\\.\nSELECT 1;\n`;
  for (const [edit, code] of [[text("b"), "file-changed"], ["", "file-changed"], [`${text("a")}\n`, "file-changed"]]) {
    await using project = await createProject(server, { "001_a.sql": text("a") });
    await using other = await hold(project, "SELECT pg_advisory_xact_lock(17)");
    await using run = begin(project, ["up", "--json"]);
    await runningBackend(project, "pg_advisory_xact_lock(17)", "Lock");
    await project.directory.write("001_a.sql", edit!);
    await other.release();
    const outcome = await run.ended();
    assert.deepEqual([outcome.code, linesOf(outcome.stdout, "error")[0]!.code], [1, code], outcome.stdout);
    assert.deepEqual(await project.query("SELECT to_regclass('t') AS t"), [{ t: null }]);
    assert.deepEqual(await project.applied(), []);
  }
});

Deno.test({
  name: "failures 2, 17: COPY data goes through PgBouncer in transaction mode, and so does the end of one that fails",
  ignore: noPgbouncer(),
  async fn() {
    await using pooler = await startPgbouncer(server, { poolMode: "transaction", poolSize: 2 });
    const rows = Array.from({ length: 100_000 }, (_, index) => `${index}\t${"x".repeat(20)}\n`).join("");
    const bad = `COPY t FROM stdin;\n-1\tx\nbad\tx\n${rows}\\.\n`;
    for (const directive of ["", "-- pgmigrate: no-transaction\n"]) {
      await using project = await createProject(server, {
        "001_a.sql": `${directive}${TABLES}COPY t FROM stdin;\n${rows}\\.\nCOPY t FROM stdin;\n-2\ty\n\\.\n`,
        "002_b.sql": `${directive}${bad}`,
      });
      const env = { DATABASE_URL: pooler.url(project.url) };
      const { code, stdout } = await project.run(["up", "--json"], { env });
      assert.equal(code, 1, stdout);
      assert.deepEqual(linesOf(stdout, "error").map(({ line }) => line), [directive === "" ? 3 : 4]);
      assert.deepEqual(await project.query("SELECT count(*)::int FROM t"), [{ count: 100_001 }]);
      await project.directory.write("002_b.sql", `${directive}${bad.replace(`bad\tx\n${rows}`, "")}`);
      assertDone(await project.run(["up"], { env }));
      assert.deepEqual(await project.query("SELECT a FROM t WHERE a = -1"), [{ a: -1 }]);
      assert.deepEqual(await project.applied(), ["1", "2"]);
    }
  },
});
