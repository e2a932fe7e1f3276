import assert from "node:assert/strict";
import { chooseServer } from "../src/database/choose_server.ts";
import type { Failure } from "../src/errors/failure.ts";
import { createDirectory } from "./directory.ts";
import { makeDoor, through } from "./door.ts";
import { assertDone, linesOf } from "./pgmigrate.ts";
import { type Outcome, runProgram } from "./program.ts";
import { type PrivateServer, startServer } from "./servers/mod.ts";

const HERE = Deno.build.os === "linux" && Deno.build.arch === "x86_64";
const FILES = { "001_a.sql": "CREATE TABLE a ();\n" };

/** Nobody listens there. */
const NOWHERE = "127.0.0.1:1";

function place({ host, port }: PrivateServer): string {
  return `${host}:${port}`;
}

function url({ role, password }: PrivateServer, places: readonly string[], query = ""): string {
  return `postgres://${role}:${password}@${places.join(",")}/postgres${query}`;
}

async function tablesOf(server: PrivateServer): Promise<unknown> {
  const [row] = await server.query(server.url(), "SELECT to_regclass('a') IS NOT NULL AS a");
  return row!.a;
}

const primary = HERE ? await startServer("15") : null;
const replica = HERE ? await startServer("15", { files: { "standby.signal": "" } }) : null;

function test(name: string, fn: (servers: { primary: PrivateServer; replica: PrivateServer }) => Promise<void>) {
  Deno.test({
    name,
    ignore: !HERE,
    async fn() {
      await primary!.query(primary!.url(), "DROP TABLE IF EXISTS a, schema_migrations, schema_migrations_unfinished");
      await fn({ primary: primary!, replica: replica! });
    },
  });
}

async function run(args: readonly string[], databaseUrl: string, env: Record<string, string> = {}): Promise<Outcome> {
  await using directory = await createDirectory(FILES);
  return await runProgram(args, { cwd: directory.path, env: { DATABASE_URL: databaseUrl, ...env } });
}

test("up passes over a replica and a server that is down, and applies on the one that can be written to", async (servers) => {
  const places = [NOWHERE, place(servers.replica), place(servers.primary)];
  for (const query of ["", "?target_session_attrs=primary", "?target_session_attrs=any&load_balance_hosts=random"]) {
    assertDone(await run(["up"], url(servers.primary, places, query)));
    assert.equal(await tablesOf(servers.primary), true);
  }
});

test("up says what it found of each server when there is none that it can write to", async ({ primary, replica }) => {
  const { code, stdout, stderr } = await run(["up"], url(replica, [NOWHERE, place(replica)]));
  assert.deepEqual({ code, stdout }, { code: 4, stdout: "" });
  assert.equal(
    stderr,
    `error: Only replicas were found, and they cannot be changed [25006]
  - ${NOWHERE}: connection refused
  - ${place(replica)} is a replica
hint: Connect to the primary server. If one is being promoted now, wait for it with --wait 1min
`,
  );
  await primary.query(primary.url(), "CREATE ROLE reader LOGIN PASSWORD 'pgmigrate'");
  await primary.query(primary.url(), "ALTER ROLE reader SET default_transaction_read_only = on");
  const asReader = `postgres://reader:pgmigrate@${place(primary)}/postgres?target_session_attrs=read-write`;
  const refused = await run(["up"], asReader);
  assert.equal(refused.code, 4);
  assert.match(refused.stderr, / - \S+ is read-only by default\nhint: target_session_attrs=primary takes/);
  assert.equal(await tablesOf(primary), false);
});

test("up refuses to look for a replica, and status finds one", async ({ primary, replica }) => {
  const both = [place(primary), place(replica)];
  const { code, stderr } = await run(["up"], url(primary, both, "?target_session_attrs=standby"));
  assert.equal(code, 2);
  assert.match(stderr, /^error: target_session_attrs=standby asks for a server that cannot be written to/);
  const outcome = await run(["status"], url(primary, both, "?target_session_attrs=standby"));
  assert.deepEqual([outcome.code, outcome.stderr], [0, ""]);
});

