/** From a target to a database. */

import { connectionLost, Failure, loginRefused, noAnswer } from "../errors.ts";
import type { Database } from "./database.ts";
import { dial } from "./dial.ts";
import { pause } from "./lock.ts";
import { openSession } from "./open_session.ts";
import { serverName } from "./server_name.ts";
import { type Session, SessionLost } from "./session.ts";
import type { ServerTarget, Target } from "./target.ts";

export interface ConnectOptions {
  /** Ends waiting and connecting. */
  readonly signal: AbortSignal;
  /** How long the first session may wait for a server that is starting or full. 0: not at all. */
  readonly waitMs: number;
  /** Called when it begins to wait, with the reason. */
  readonly onWait: (reason: string) => void;
}

/** Between two tries while a server starts. */
const PAUSE_MS = 300;

/** What a server says that is worth waiting for: too_many_connections, cannot_connect_now. */
const PASSING = ["53300", "57P03"];

/**
 * The database that a target means. Nothing is connected before its first session; only the embedded one is started
 * here.
 *
 * @throws {Failure} of the embedded database
 */
export async function connect(target: Target, options: ConnectOptions): Promise<Database> {
  if (target.kind === "server") return new ServerDatabase(target, options);
  const { openEmbedded } = await import("./embedded.ts");
  const embedded = await openEmbedded(target);
  return {
    kind: "embedded",
    open: () =>
      openSession({
        dial: () => embedded.dial(),
        // It knows no CancelRequest; ending it keeps what was committed, and nothing else.
        cancel: () => Promise.resolve(embedded.abort()),
        signal: options.signal,
        user: "postgres",
        password: null,
        database: "postgres",
        applicationName: "pgmigrate",
        startupTimeoutMs: 0,
      }),
    [Symbol.asyncDispose]: () => embedded[Symbol.asyncDispose](),
  };
}

class ServerDatabase implements Database {
  readonly kind = "server";
  #waitMs: number;

  constructor(readonly target: ServerTarget, readonly options: ConnectOptions) {
    this.#waitMs = options.waitMs;
  }

  async open(): Promise<Session> {
    const deadline = performance.now() + this.#waitMs;
    let waiting = false;
    for (;;) {
      try {
        const session = await this.#open();
        this.#waitMs = 0;
        return session;
      } catch (error) {
        if (!(error instanceof Failure) || !isPassing(error) || performance.now() >= deadline) throw error;
        if (!waiting) this.options.onWait(error.message);
        waiting = true;
        await pause(PAUSE_MS, this.options.signal);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  async #open(): Promise<Session> {
    const { target, options } = this;
    try {
      return await openSession({
        dial: () => dial(target, { signal: options.signal }),
        cancel: (request) => sendCancel(target, request),
        signal: options.signal,
        user: target.user,
        password: target.password,
        database: target.database,
        applicationName: target.applicationName,
        ...target.options === undefined ? {} : { startupOptions: target.options },
        startupTimeoutMs: target.connectTimeoutMs,
      });
    } catch (error) {
      options.signal.throwIfAborted();
      if (error instanceof Failure) throw error;
      if (!(error instanceof SessionLost)) throw connectionLost(String(error), null);
      const server = serverName(target);
      throw error.fatal === null ? noAnswer(server, error.message) : loginRefused(server, error.fatal);
    }
  }
}

/** Without the run's signal: it is the abort of that signal which asks for the cancel. */
async function sendCancel(target: ServerTarget, request: Uint8Array): Promise<void> {
  const socket = await dial(target);
  // The server closes when it has taken the request; closing earlier crashed PgBouncer 1.18.
  await new Promise<void>((resolve) => {
    socket.on("close", resolve);
    socket.resume();
    socket.write(request);
  });
}

/** Whether a server that is starting may soon take the same connection. */
function isPassing({ code, details }: Failure): boolean {
  return code === "cannot-connect" || (code === "login-refused" && PASSING.includes(details.sqlstate ?? ""));
}
