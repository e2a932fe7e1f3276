import assert from "node:assert/strict";
import { begin, runningBackend } from "./lifecycle.ts";
import { createProject, linesOf, type Project, resultOf } from "./pgmigrate.ts";
import { type PrivateServer, startServer } from "./servers/mod.ts";
import { waitUntil } from "./wait_until.ts";

const HERE = Deno.build.os === "linux" && Deno.build.arch === "x86_64";

const FILES = {
  "001_a.sql": "CREATE TABLE a ();\n",
  "002_slow.sql": "CREATE TABLE b ();\nSELECT pg_sleep(60);\n",
  "003_c.sql": "CREATE TABLE c ();\n",
};

async function backInService(project: Project): Promise<void> {
  await waitUntil("a server that has recovered", () => project.query("SELECT 1").catch(() => null));
}

async function postmaster({ directory }: PrivateServer): Promise<number> {
  return Number((await Deno.readTextFile(`${directory}/data/postmaster.pid`)).split("\n")[0]);
}

function test(name: string, fn: (server: PrivateServer) => Promise<void>) {
  Deno.test({
    name,
    ignore: !HERE,
    async fn() {
      await using server = await startServer("15", { settings: { restart_after_crash: "on" } });
      await fn(server);
    },
  });
}

test("failures 25: the crash of another backend (57P02) is told as the reason, and nothing of the migration is kept", async (server) => {
  await using project = await createProject(server, FILES);
  await using run = begin(project, ["up", "--json"]);
  await runningBackend(project, "pg_sleep(60)");
  // The checkpointer, or any other process but this one: its death takes all backends with it.
  const [row] = await project.query("SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'");
  Deno.kill(row!.pid as number, "SIGKILL");
  const { code, stdout } = await run.ended();
  assert.equal(code, 4, stdout);
  const [error] = linesOf(stdout, "error");
  assert.deepEqual([error!.code, error!.sqlstate, error!.file], [
    "connection-lost",
    "57P02",
    "migrations/002_slow.sql",
  ]);
  assert.match(String(error!.message), /because of crash of another server process$/);
  assert.match(String(error!.hint), /^The server has crashed and recovers/);
  assert.match(String(error!.state), /^Nothing of 002_slow\.sql was kept\. The database is at version 1;/);
  await backInService(project);
  assert.deepEqual([await project.applied(), resultOf(stdout).applied], [["1"], ["1"]]);
  assert.deepEqual(await project.query("SELECT to_regclass('b') AS b, to_regclass('c') AS c"), [{ b: null, c: null }]);
});

test("failures 25: a server that is stopped in mid-statement (57P01) leaves no doubt, and is not waited for", async (server) => {
  const project = await createProject(server, FILES);
  await using _directory = project.directory; // Its database goes with the server.
  await using run = begin(project, ["up", "--json"]);
  await runningBackend(project, "pg_sleep(60)");
  const start = performance.now();
  Deno.kill(await postmaster(server), "SIGINT");
  const { code, stdout } = await run.ended();
  assert.ok(performance.now() - start < 10_000, "the server said all there is to know");
  assert.equal(code, 4, stdout);
  const [error] = linesOf(stdout, "error");
  assert.deepEqual([error!.code, error!.sqlstate], ["connection-lost", "57P01"]);
  assert.match(String(error!.state), /^Nothing of 002_slow\.sql was kept\. The database is at version 1;/);
  assert.deepEqual(resultOf(stdout).applied, ["1"]);
});
