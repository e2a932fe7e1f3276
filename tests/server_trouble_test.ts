import assert from "node:assert/strict";
import postgres from "postgres";
import { createDirectory } from "./directory.ts";
import { startProxy } from "./faults/proxy.ts";
import { begin, runningBackend } from "./lifecycle.ts";
import { assertDone, createProject, type Line, linesOf, type Project } from "./pgmigrate.ts";
import { runProgram } from "./program.ts";
import { startServer } from "./servers/mod.ts";
import { waitUntil } from "./wait_until.ts";

/** A server that may be filled, crashed and given a full disk; it needs to be here and now. */
const server = Deno.build.os === "linux" && Deno.build.arch === "x86_64"
  ? await startServer("15", { settings: { max_connections: "12", superuser_reserved_connections: "0" } })
  : null;

const FILES = {
  "001_a.sql": "CREATE TABLE log (version int);\nINSERT INTO log VALUES (1);\n",
  "002_b.sql": "INSERT INTO log VALUES (2);\nSELECT pg_sleep(600);\n",
};

const SECOND = "INSERT INTO log VALUES (2);\n";

function test(name: string, fn: (project: Project) => Promise<void>): void {
  Deno.test({
    name,
    ignore: server === null,
    async fn() {
      await using project = await createProject(server!, FILES);
      await fn(project);
    },
  });
}

/** The second migration failed without a trace, and runs when the trouble is over. */
async function assertClean(project: Project): Promise<void> {
  const rows = () => project.query("SELECT version FROM log ORDER BY version");
  assert.deepEqual(await rows(), [{ version: 1 }]);
  assert.deepEqual(await project.applied(), ["1"]);
  assert.deepEqual(await project.query("SELECT * FROM schema_migrations_unfinished"), []);
  await project.directory.write("002_b.sql", SECOND);
  assertDone(await project.run(["up"]));
  assert.deepEqual(await rows(), [{ version: 1 }, { version: 2 }]);
  assert.deepEqual(await project.applied(), ["1", "2"]);
}

function errorOf(stdout: string): Line {
  return linesOf(stdout, "error")[0]!;
}

test("failures 25: a session that its server ends for idling in a transaction is told with that reason", async (project) => {
  const settings = "SET LOCAL idle_in_transaction_session_timeout = '50ms';";
  const file = `-- pgmigrate: no-transaction\nBEGIN;\n${settings}\nINSERT INTO log VALUES (2);\nCOMMIT;\n`;
  await project.directory.write("002_b.sql", file);
  await using proxy = startProxy(server!, async ({ from, text }) => {
    if (from === "client" && text === "INSERT INTO log VALUES (2)") {
      // The client is slow, as one on a machine that was put to sleep.
      await waitUntil("the end of the session", async () => {
        const idle = "query LIKE 'SET LOCAL idle_in_transaction_session_timeout%'";
        const rows = await project.query(`SELECT 1 FROM pg_stat_activity WHERE ${idle}`);
        return rows.length === 0 ? true : null;
      });
    }
    return undefined;
  });
  const { code, stdout } = await project.run(["up", "--json"], { env: { DATABASE_URL: proxy.url(project.url) } });
  assert.equal(code, 4);
  assert.deepEqual([errorOf(stdout).code, errorOf(stdout).sqlstate], ["connection-lost", "25P03"]);
  assert.match(String(errorOf(stdout).message), /idle-in-transaction timeout/);
  // What the file had not committed itself is not there; its claim tells that it was begun.
  assert.deepEqual(await project.query("SELECT version FROM log"), [{ version: 1 }]);
  assert.deepEqual(await project.applied(), ["1"]);
  assertDone(await project.run(["up", "--retry", "2"]));
  assert.deepEqual(await project.query("SELECT version FROM log ORDER BY version"), [{ version: 1 }, { version: 2 }]);
  assert.deepEqual(await project.applied(), ["1", "2"]);
});

test("failures 25: a session that would be ended for idling while files are parsed is kept", async (project) => {
  await project.query(
    "ALTER DATABASE " + new URL(project.url).pathname.slice(1) + " SET idle_session_timeout = '20ms'",
  );
  const row = "INSERT INTO log VALUES (2);\n";
  await project.directory.write("002_b.sql", row + "SELECT 1;\n".repeat(100_000));
  await project.directory.write("003_c.sql", "INSERT INTO log VALUES (3);\n");
  assertDone(await project.run(["up"]));
  assert.deepEqual(await project.applied(), ["1", "2", "3"]);
});

