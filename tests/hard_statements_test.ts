import assert from "node:assert/strict";
import { begin, hold, runningBackend } from "./lifecycle.ts";
import { assertDone, createProject } from "./pgmigrate.ts";
import { sharedServer, sharedServers } from "./servers/mod.ts";

/** Statements with semicolons inside them, which tools that split by themselves tear apart. */
const HARD = `CREATE TABLE t (n int, s text);
/* outer; /* inner; */ still; */
CREATE FUNCTION atomic() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END;
CREATE RULE doubled AS ON UPDATE TO t DO INSTEAD (INSERT INTO t VALUES (8, 'a;b'); INSERT INTO t VALUES (9, 'c'););
CREATE FUNCTION quoted() RETURNS text LANGUAGE plpgsql AS $a$ BEGIN RETURN $b$x;y$b$; END $a$;
INSERT INTO t VALUES (1, E'it\\'s; here'), (2, U&'d\\0061t;a'), (3, $$;$$), (4, 'two''; quotes'); -- ; not here
UPDATE t SET n = 0 WHERE n = 1;
CREATE TABLE "odd;name" ()`;

for (const server of await sharedServers()) {
  for (const directive of ["", "-- pgmigrate: no-transaction\n"]) {
    Deno.test(`failures 19: statements that are hard to tell apart are run as they are written, ${directive === "" ? "in" : "outside"} a transaction, on server ${server.version}`, async () => {
      await using project = await createProject(server, { "001_hard.sql": directive + HARD });
      assertDone(await project.run(["up"]));
      assert.deepEqual(
        await project.query("SELECT n, s, atomic() AS atomic, quoted() AS quoted FROM t ORDER BY n"),
        [[1, "it's; here"], [2, "dat;a"], [3, ";"], [4, "two'; quotes"], [8, "a;b"], [9, "c"]].map(([n, s]) => ({
          n,
          s,
          atomic: 2,
          quoted: "x;y",
        })),
      );
      assert.deepEqual(await project.query(`SELECT to_regclass('"odd;name"') IS NOT NULL AS made`), [{ made: true }]);
      assert.deepEqual(await project.applied(), ["1"]);
    });
  }
}

Deno.test({
  name: "failures 21: two million rows of a SELECT are dropped as they arrive, and memory stays flat",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using project = await createProject(await sharedServer("18"), {
      "001_a.sql": "CREATE TABLE a ();\nSELECT n, repeat('x', 100) FROM generate_series(1, 2000000) n;\n" +
        "SELECT pg_advisory_xact_lock(21);\n",
    });
    await using other = await hold(project, "SELECT pg_advisory_xact_lock(21)");
    await using run = begin(project, ["up"]);
    await runningBackend(project, "pg_advisory_xact_lock(21)", "Lock");
    const { stdout } = await new Deno.Command("cat", { args: [`/proc/${run.process.pid}/status`] }).output();
    const kilobytes = Number(/VmHWM:\s*(\d+)/.exec(new TextDecoder().decode(stdout))![1]);
    await other.release();
    assertDone(await run.ended());
    assert.deepEqual(await project.applied(), ["1"]);
    assert.ok(kilobytes < 300_000, `${kilobytes} kB`);
  },
});
