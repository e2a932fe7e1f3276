/** A TCP proxy in front of a server, which does to a connection what networks do, at the message that a test chooses. */

import { type Frame, Frames } from "./frames.ts";

/** A message that is about to pass. */
export interface Passing extends Frame {
  readonly from: "client" | "server";
  /** The connection, from 1 in the order in which they came. */
  readonly link: number;
  /** The messages of this side of this connection, from 1. */
  readonly count: number;
}

/**
 * What becomes of a connection at a message:
 * - `cut`: both sides are closed, and the message does not pass;
 * - `cut-behind`: the message passes, and both sides are closed at once;
 * - `swallow-answer`: the message passes, and when the server answers it, the answer is dropped and both sides are closed;
 * - `half-close`: the client is told the end of the server's stream, while its own still passes;
 * - `stop`: nothing passes any more in either direction, and nobody is told: the other side is half-open;
 * - `{ instead }`: another query passes in its place.
 */
export type Fault = "cut" | "cut-behind" | "swallow-answer" | "half-close" | "stop" | { readonly instead: string };

/** Decides at each message; undefined lets it pass. A promise holds the message, and all behind it, until it resolves. */
export type Decide = (passing: Passing) => Fault | undefined | Promise<Fault | undefined>;

export interface Proxy extends AsyncDisposable {
  readonly port: number;
  /** What happens at each message; to be changed at any time. */
  decide: Decide;
  /** How many connections there were. */
  readonly links: number;
  /** How many of them have not ended on both sides. */
  readonly open: number;
  /** How many connections that were stopped their client has given up. */
  readonly givenUp: number;
  /** The URL of a database as it is seen through the proxy; without TLS, in which no message could be told. */
  url(url: string): string;
  /** Closes all connections, as a proxy that is restarted does. */
  cutAll(): void;
}

/** One fault, at the first message of which this is true, and none after it. */
export function once(fault: Fault, when: (passing: Passing) => boolean): Decide {
  let done = false;
  return (passing) => {
    if (done || !when(passing)) return undefined;
    done = true;
    return fault;
  };
}

/** One fault, at the first query that matches a pattern. */
export function atQuery(pattern: RegExp, fault: Fault): Decide {
  return once(fault, ({ from, type, text }) => from === "client" && type === "Q" && pattern.test(text));
}

/** One fault, at the COMMIT that follows a file with this text in it on its connection. */
export function atCommitOf(file: string, fault: Fault): Decide {
  let sentOn: number | null = null;
  return once(fault, ({ type, text, link }) => {
    if (type !== "Q") return false;
    if (text.includes(file)) sentOn = link;
    return link === sentOn && text === "COMMIT";
  });
}

/** Starts a proxy on a free port of the loopback interface. It ends with the block that began it. */
export function startProxy(
  target: { readonly host: string; readonly port: number },
  decide: Decide = () => undefined,
): Proxy {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Link>();
  let links = 0;
  const accepting = (async () => {
    for await (const client of listener) {
      const number = ++links;
      try {
        const server = await Deno.connect({ hostname: target.host, port: target.port });
        const link = new Link(number, { client, server }, (passing) => proxy.decide(passing));
        open.add(link);
        link.ended.then(() => open.delete(link));
      } catch {
        client.close();
      }
    }
  })();
  const proxy: Proxy = {
    port: listener.addr.port,
    decide,
    get links() {
      return links;
    },
    get open() {
      return open.size;
    },
    get givenUp() {
      return [...open].filter((link) => link.givenUp).length;
    },
    url(text) {
      const url = new URL(text);
      url.hostname = "127.0.0.1";
      url.port = String(listener.addr.port);
      url.searchParams.set("sslmode", "disable");
      return url.href;
    },
    cutAll: () => open.forEach((link) => link.close()),
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
      proxy.cutAll();
      await Promise.all([...open].map(({ ended }) => ended));
    },
  };
  return proxy;
}

interface Ends {
  readonly client: Deno.TcpConn;
  readonly server: Deno.TcpConn;
}

/** One connection of a client, and the one to the server that belongs to it. */
class Link {
  readonly ended: Promise<void>;
  readonly #closed = Promise.withResolvers<void>();
  #open = true;
  #stopped = false;
  givenUp = false;
  /** Each query, each sync and the startup is answered by one ReadyForQuery. */
  #asked = 0;
  #answered = 0;
  /** The answer to the question after so many is dropped, and the connection closed. */
  #swallowAfter = Infinity;

  constructor(readonly number: number, readonly ends: Ends, readonly decide: Decide) {
    const answers = new Frames("server");
    this.ended = Promise.all([
      this.#pump(new Frames("client"), (frame) => answers.answersNext ||= frame.type === "encryption"),
      this.#pump(answers, () => {}),
    ]).then(() => this.close());
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#closed.resolve();
    this.ends.client.close();
    this.ends.server.close();
  }

  /** Passes on what one side says, message by message, until it ends. */
  async #pump(frames: Frames, seen: (frame: Frame) => void): Promise<void> {
    const { client, server } = this.ends;
    const [from, to] = frames.from === "client" ? [client, server] : [server, client];
    const chunk = new Uint8Array(65_536);
    let count = 0;
    try {
      for (let size = await from.read(chunk); size !== null; size = await from.read(chunk)) {
        for (const frame of frames.read(chunk.slice(0, size))) {
          seen(frame);
          count++;
          await this.#pass({ ...frame, from: frames.from, link: this.number, count }, to);
        }
      }
      if (this.#stopped) await this.#keepOpen(frames);
      // The end of one side is told to the other, which may still have something to say.
      await to.closeWrite();
    } catch {
      // What one side broke off is broken off on the other.
      if (this.#stopped) await this.#keepOpen(frames);
      this.close();
    }
  }

  /** The other side is told nothing. */
  async #keepOpen({ from }: Frames): Promise<void> {
    this.givenUp ||= from === "client";
    await this.#closed.promise;
  }

  async #pass(passing: Passing, to: Deno.TcpConn): Promise<void> {
    const { from, type, bytes } = passing;
    const isAnswer = from === "server";
    if (isAnswer && "CEZ".includes(type) && this.#answered >= this.#swallowAfter) return this.close();
    const fault = await this.decide(passing);
    if (fault === "cut") return this.close();
    if (fault === "stop") this.#stopped = true;
    if (fault === "half-close") await this.ends.client.closeWrite();
    if (fault === "swallow-answer") this.#swallowAfter = this.#asked;
    if (this.#stopped) return;
    if (fault === "half-close" && isAnswer) await this.#closed.promise;
    if (!isAnswer && ["Q", "S", "startup"].includes(type)) this.#asked++;
    if (isAnswer && type === "Z") this.#answered++;
    await write(to, typeof fault === "object" ? query(fault.instead) : bytes);
    if (fault === "cut-behind") this.close();
  }
}

function query(text: string): Uint8Array {
  const body = new TextEncoder().encode(`${text}\0`);
  const bytes = new Uint8Array(5 + body.length);
  new DataView(bytes.buffer).setUint32(1, 4 + body.length);
  bytes[0] = "Q".charCodeAt(0);
  bytes.set(body, 5);
  return bytes;
}

async function write(to: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) written += await to.write(bytes.subarray(written));
}