test("failures 25: a server that crashes and recovers is told with that reason, and nothing is kept", async (project) => {
  await using run = begin(project, ["up", "--json"]);
  await runningBackend(project, "pg_sleep");
  const victim = postgres(project.url, { max: 1, prepare: false, fetch_types: false, onnotice: () => {} });
  const [row] = await victim.unsafe("SELECT pg_backend_pid() AS pid");
  Deno.kill(row!.pid as number, "SIGKILL");
  await victim.end({ timeout: 1 }).catch(() => {});
  const { code, stdout } = await run.ended();
  await waitUntil("the recovery", () => project.query("SELECT 1").then(() => true, () => null));
  assert.equal(code, 4);
  assert.deepEqual([errorOf(stdout).code, errorOf(stdout).sqlstate], ["connection-lost", "57P02"]);
  assert.match(String(errorOf(stdout).message), /crash of another server process/);
  await assertClean(project);
});

/** Takes connections until the server has so many left. */
async function fill(left: number): Promise<postgres.Sql[]> {
  const clients: postgres.Sql[] = [];
  for (;;) {
    const sql = postgres(server!.url(), { max: 1, prepare: false, fetch_types: false, onnotice: () => {} });
    try {
      await sql.unsafe("SELECT 1");
      clients.push(sql);
    } catch {
      await sql.end();
      for (const sql of clients.splice(0, left)) await sql.end();
      return clients;
    }
  }
}

for (const [left, needed] of [[0, "its first connection"], [1, "its second connection"]] as const) {
  test(`failures 27: a server too full for ${needed} is refused at once, and waited for with --wait`, async (project) => {
    await project.directory.write("002_b.sql", SECOND);
    await using proxy = startProxy(server!);
    const DATABASE_URL = proxy.url(project.url);
    const clients = await fill(left);
    try {
      const { code, stderr } = await project.run(["up"], { env: { DATABASE_URL } });
      assert.equal(code, 4);
      assert.match(stderr, /^error: .*too many clients already \[53300\]\n.*hint: .*--wait 1min/s);

      const before = proxy.links;
      await using run = begin(project, ["up", "--wait", "30s"], { DATABASE_URL });
      await waitUntil("a second try", () => Promise.resolve(proxy.links > before + left + 1 ? true : null));
      for (const sql of clients.splice(0)) await sql.end();
      assertDone(await run.ended());
    } finally {
      for (const sql of clients) await sql.end();
    }
    assert.deepEqual(await project.applied(), ["1", "2"]);
  });
}

test("failures 27: a disk that is full ends a migration with nothing kept, and the next run applies it", async (project) => {
  assertDone(await project.run(["up", "--to", "1"]));
  await project.query("CREATE TABLE large (text text)");
  const [row] = await project.query("SELECT pg_relation_filepath('large') AS path");
  const file = `${server!.directory}/data/${row!.path}`;
  // A device on which every write fails as on a full disk takes the place of the table's file.
  await Deno.remove(file);
  await Deno.symlink("/dev/full", file);
  await project.directory.write("002_b.sql", `${SECOND}INSERT INTO large SELECT 'x' FROM generate_series(1, 1000);\n`);
  const { code, stdout } = await project.run(["up", "--json"]);
  assert.equal(code, 1);
  assert.equal(errorOf(stdout).sqlstate, "53100");
  assert.match(String(errorOf(stdout).message), /No space left on device/);
  await assertClean(project);
});

Deno.test("failures 26: a server that takes connections and closes them at once is given up soon", async () => {
  await using directory = await createDirectory(FILES);
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let connections = 0;
  const accepting = (async () => {
    for await (const connection of listener) {
      connections++;
      connection.close();
    }
  })();
  const url = `postgres://u:p@127.0.0.1:${listener.addr.port}/d`;
  const outcome = await runProgram(["up", "--json"], { cwd: directory.path, env: { DATABASE_URL: url } });
  listener.close();
  await accepting;
  assert.equal(outcome.code, 4);
  assert.equal(linesOf(outcome.stdout, "error")[0]!.code, "no-answer");
  assert.ok(connections <= 3, `${connections} connections`);
});

Deno.test("failures 26: a server that takes connections and never answers is given up at the deadline", async () => {
  await using directory = await createDirectory(FILES);
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open: Deno.Conn[] = [];
  const accepting = (async () => {
    for await (const connection of listener) open.push(connection);
  })();
  const url = `postgres://u:p@127.0.0.1:${listener.addr.port}/d?connect_timeout=2`;
  const outcome = await runProgram(["up", "--json"], { cwd: directory.path, env: { DATABASE_URL: url } });
  listener.close();
  await accepting;
  for (const connection of open) connection.close();
  assert.equal(outcome.code, 4);
  assert.ok(open.length <= 2, `${open.length} connections`);
});
