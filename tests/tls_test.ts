import assert from "node:assert/strict";
import postgres from "postgres";
import { dial } from "../src/database/dial.ts";
import type { ServerTarget, Tls } from "../src/database/target.ts";
import { hasOldTls } from "../src/database/runtime_tls.ts";
import { Failure } from "../src/errors/failure.ts";
import { makeCertificates } from "./certificates.ts";
import { startServer } from "./servers/mod.ts";

const HERE = Deno.build.os === "linux" && Deno.build.arch === "x86_64";
/** Before Deno 2.8, what needs a root certificate of one's own is refused. */
const OLD = hasOldTls(Deno.version.deno);

const certificates = HERE ? await makeCertificates() : null;
const server = certificates === null ? null : await startServer("15", {
  settings: { ssl: "on", ssl_ca_file: "ca.crt" },
  files: {
    "server.crt": certificates.server.certificate,
    "server.key": certificates.server.key,
    "ca.crt": certificates.authority,
  },
  authentication: ["hostssl all alice all cert", "hostnossl all all all reject"],
});
if (server !== null) await server.query(`${server.url()}?sslmode=require`, "CREATE ROLE alice LOGIN");

function target(tls: Tls, more: Partial<ServerTarget> = {}): ServerTarget {
  assert(server !== null);
  return {
    host: "localhost",
    port: server.port,
    user: server.role,
    password: server.password,
    database: "postgres",
    tls,
    applicationName: "pgmigrate",
    connectTimeoutMs: 20_000,
    ...more,
  };
}

/** What the server says of the encryption of a connection over which megabytes went both ways. */
async function encryption(target: ServerTarget) {
  const stream = await dial(target);
  const sql = postgres({
    max: 1,
    prepare: false,
    fetch_types: false,
    ssl: false,
    user: target.user,
    password: target.password ?? "",
    database: target.database,
    socket: () => stream,
  } as postgres.Options<Record<string, never>>);
  try {
    const megabytes = "x".repeat(3_000_000);
    const [row] = await sql.unsafe(`SELECT '${megabytes}' AS echo, ssl, client_dn FROM pg_catalog.pg_stat_ssl
      WHERE pid = pg_catalog.pg_backend_pid()`);
    assert.equal(row?.["echo"], megabytes);
    return { ssl: row["ssl"], client: row["client_dn"] };
  } finally {
    await sql.end();
  }
}

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  try {
    await work;
  } catch (error) {
    assert(error instanceof Failure, String(error));
    assert.equal(error.code, "tls-failed");
    assert.equal(error.exitCode, 4);
    return error;
  }
  assert.fail("nothing was thrown");
}

function test(name: string, fn: (certificates: Awaited<ReturnType<typeof makeCertificates>>) => Promise<void>) {
  // The server belongs to the file, not to the test that happens to run first.
  Deno.test({ name, ignore: certificates === null, fn: () => fn(certificates!) });
}

test("dial() encrypts in prefer and require, and in disable and allow does not", async () => {
  for (const mode of ["prefer", "require"] as const) {
    assert.deepEqual(await encryption(target({ mode, rootCertificates: null })), { ssl: true, client: null });
  }
  for (const mode of ["disable", "allow"] as const) {
    await assert.rejects(encryption(target({ mode, rootCertificates: null })), /no encryption/);
  }
});

test("dial() verifies authority and name in verify-full, by name and by IP address", async ({ authority }) => {
  const tls = { mode: "verify-full", rootCertificates: authority } as const;
  if (OLD) {
    assert.match((await failureOf(dial(target(tls)))).message, /^Cannot make .* would trust the authorities/);
    return;
  }
  assert.equal((await encryption(target(tls))).ssl, true);
  assert.equal((await encryption(target(tls, { host: "127.0.0.1" }))).ssl, true);
  for (const host of ["127.0.0.2", "db.example", "LOCALHOST.example"]) {
    const failure = await failureOf(dial(target(tls, { host, hostAddress: "127.0.0.1" })));
    assert.match(failure.message, /: its certificate is for another name$/, host);
  }
});

test("dial() verifies the authority and no name in verify-ca, and in require with a root certificate", async (made) => {
  for (const mode of ["verify-ca", "require"] as const) {
    const right = target({ mode, rootCertificates: made.authority }, { host: "db.example", hostAddress: "127.0.0.1" });
    if (OLD) {
      assert.match((await failureOf(dial(right))).message, /would trust the authorities/);
      continue;
    }
    assert.equal((await encryption(right)).ssl, true);
    const failure = await failureOf(dial(target({ mode, rootCertificates: made.otherAuthority })));
    assert.match(failure.message, /: its certificate comes from an authority that is not trusted here$/);
  }
});

test("dial() trusts no private authority with sslrootcert=system", async () => {
  const failure = await failureOf(dial(target({ mode: "verify-full", rootCertificates: "system" })));
  assert.match(failure.message, /: its certificate comes from an authority that is not trusted here$/);
});

test("dial() shows the client's certificate", async ({ client }) => {
  const tls = {
    mode: "require",
    rootCertificates: null,
    clientCertificate: client.certificate,
    clientKey: client.key,
  } as const;
  const alice = await encryption(target(tls, { user: "alice", password: null }));
  assert.deepEqual(alice, { ssl: true, client: "/CN=alice" });
});

test("dial() gives a stream that ends when the server goes", async () => {
  const stream = await dial(target({ mode: "require", rootCertificates: null }));
  const closed = new Promise((resolve) => stream.once("close", resolve));
  // A message that claims to be shorter than its own length: the server hangs up.
  stream.write(new Uint8Array([0, 0, 0, 1]));
  stream.resume();
  await closed;
  stream.destroy();
});

if (server !== null) globalThis.addEventListener("unload", () => void server.stop());
