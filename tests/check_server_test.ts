import assert from "node:assert/strict";
import { createDirectory, type FileContents } from "./directory.ts";
import { startProxy } from "./faults/proxy.ts";
import { linesOf, resultOf } from "./pgmigrate.ts";
import { programCommand, runProgram } from "./program.ts";
import { type Server, sharedServer, sharedServers } from "./servers/mod.ts";
import { waitUntil } from "./wait_until.ts";

const server = await sharedServer("15");

/** The scratch databases that a server has now. */
async function scratch(server: Server): Promise<readonly string[]> {
  const found = "SELECT datname FROM pg_database WHERE datname LIKE 'pgmigrate\\_check\\_%'";
  return (await server.query(server.url(), found)).map(({ datname }) => String(datname));
}

/** A check that has come to a statement that does not end, and the backend that runs it. */
async function running(files: FileContents, url: string) {
  const directory = await createDirectory(files);
  const process = programCommand(["check", "--json", "-d", url], { cwd: directory.path }).spawn();
  const output = process.output();
  const [row] = await waitUntil("the statement that does not end", async () => {
    const rows = await server.query(
      server.url(),
      `SELECT pid FROM pg_stat_activity WHERE datname LIKE 'pgmigrate\\_check\\_%' AND state = 'active'
        AND query LIKE '%pg_sleep%'`,
    );
    return rows.length > 0 ? rows : null;
  });
  return {
    process,
    backend: row!.pid as number,
    async ended() {
      const { code, stdout } = await output;
      return { code, stdout: new TextDecoder().decode(stdout) };
    },
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

const SLOW = { "001_a.sql": "CREATE TABLE a ();\n", "002_slow.sql": "SELECT pg_sleep(600);\n" };

for (const server of await sharedServers()) {
  Deno.test(`check --database-url makes a database, tries the files there and drops it, on server ${server.version}`, async () => {
    await using directory = await createDirectory({
      "001_here.sql": "DO $$ BEGIN ASSERT current_database() LIKE 'pgmigrate\\_check\\_%'; END $$;\n",
      "002_index.sql": "-- pgmigrate: no-transaction\nCREATE TABLE a (n int);\nCREATE INDEX CONCURRENTLY ON a (n);\n",
      "003_role.sql": "GRANT SELECT ON a TO nobody_has_this_role;\n",
      "004_after.sql": "CREATE TABLE after ();\n",
    });
    const options = { cwd: directory.path };
    const { code, stdout } = await runProgram(["check", "--json", "-d", server.url()], options);
    assert.equal(code, 7);
    const { passed, failed, inconclusive, embedded } = resultOf(stdout);
    assert.deepEqual({ passed, failed, inconclusive, embedded }, {
      ...{ passed: ["1", "2"], failed: ["3"], inconclusive: ["4"], embedded: false },
    });
    assert.deepEqual(linesOf(stdout, "error").map(({ file, sqlstate }) => [file, sqlstate]), [
      ["migrations/003_role.sql", "42704"],
    ]);
    await directory.write("003_role.sql", "ALTER ROLE CURRENT_USER SET pgmigrate.checked = 'yes';\n");
    const good = await runProgram(["check", "-d", server.url()], options);
    await server.query(server.url(), "ALTER ROLE CURRENT_USER RESET pgmigrate.checked");
    assert.equal(good.code, 0, good.stderr);
    assert.match(
      good.stderr,
      /^warning: 003_role\.sql changes more than its database \(line 1: ALTER ROLE … SET\), and that stays on the server\n/,
    );
    assert.match(good.stdout, /\n4 migrations passed on PostgreSQL \d+\.\d+ in [\d.]+ m?s\.\n$/);
    assert.deepEqual(await scratch(server), []);
  });
}

Deno.test({
  name: "check drops its database when it is interrupted",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using run = await running(SLOW, server.url());
    run.process.kill("SIGINT");
    const { code, stdout } = await run.ended();
    assert.equal(code, 130);
    assert.deepEqual(linesOf(stdout, "error").map(({ code }) => code), ["interrupted"]);
    assert.deepEqual(await scratch(server), []);
  },
});

Deno.test("check drops its database when the connection was lost and the server is there", async () => {
  await using run = await running(SLOW, server.url());
  await server.query(server.url(), `SELECT pg_terminate_backend(${run.backend})`);
  const { code, stdout } = await run.ended();
  assert.equal(code, 4);
  assert.deepEqual(linesOf(stdout, "error").map(({ code }) => code), ["connection-lost"]);
  assert.deepEqual(linesOf(stdout, "warning"), []);
  assert.deepEqual(await scratch(server), []);
});

Deno.test("check names the database that it had to leave when the server cannot be reached any more", async () => {
  const proxy = startProxy({ host: server.host, port: server.port });
  await using run = await running(SLOW, proxy.url(server.url()));
  const [name] = await scratch(server);
  const { links } = proxy;
  proxy.decide = ({ link }) => link > links ? "cut" : undefined;
  await server.query(server.url(), `SELECT pg_terminate_backend(${run.backend})`);
  const { code, stdout } = await run.ended();
  await proxy[Symbol.asyncDispose]();
  assert.equal(code, 4);
  const [warning] = linesOf(stdout, "warning");
  assert.equal(warning!.code, "scratch-left");
  assert.match(String(warning!.message), new RegExp(`^The database ${name} is left on the server: `));
  assert.equal(warning!.hint, `Drop it: DROP DATABASE IF EXISTS "${name}" WITH (FORCE);`);
  await server.query(server.url(), `DROP DATABASE ${name} WITH (FORCE)`);
});

Deno.test("check says so where the role may not create databases", async () => {
  const role = `check_${crypto.randomUUID().replaceAll("-", "")}`;
  await server.query(server.url(), `CREATE ROLE ${role} LOGIN PASSWORD 'p'`);
  const url = new URL(server.url());
  [url.username, url.password] = [role, "p"];
  await using directory = await createDirectory({ "001_a.sql": "SELECT 1;\n" });
  const { code, stdout, stderr } = await runProgram(["check", "-d", url.href], { cwd: directory.path });
  await server.query(server.url(), `DROP ROLE ${role}`);
  assert.deepEqual({ code, stdout }, { code: 2, stdout: "" });
  assert.match(stderr, /^error: Cannot create the database pgmigrate_check_\w+: permission denied to create database/);
  assert.match(stderr, /\nhint: Let the role do it: ALTER ROLE NAME CREATEDB/);
});
