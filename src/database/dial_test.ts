import assert from "node:assert/strict";
import { Failure } from "../errors/failure.ts";
import { dial } from "./dial.ts";
import type { ServerTarget } from "./target.ts";

const TARGET: ServerTarget = {
  host: "127.0.0.1",
  port: 1,
  user: "ann",
  password: "Pa55w0rd",
  database: "app",
  tls: { mode: "disable", rootCertificates: null },
  applicationName: "pgmigrate",
  connectTimeoutMs: 20_000,
};

/** A server that hands each connection to `serve`, and ends with the test. */
function listen(listener: Deno.Listener, serve: (connection: Deno.Conn) => Promise<void> = () => Promise.resolve()) {
  const connections: Deno.Conn[] = [];
  const done = (async () => {
    for await (const connection of listener) {
      connections.push(connection);
      await serve(connection).catch(() => {});
    }
  })();
  return {
    port: listener.addr.transport === "tcp" ? listener.addr.port : 0,
    connections,
    async [Symbol.asyncDispose]() {
      listener.close();
      await done;
      for (const connection of connections) connection.close();
    },
  };
}

/** A server that reads the request for TLS and answers it with these bytes. */
function listenAndAnswer(answer: string) {
  return listen(Deno.listen({ hostname: "127.0.0.1", port: 0 }), async (connection) => {
    await connection.read(new Uint8Array(8));
    await connection.write(new TextEncoder().encode(answer));
  });
}

const REQUIRE = { tls: { mode: "require", rootCertificates: null } } as const;

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
  await using server = listen(Deno.listen({ hostname: "127.0.0.1", port: 0 }), async (connection) => {
    await connection.read(new Uint8Array(4));
    await connection.write(new TextEncoder().encode("pong"));
  });
  const stream = await dial({ ...TARGET, port: server.port });
  const answer = new Promise((resolve) => stream.once("data", resolve));
  stream.write("ping");
  assert.equal(String(await answer), "pong");
  stream.destroy();
});

Deno.test("dial() connects to hostAddress and never looks host up", async () => {
  await using server = listen(Deno.listen({ hostname: "127.0.0.1", port: 0 }));
  const stream = await dial({ ...TARGET, host: "no-such-host.invalid", hostAddress: "127.0.0.1", port: server.port });
  stream.destroy();
});

Deno.test({
  name: "dial() connects to .s.PGSQL.PORT in the directory that stands as host",
  ignore: Deno.build.os === "windows",
  async fn() {
    const directory = await Deno.makeTempDir();
    await using _server = listen(Deno.listen({ transport: "unix", path: `${directory}/.s.PGSQL.5433` }));
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

Deno.test("dial() gives up when a server accepts and says nothing until the connect timeout", async () => {
  await using server = listen(Deno.listen({ hostname: "127.0.0.1", port: 0 }));
  const target = { ...TARGET, ...REQUIRE, port: server.port, connectTimeoutMs: 50 };
  const failure = await failureOf(dial(target));
  assert.equal(failure.message, `Cannot connect to 127.0.0.1:${server.port}: no answer within 0.05 s`);
});

Deno.test("dial() stops with the reason of its signal", async () => {
  const interrupt = new AbortController();
  const reason = new Error("interrupted");
  await using server = listen(Deno.listen({ hostname: "127.0.0.1", port: 0 }), () => {
    interrupt.abort(reason);
    return Promise.resolve();
  });
  const target = { ...TARGET, ...REQUIRE, port: server.port };
  await assert.rejects(dial(target, { signal: interrupt.signal }), reason);
  await assert.rejects(dial(target, { signal: interrupt.signal }), reason, "aborted before it began");
});

Deno.test("dial() goes on in plaintext in prefer when the server has no TLS", async () => {
  await using server = listenAndAnswer("N");
  const stream = await dial({ ...TARGET, tls: { mode: "prefer", rootCertificates: null }, port: server.port });
  assert.equal(server.connections.length, 1);
  stream.destroy();
});

Deno.test("dial() asks for no TLS in allow", async () => {
  await using server = listen(Deno.listen({ hostname: "127.0.0.1", port: 0 }), async (connection) => {
    await connection.write(new TextEncoder().encode("hello"));
  });
  const stream = await dial({ ...TARGET, tls: { mode: "allow", rootCertificates: null }, port: server.port });
  const answer = new Promise((resolve) => stream.once("data", resolve));
  assert.equal(String(await answer), "hello");
  stream.destroy();
});

Deno.test("dial() refuses a server without TLS in require, verify-ca and verify-full", async () => {
  await using server = listenAndAnswer("N");
  const failure = await failureOf(dial({ ...TARGET, ...REQUIRE, port: server.port }));
  assert.equal(
    failure.message,
    `Cannot make an encrypted connection to 127.0.0.1:${server.port}: the server has no TLS`,
  );
  assert.equal(failure.code, "tls-failed");
  assert.equal(failure.exitCode, 4);
});

Deno.test("dial() takes exactly one byte as the answer to its request for TLS", async () => {
  for (const answer of ["S\x15\x03\x01", "NR", "E", "HTTP/1.1 400 Bad Request\r\n\r\n"]) {
    await using server = listenAndAnswer(answer);
    const failure = await failureOf(dial({ ...TARGET, ...REQUIRE, port: server.port }));
    assert.match(failure.message, /: the server did not answer as PostgreSQL does$/, answer);
  }
});

Deno.test("dial() says that the server closed the connection instead of answering", async () => {
  await using server = listen(Deno.listen({ hostname: "127.0.0.1", port: 0 }), async (connection) => {
    await connection.read(new Uint8Array(8));
    await connection.closeWrite();
  });
  const failure = await failureOf(dial({ ...TARGET, ...REQUIRE, port: server.port }));
  assert.match(failure.message, /: the server closed the connection$/);
});

Deno.test("dial() connects again in plaintext in prefer when the handshake fails", async () => {
  await using server = listen(Deno.listen({ hostname: "127.0.0.1", port: 0 }), async (connection) => {
    await connection.read(new Uint8Array(8));
    await connection.write(new TextEncoder().encode("S"));
    await connection.read(new Uint8Array(4096));
    await connection.write(new TextEncoder().encode("this is no TLS, and will never be any"));
  });
  const stream = await dial({ ...TARGET, tls: { mode: "prefer", rootCertificates: null }, port: server.port });
  stream.destroy();
  const failure = await failureOf(dial({ ...TARGET, ...REQUIRE, port: server.port }));
  assert.equal(failure.code, "tls-failed");
});
