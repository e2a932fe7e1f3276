import assert from "node:assert/strict";
import { logIn } from "../src/database/log_in.ts";
import type { ServerTarget, Tls } from "../src/database/target.ts";
import { Failure } from "../src/errors/failure.ts";
import { type KeyPair, makeCertificates } from "./certificates.ts";
import { type PrivateServer, sharedServer, startServer } from "./servers/mod.ts";

const HERE = Deno.build.os === "linux" && Deno.build.arch === "x86_64";

type Given = Partial<ServerTarget> & { readonly tls: Tls };

function target(server: { host: string; port: number; role: string; password: string }, given: Given): ServerTarget {
  return {
    host: server.host,
    port: server.port,
    user: server.role,
    password: server.password,
    database: "postgres",
    applicationName: "pgmigrate",
    connectTimeoutMs: 20_000,
    ...given,
  };
}

/** Whether the session that came of a login is encrypted, and how the next one would go about it. */
async function outcome(server: ServerTarget): Promise<{ readonly encrypted: boolean; readonly next: string }> {
  const { session, server: found } = await logIn(server, new AbortController().signal);
  await using _ = session;
  const [row] = await session.query("SELECT ssl FROM pg_catalog.pg_stat_ssl WHERE pid = pg_catalog.pg_backend_pid()");
  return { encrypted: row!.ssl === "t", next: found.tls.mode };
}

async function failureOf(server: ServerTarget): Promise<Failure> {
  try {
    await outcome(server);
  } catch (error) {
    assert(error instanceof Failure, String(error));
    return error;
  }
  assert.fail("nothing was thrown");
}

const plain = { rootCertificates: null } as const;

/** It has no TLS. */
const older = await sharedServer("15");

Deno.test("logIn() asks a server without TLS once, and goes on in plaintext from then on", async () => {
  for (const mode of ["allow", "prefer"] as const) {
    assert.deepEqual(await outcome(target(older, { tls: { mode, ...plain } })), { encrypted: false, next: "disable" });
  }
});

Deno.test("logIn() has one deadline for all that comes before the first answer", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const silent = { host: "127.0.0.1", port: listener.addr.port, role: "ann", password: "" };
  // It has no TLS to offer, and then says nothing any more.
  const serving = listener.accept().then(async (client) => {
    await client.write(new TextEncoder().encode("N"));
    for await (const _ of client.readable) { /* until the client hangs up */ }
  });
  const failure = await failureOf(target(silent, { tls: { mode: "prefer", ...plain }, connectTimeoutMs: 200 }));
  assert.equal(failure.message, `Cannot connect to 127.0.0.1:${silent.port}: no answer within 0.2 s`);
  await serving;
  listener.close();
  // The driver sets a timer, to connect again in vain.
  await new Promise((resolve) => setTimeout(resolve, 0));
});

const certificates = HERE ? await makeCertificates() : null;
const server: PrivateServer | null = certificates === null ? null : await startServer("18", {
  settings: { ssl: "on", ssl_ca_file: "ca.crt" },
  files: {
    "server.crt": certificates.server.certificate,
    "server.key": certificates.server.key,
    "ca.crt": certificates.authority,
  },
  authentication: [
    "hostssl all encrypted all trust",
    "hostnossl all plain all trust",
    "host all encrypted,plain all reject",
    "hostssl all alice,bob all cert",
  ],
});
if (server !== null) {
  await server.query(server.url(), "CREATE ROLE encrypted LOGIN; CREATE ROLE plain LOGIN; CREATE ROLE alice LOGIN");
}

function test(name: string, fn: (server: PrivateServer) => Promise<void>) {
  Deno.test({ name, ignore: server === null, fn: () => fn(server!) });
}

test("logIn() begins in plaintext in allow, and takes TLS where the server lets nobody in otherwise", async (server) => {
  const tls = { mode: "allow", ...plain } as const;
  assert.deepEqual(await outcome(target(server, { tls })), { encrypted: false, next: "disable" });
  assert.deepEqual(await outcome(target(server, { tls, user: "encrypted" })), { encrypted: true, next: "require" });
});

test("logIn() begins with TLS in prefer, and takes plaintext where the server lets nobody in otherwise", async (server) => {
  const tls = { mode: "prefer", ...plain } as const;
  assert.deepEqual(await outcome(target(server, { tls })), { encrypted: true, next: "prefer" });
  assert.deepEqual(await outcome(target(server, { tls, user: "plain" })), { encrypted: false, next: "disable" });
});

test("logIn() never takes less than was asked for, and gives the server's own reason", async (server) => {
  const refused = await failureOf(target(server, { tls: { mode: "require", ...plain }, user: "plain" }));
  assert.match(refused.message, /pg_hba\.conf rejects connection .*, SSL encryption$/);
  const disabled = await failureOf(target(server, { tls: { mode: "disable", ...plain }, user: "encrypted" }));
  assert.match(disabled.message, /pg_hba\.conf rejects connection .*, no encryption$/);
  assert.match(disabled.details.hint!, /Try sslmode=require/);
});

test("logIn() shakes hands at once with sslnegotiation=direct, and older servers refuse it", async (server) => {
  const tls = { mode: "require", ...plain, direct: true } as const;
  assert.deepEqual(await outcome(target(server, { tls })), { encrypted: true, next: "require" });
  const failure = await failureOf(target(older, { tls }));
  assert.equal(failure.exitCode, 4);
  assert.match(failure.message, /^Cannot make an encrypted connection to /);
});

test("logIn() says what the server has against the client's certificate, or that it wants one", async (server) => {
  const tls = { mode: "require", ...plain } as const;
  const withKey = ({ certificate, key }: KeyPair) => ({ ...tls, clientCertificate: certificate, clientKey: key });
  const right = withKey(certificates!.client);
  assert.deepEqual(await outcome(target(server, { tls: right, user: "alice" })), { encrypted: true, next: "require" });
  const stranger = await failureOf(target(server, { tls: withKey(certificates!.stranger), user: "alice" }));
  assert.deepEqual([stranger.code, stranger.exitCode], ["tls-failed", 4]);
  // The alert may be lost to the reset that follows it.
  assert.match(
    stranger.message,
    /: it (does not trust the authority of the client's certificate|ended the connection)/,
  );
  assert.match(stranger.details.hint!, /sslcert/);
  const none = await failureOf(target(server, { tls, user: "alice" }));
  assert.match(none.message, /connection requires a valid client certificate$/);
  assert.match(none.details.hint!, /sslcert=FILE.*sslkey=FILE/);
  const other = await failureOf(target(server, { tls: right, user: "bob" }));
  assert.match(other.message, /certificate authentication failed for user "bob"$/);
  assert.match(other.details.hint!, /for another name/);
});

if (server !== null) globalThis.addEventListener("unload", () => void server.stop());
