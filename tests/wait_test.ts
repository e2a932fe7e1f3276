import assert from "node:assert/strict";
import { createDirectory } from "./directory.ts";
import { makeDoor, through } from "./door.ts";
import { assertDone, createProject, linesOf, resultOf } from "./pgmigrate.ts";
import { programCommand, runProgram } from "./program.ts";
import { sharedServer, startServer } from "./servers/mod.ts";
import { waitUntil } from "./wait_until.ts";

const HERE = Deno.build.os === "linux" && Deno.build.arch === "x86_64";
const FILES = { "001_a.sql": "CREATE TABLE a ();\n" };

Deno.test("failures 26: a server that accepts and closes is asked once, or with pauses until --wait is over", async () => {
  await using directory = await createDirectory(FILES);
  await using door = makeDoor();
  const options = { cwd: directory.path, env: { DATABASE_URL: `postgres://ann@127.0.0.1:${door.port}/app` } };
  const { code, stderr } = await runProgram(["up"], options);
  assert.equal(code, 4);
  assert.match(stderr, /^error: 127\.0\.0\.1:\d+ took the connection and did not answer as a PostgreSQL: .*closed/);
  assert.equal(door.knocks, 1);

  const start = performance.now();
  const waited = await runProgram(["up", "--wait", "2s"], options);
  const seconds = (performance.now() - start) / 1000;
  assert.equal(waited.code, 4);
  assert.match(waited.stderr, /^waiting: 127\.0\.0\.1:\d+ took the connection .*\nerror: .*\ndetail: Waited 2\.\d s/);
  assert.equal(waited.stderr.match(/waiting:/g)!.length, 1, "the same reason is told once");
  assert.ok(seconds >= 2 && seconds < 10, `${seconds} s`);
  assert.ok(door.knocks >= 3 && door.knocks <= 14, `${door.knocks} connections`);
});

Deno.test("failures 27: a server that begins to answer is found while waiting, and the migrations are applied", async () => {
  const server = await sharedServer("18");
  await using project = await createProject(server, FILES);
  await using door = makeDoor();
  const env = { DATABASE_URL: through(door, project.url) };
  const run = programCommand(["up", "--json", "--wait", "1min"], { cwd: project.directory.path, env }).spawn().output();
  await waitUntil("a second try", () => Promise.resolve(door.knocks > 1 ? true : null));
  door.leadsTo = () => server;
  const stdout = new TextDecoder().decode((await run).stdout);
  assert.equal(linesOf(stdout, "waiting")[0]!.for, "server");
  assert.deepEqual(resultOf(stdout).applied, ["1"], stdout);
  assert.deepEqual(await project.applied(), ["1"]);
});

Deno.test("failures 27: a server without a second connection is waited for, and refuses with what to do", async () => {
  const server = await sharedServer("18");
  await using project = await createProject(server, FILES);
  const role = `role_${crypto.randomUUID().replaceAll("-", "")}`;
  await project.query(`CREATE ROLE ${role} LOGIN PASSWORD 'pgmigrate' CONNECTION LIMIT 1`);
  await project.query(`GRANT CREATE ON SCHEMA public TO ${role}`);
  try {
    const url = new URL(project.url);
    url.username = role;
    const env = { DATABASE_URL: url.href };
    const { code, stderr } = await project.run(["up"], { env });
    assert.equal(code, 4);
    assert.match(stderr, /^error: .*too many connections for role .* \[53300\]\nhint: .*pgmigrate needs two/);
    assert.deepEqual(await project.query("SELECT to_regclass('a') AS a"), [{ a: null }]);

    const options = { cwd: project.directory.path, env };
    const run = programCommand(["up", "--json", "--wait", "1min"], options).spawn().output();
    await waitUntil("a run that holds one connection", async () => {
      const rows = await project.query(
        `SELECT 1 FROM pg_stat_activity WHERE usename = '${role}' AND state LIKE 'idle%'`,
      );
      return rows.length > 0 ? rows : null;
    });
    await project.query(`ALTER ROLE ${role} CONNECTION LIMIT 5`);
    assert.deepEqual(resultOf(new TextDecoder().decode((await run).stdout)).applied, ["1"]);
    assert.deepEqual(await project.applied(), ["1"]);
  } finally {
    await project.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  }
});

Deno.test({
  name: "failures 28: a replica that is promoted while up waits is migrated",
  ignore: !HERE,
  async fn() {
    await using server = await startServer("15", { files: { "standby.signal": "" } });
    await using directory = await createDirectory(FILES);
    await using door = makeDoor();
    door.leadsTo = () => server;
    const options = { cwd: directory.path, env: { DATABASE_URL: through(door, server.url()) } };
    const run = programCommand(["up", "--json", "--wait", "1min"], options).spawn().output();
    await waitUntil("a second try", () => Promise.resolve(door.knocks > 1 ? true : null));
    await server.promote();
    const stdout = new TextDecoder().decode((await run).stdout);
    assert.match(String(linesOf(stdout, "waiting")[0]!.message), /is a replica/);
    assert.deepEqual(resultOf(stdout).applied, ["1"], stdout);
    assertDone(await runProgram(["up"], options));
    assert.deepEqual(await server.query(server.url(), "SELECT version FROM schema_migrations"), [{ version: "1" }]);
  },
});
