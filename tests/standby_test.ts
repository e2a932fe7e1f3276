import assert from "node:assert/strict";
import { createDirectory } from "./directory.ts";
import { startProxy } from "./faults/proxy.ts";
import { begin } from "./lifecycle.ts";
import { assertDone, createProject, linesOf, type Project, resultOf } from "./pgmigrate.ts";
import { programCommand, runProgram } from "./program.ts";
import { startServer } from "./servers/mod.ts";
import { waitUntil } from "./wait_until.ts";

const HERE = Deno.build.os === "linux" && Deno.build.arch === "x86_64";

const FILES = {
  "001_a.sql": "CREATE TABLE log (version int);\nINSERT INTO log VALUES (1);\n",
  "002_b.sql": "INSERT INTO log VALUES (2);\n",
};

async function assertApplied(project: Project): Promise<void> {
  assert.deepEqual(await project.query("SELECT version FROM log ORDER BY version"), [{ version: 1 }, { version: 2 }]);
  assert.deepEqual(await project.applied(), ["1", "2"]);
  assert.deepEqual(await project.query("SELECT * FROM schema_migrations_unfinished"), []);
}

Deno.test({
  name: "failures 28: a replica is refused before anything is sent to it, and can be asked all that changes nothing",
  ignore: !HERE,
  async fn() {
    await using server = await startServer("15", { files: { "standby.signal": "" } });
    await using directory = await createDirectory(FILES);
    const options = { cwd: directory.path, env: { DATABASE_URL: server.url() } };
    const { code, stdout, stderr } = await runProgram(["up"], options);
    assert.deepEqual({ code, stdout }, { code: 4, stdout: "" });
    assert.match(stderr, /^error: This server is a replica: it cannot be changed \[25006\]\nhint: .*primary/);
    for (const command of [["status"], ["verify"], ["up", "--dry-run"], ["plan"]]) {
      assertDone(await runProgram(command, options));
    }
    assert.deepEqual(await server.query(server.url(), "SELECT to_regclass('schema_migrations') AS t"), [{ t: null }]);

    await server.promote();
    await waitUntil("the end of recovery", async () => {
      const [row] = await server.query(server.url(), "SELECT pg_is_in_recovery() AS waits");
      return row!.waits ? null : true;
    });
    assertDone(await runProgram(["up"], options));
  },
});

Deno.test({
  name: "failures 27: a server that is starting is refused at once, and waited for with --wait",
  ignore: !HERE,
  async fn() {
    // Without hot_standby, a server in recovery lets nobody in, as one that starts.
    await using server = await startServer("15", {
      files: { "standby.signal": "" },
      settings: { hot_standby: "off" },
    });
    await using directory = await createDirectory(FILES);
    await using proxy = startProxy(server);
    const options = { cwd: directory.path, env: { DATABASE_URL: proxy.url(server.url()) } };
    await waitUntil("a server that refuses", async () => {
      const { stdout } = await runProgram(["status", "--json"], options);
      return linesOf(stdout, "error")[0]!.sqlstate === "57P03" ? true : null;
    });
    const { code, stderr } = await runProgram(["up"], options);
    assert.equal(code, 4);
    assert.match(
      stderr,
      /^error: \S+ refused the connection: the database system is .* \[57P03\]\n(.*\n)?hint: .*--wait 1min/,
    );

    const before = proxy.links;
    const run = programCommand(["up", "--json", "--wait", "30s"], options).spawn().output();
    await waitUntil("a second try", () => Promise.resolve(proxy.links > before + 1 ? true : null));
    await server.promote();
    const { code: waited, stdout } = await run;
    const text = new TextDecoder().decode(stdout);
    assert.equal(waited, 0, text);
    assert.equal(linesOf(text, "waiting")[0]!.for, "server");
    assert.deepEqual(resultOf(text).applied, ["1", "2"]);
  },
});

/** A COMMIT that waits for a standby which will never come: it is done here, and nobody may say otherwise. */
Deno.test({
  name: "failures 8: a COMMIT that waits for a standby, terminated, cancelled or interrupted, is committed",
  ignore: !HERE,
  async fn(t) {
    await using server = await startServer("15");
    const reload = (standbys: string) =>
      server.query(server.url(), `ALTER SYSTEM SET synchronous_standby_names = '${standbys}'`)
        .then(() => server.query(server.url(), "SELECT pg_reload_conf()"));
    for (const end of ["pg_terminate_backend", "pg_cancel_backend", "SIGINT"] as const) {
      await t.step(end, async () => {
        await using project = await createProject(server, FILES);
        assertDone(await project.run(["up", "--to", "1"]));
        // An interrupt that comes as late ends the run, but not this migration.
        if (end === "SIGINT") await project.directory.write("003_c.sql", "SELECT pg_sleep(600);\n");
        await reload("nosuch");
        try {
          await using run = begin(project, ["up", "--json"]);
          const [row] = await waitUntil("a COMMIT that waits", async () => {
            const rows = await project.query(
              "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'SyncRep'",
            );
            return rows.length > 0 ? rows : null;
          });
          if (end === "SIGINT") run.process.kill("SIGINT");
          else await project.query(`SELECT ${end}(${row!.pid})`);
          const { code, stdout } = await run.ended();
          assert.equal(code, end === "SIGINT" ? 130 : 0, stdout);
          assert.deepEqual(resultOf(stdout).applied, ["2"], stdout);
          assert.doesNotMatch(stdout, /rolled back|Nothing of 002/);
        } finally {
          await reload("");
        }
        await assertApplied(project);
        assertDone(await project.run(["up", "--to", "2"]));
      });
    }
  },
});
