import assert from "node:assert/strict";
import { createServer, type Server, type Socket } from "node:net";
import { Failure } from "../errors.ts";
import { dial } from "./dial.ts";
import type { ServerTarget } from "./target.ts";

const TARGET: ServerTarget = {
  kind: "server",
  host: "127.0.0.1",
  port: 1,
  user: "ann",
  password: "Pa55w0rd",
  database: "app",
  tls: { mode: "disable", rootCertificates: null },
  applicationName: "pgmigrate",
  connectTimeoutMs: 20_000,
};

/** A server on a port of its own, or at a socket file, that hands each connection to `greet`. */
async function listen(where: { path?: string } = {}, greet?: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    greet?.(socket);
  });
  await new Promise<void>((resolve) => server.listen(where.path ?? { host: "127.0.0.1", port: 0 }, resolve));
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    [Symbol.dispose]() {
      for (const socket of sockets) socket.destroy();
      server.close(); // not awaited: Deno 2.5.7 never calls back when sockets were destroyed
    },
  };
}

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  try {
    await work;
  } catch (error) {
    assert(error instanceof Failure, String(error));
    return error;
  }
  assert.fail("nothing was thrown");
}

Deno.test("dial() gives a connected TCP stream", async () => {
  using server = await listen({}, (socket) => socket.on("data", (bytes) => socket.write(bytes)));
  const stream = await dial({ ...TARGET, port: server.port });
  const echo = new Promise((resolve) => stream.once("data", resolve));
  stream.write("ping");
  assert.equal(String(await echo), "ping");
  stream.destroy();
});

Deno.test("dial() connects to hostAddress and never looks host up", async () => {
  using server = await listen();
  const stream = await dial({ ...TARGET, host: "no-such-host.invalid", hostAddress: "127.0.0.1", port: server.port });
  stream.destroy();
});

Deno.test({
  name: "dial() connects to .s.PGSQL.PORT in the directory that stands as host",
  ignore: Deno.build.os === "windows",
  async fn() {
    const directory = await Deno.makeTempDir();
    using _server = await listen({ path: `${directory}/.s.PGSQL.5433` });
    const stream = await dial({ ...TARGET, host: `${directory}/`, port: 5433 });
    stream.destroy();
  },
});

Deno.test("dial() says which socket file is missing", async () => {
  const directory = await Deno.makeTempDir();
  const failure = await failureOf(dial({ ...TARGET, host: directory, port: 5433 }));
  assert.equal(failure.message, `Cannot connect to ${directory}/.s.PGSQL.5433: there is no such socket file`);
  assert.equal(failure.exitCode, 4);
});

Deno.test("dial() says that the connection was refused, and by what address", async () => {
  const failure = await failureOf(dial({ ...TARGET, port: 1 }));
  assert.equal(failure.message, "Cannot connect to 127.0.0.1:1: connection refused");
  assert.equal(failure.code, "cannot-connect");
  assert.equal(failure.exitCode, 4);
});

Deno.test("dial() says that a host name was not found", async () => {
  const failure = await failureOf(dial({ ...TARGET, host: "no-such-host.invalid", port: 5432 }));
  assert.equal(failure.message, "Cannot connect to no-such-host.invalid:5432: the host name was not found");
});

Deno.test("dial() stops with the reason of its signal", async () => {
  using server = await listen();
  const reason = new Error("interrupted");
  await assert.rejects(dial({ ...TARGET, port: server.port }, { signal: AbortSignal.abort(reason) }), reason);
});
