import assert from "node:assert/strict";
import { begin, hold, runningBackend } from "./lifecycle.ts";
import { assertDone, createProject, linesOf } from "./pgmigrate.ts";
import { sharedServer } from "./servers/mod.ts";

const server = await sharedServer("15");

/** What cuts a file into the wrong statements elsewhere. */
const HARD_TO_CUT = `-- pgmigrate: no-transaction
CREATE TABLE t (a int, b text);
CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql BEGIN ATOMIC
  SELECT CASE WHEN a > 0 THEN 1 ELSE 2 END;
  SELECT a + 1;
END;
CREATE RULE r AS ON UPDATE TO t DO ALSO (DELETE FROM t WHERE a = 1; INSERT INTO t VALUES (2, ';'));
/* one /* two; */ ; ' */ INSERT INTO t VALUES (3, $a$;$b$ $$ ; $$ $b$ $a $a$);
INSERT INTO t VALUES (4, E'a\\';b\\\\'), (5, U&'d\\0061t;a'), (6, 'it''s; -- no comment'); -- it's one; really
DO $body$ BEGIN PERFORM f(1); END; $body$;
VACUUM t;
SELECT 1`;

Deno.test("failures 19: a file is cut into the statements that PostgreSQL sees", async () => {
  await using project = await createProject(server, { "001_a.sql": HARD_TO_CUT });
  assertDone(await project.run(["up"]));
  assert.deepEqual(await project.query("SELECT a, b FROM t ORDER BY a"), [
    { a: 3, b: ";$b$ $$ ; $$ $b$ $a " },
    { a: 4, b: "a';b\\" },
    { a: 5, b: "dat;a" },
    { a: 6, b: "it's; -- no comment" },
  ]);
  assert.deepEqual(await project.query("SELECT f(2) AS f"), [{ f: 3 }]);
});

Deno.test("failures 20: a file of more SQL than is parsed applies, is verified, and shows its mistakes", async () => {
  const row = `INSERT INTO t VALUES (1, '${"é".repeat(500)}');\n`;
  const text = `CREATE TABLE t (a int, b text);\n${row.repeat(18_000)}`;
  await using project = await createProject(server, { "001_a.sql": text, "002_b.sql": `${text}SELECT 1 \\ 2;` });
  const refused = await project.run(["up"]);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /002_b\.sql:18002:10\n/);
  assert.deepEqual(await project.query("SELECT to_regclass('t') AS t"), [{ t: null }]);
  await project.directory.write(
    "002_b.sql",
    `${text.replace("t (a", "u (a").replaceAll("INTO t", "INTO u")}SELECT nope;`,
  );
  const failed = await project.run(["up"]);
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /002_b\.sql:18002:8\n/);
  assert.deepEqual(await project.query("SELECT count(*)::int, to_regclass('u') AS u FROM t"), [{
    count: 18_000,
    u: null,
  }]);
  assertDone(await project.run(["verify"]));
});

Deno.test({
  name: "failures 21: rows are dropped and notices passed on as they arrive, and memory stays flat",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using project = await createProject(server, {
      "001_a.sql": `SELECT n, repeat('x', 100) FROM generate_series(1, 2000000) n;
DO $$ BEGIN FOR n IN 1..100000 LOOP RAISE NOTICE '%', repeat('y', 1000); END LOOP; END $$;
SELECT pg_advisory_xact_lock(21);
`,
    });
    await using other = await hold(project, "SELECT pg_advisory_xact_lock(21)");
    await using run = begin(project, ["up", "--json"]);
    // Its output must be taken for it to go on.
    await runningBackend(project, "pg_advisory_xact_lock(21)", "Lock");
    const { stdout } = await new Deno.Command("cat", { args: [`/proc/${run.process.pid}/status`] }).output();
    const kilobytes = Number(/VmHWM:\s*(\d+)/.exec(new TextDecoder().decode(stdout))![1]);
    await other.release();
    const outcome = await run.ended();
    assertDone(outcome);
    assert.equal(linesOf(outcome.stdout, "notice").length, 100_000);
    assert.deepEqual(await project.applied(), ["1"]);
    assert.ok(kilobytes < 300_000, `${kilobytes} kB`);
  },
});