test("status reads from the server that up would choose, and says so when it has to read from a replica", async (servers) => {
  const { primary, replica } = servers;
  assertDone(await run(["up"], url(primary, [place(primary)])));
  const both = await run(["status", "--json"], url(primary, [place(replica), place(primary)]));
  assert.equal(linesOf(both.stdout, "migration")[0]!.state, "applied");
  assert.deepEqual(linesOf(both.stdout, "warning"), []);
  const other = await run(["status", "--json"], url(primary, [NOWHERE, place(replica)]));
  assert.equal(linesOf(other.stdout, "migration")[0]!.state, "pending");
  assert.equal(linesOf(other.stdout, "warning")[0]!.code, "read-from-replica");
});

test("each address of a name is tried, until one is that of a server that can be written to", async (servers) => {
  const { port, role, password } = servers.primary;
  const server = {
    host: "db.example",
    port,
    user: role,
    password,
    database: "postgres",
    tls: { mode: "disable", rootCertificates: null },
    applicationName: "pgmigrate",
    connectTimeoutMs: 20_000,
  } as const;
  // Every address of 127.0.0.0/8 is this machine; the server listens on one of them.
  const choice = { wanted: "primary", shuffled: false, signal: new AbortController().signal } as const;
  const addresses = (...list: string[]) => ({ ...choice, lookUp: () => Promise.resolve(list) });
  const { session, server: found } = await chooseServer([server], addresses("127.0.0.2", "127.0.0.3", "127.0.0.1"));
  await session[Symbol.asyncDispose]();
  assert.equal(found.address, "127.0.0.1");
  await assert.rejects(chooseServer([server], addresses("127.0.0.2", "127.0.0.3")), (error: Failure) => {
    assert.equal(error.message, `Cannot connect to db.example:${port}: connection refused`);
    return error.exitCode === 4;
  });
});

test("a run whose two connections come to two servers is refused, and nothing is applied on either", async ({ primary }) => {
  await using other = await startServer("15");
  await using door = makeDoor();
  // As a load balancer does; with TLS or without, each connection is one.
  door.leadsTo = (knock) => knock === 1 ? primary : other;
  const { code, stdout } = await run(["up", "--json"], through(door, `${primary.url()}?sslmode=disable`));
  assert.equal(code, 4, stdout);
  const [error] = linesOf(stdout, "error");
  assert.equal(error!.code, "server-changed", stdout);
  assert.match(String(error!.hint), /A run needs all its connections on one server/);
  assert.deepEqual([await tablesOf(primary), await tablesOf(other)], [false, false]);
});

test("a role that may not know the identifier of the server migrates all the same", async ({ primary }) => {
  await primary.query(primary.url(), "REVOKE EXECUTE ON FUNCTION pg_catalog.pg_control_system() FROM PUBLIC");
  await primary.query(primary.url(), "CREATE ROLE modest LOGIN PASSWORD 'pgmigrate'");
  await primary.query(primary.url(), "CREATE SCHEMA modest AUTHORIZATION modest");
  assertDone(await run(["up"], `postgres://modest:pgmigrate@${place(primary)}/postgres`));
  const rows = await primary.query(primary.url(), "SELECT version FROM modest.schema_migrations");
  assert.deepEqual(rows, [{ version: "1" }]);
});

test("a login that is refused ends the search, as in libpq", async ({ primary, replica }) => {
  const wrong = url(primary, [place(replica), place(primary)]).replace("pgmigrate@", "wrong@");
  const { code, stderr } = await run(["up"], wrong);
  assert.equal(code, 4);
  assert.match(stderr, new RegExp(`^error: ${place(replica)} refused the connection: .* \\[28P01\\]\n`));
});

test("PGSERVICE, several hosts and target_session_attrs come from the environment as from a URL", async (servers) => {
  await using directory = await createDirectory(FILES);
  const { primary, replica } = servers;
  const file = `${directory.path}/services`;
  await Deno.writeTextFile(
    file,
    `[app]\nhost=127.0.0.1,127.0.0.1\nport=${replica.port},${primary.port}\ndbname=postgres\nuser=${primary.role}\n`,
  );
  const env = { PGSERVICE: "app", PGSERVICEFILE: file, PGPASSWORD: primary.password, PGTARGETSESSIONATTRS: "any" };
  assertDone(await runProgram(["up"], { cwd: directory.path, env }));
  assert.equal(await tablesOf(primary), true);
});

if (HERE) {
  globalThis.addEventListener("unload", () => {
    void primary!.stop();
    void replica!.stop();
  });
}
