/** A {@link Session} over the driver, with a socket that is given out once, so that nothing reconnects behind our back. */

import { Buffer } from "node:buffer";
import type { Duplex } from "node:stream";
import postgres from "postgres";
import { asMessage, atOnce, driver, type Login, type RawResult, rowsOf } from "./driver.ts";
import {
  CopyNotSupported,
  type Row,
  ServerError,
  type ServerFacts,
  type ServerMessage,
  type Session,
  SessionLost,
} from "./session.ts";
import { cancelRequest, Wire } from "./wire.ts";

export interface SessionOptions extends Login {
  /** Gives a connected byte stream, TLS done. */
  readonly dial: () => Promise<Duplex>;
  /** From the connected stream to the first answer; 0 for no limit. */
  readonly startupTimeoutMs: number;
  /** Ends the attempt to connect. */
  readonly signal: AbortSignal;
  /** Takes a CancelRequest to the server, over a connection of its own. */
  readonly cancel: (request: Uint8Array) => Promise<void>;
}

/** How long a session that ends politely may take before its socket is cut. */
const CLOSE_TIMEOUT_MS = 1_000;

/** The Terminate message. */
const TERMINATE = Buffer.from([0x58, 0, 0, 0, 4]);

const FACTS = "SELECT pg_catalog.pg_backend_pid() AS pid, pg_catalog.pg_is_in_recovery() AS in_recovery, " +
  "pg_catalog.current_setting('server_version_num') AS version, pg_catalog.version() AS build, " +
  "pg_catalog.current_schema() AS schema";

/**
 * Connects, logs in and asks the server who it is.
 *
 * @throws {Failure} of `dial`; {@link ServerError} when the login is refused; {@link SessionLost}
 */
export async function openSession(options: SessionOptions): Promise<Session> {
  const socket = await options.dial();
  const session = new DriverSession(socket, options);
  const abort = () => socket.destroy();
  options.signal.addEventListener("abort", abort);
  try {
    await session.start(options.startupTimeoutMs);
    return session;
  } catch (error) {
    socket.destroy();
    options.signal.throwIfAborted();
    throw error;
  } finally {
    options.signal.removeEventListener("abort", abort);
  }
}

class DriverSession implements Session {
  onNotice: (notice: ServerMessage) => void = () => {};
  readonly gone: Promise<SessionLost>;
  facts: ServerFacts = { versionNumber: 0, inRecovery: false, schema: null, watchesClient: false, serverPid: 0 };

  readonly #wire = new Wire();
  readonly #sql: postgres.Sql;
  #lost: SessionLost | null = null;
  #endCurrent: (lost: SessionLost) => void = () => {};
  #socketError: Error | null = null;

  constructor(readonly socket: Duplex, readonly options: SessionOptions) {
    this.gone = new Promise((resolve) => {
      socket.on("error", (error: Error) => this.#socketError = error);
      socket.on("close", () => {
        this.#lost ??= this.#whyLost();
        resolve(this.#lost);
        this.#endCurrent(this.#lost);
      });
    });
    socket.on("data", (chunk: Uint8Array) => {
      this.#wire.read(chunk);
      if (this.#wire.copy !== null) socket.destroy();
    });
    // The negotiation of TLS may have left it paused.
    socket.resume();
    this.#sql = driver(socket, options, (notice) => this.onNotice(notice));
  }

  async start(timeoutMs: number): Promise<void> {
    const timer = timeoutMs === 0 ? undefined : setTimeout(() => {
      this.#lost ??= new SessionLost(`No answer from the server within ${timeoutMs} ms`, null);
      this.socket.destroy();
    }, timeoutMs);
    try {
      const [row] = await this.query(FACTS);
      this.facts = {
        versionNumber: Number(row!.version),
        inRecovery: row!.in_recovery === "t",
        schema: row!.schema ?? null,
        watchesClient: row!.build!.includes("linux"),
        serverPid: Number(row!.pid),
      };
    } finally {
      clearTimeout(timer);
    }
  }

  get backendPid(): number {
    return this.#wire.backendPid;
  }

  get status() {
    return this.#wire.status;
  }

  get alive(): boolean {
    return this.#lost === null;
  }

  get completed(): number {
    return this.#wire.completed;
  }

  async query(text: string): Promise<readonly Row[]> {
    const result = await this.#send(() => this.#sql.unsafe(atOnce(text)).simple().raw());
    return rowsOf(result as unknown as RawResult | RawResult[]);
  }

  async run(text: string): Promise<string> {
    await this.#send(() => this.#sql.unsafe(atOnce(text)).simple().forEach(() => {}));
    return this.#wire.tag;
  }

  async cancel(): Promise<void> {
    if (this.#lost === null) await this.options.cancel(cancelRequest(this.#wire.backendPid, this.#wire.cancelSecret));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#lost !== null) return;
    this.#lost = new SessionLost("The session was closed", null);
    const timer = setTimeout(() => this.socket.destroy(), CLOSE_TIMEOUT_MS);
    this.gone.then(() => clearTimeout(timer));
    // The server ends the session by itself; nobody has to wait for that.
    await new Promise<void>((resolve) => {
      this.socket.once("finish", resolve);
      this.socket.once("close", resolve);
      this.socket.end(TERMINATE);
    });
  }

  /** The driver may hang or throw uncaught after a loss, so every query races with the end of its session. */
  async #send<T>(send: () => PromiseLike<T>): Promise<T> {
    if (this.#lost !== null) throw this.#lost;
    this.#wire.begin();
    try {
      return await new Promise<T>((resolve, reject) => {
        this.#endCurrent = reject;
        send().then(resolve, reject);
      });
    } catch (error) {
      throw await this.#translate(error);
    }
  }

  /** An error of the server leaves the session alive, unless it was FATAL; every other error of the driver is a loss. */
  async #translate(error: unknown): Promise<Error> {
    if (error instanceof SessionLost) return error;
    if (error instanceof postgres.PostgresError && this.#wire.fatal === null) return new ServerError(asMessage(error));
    this.socket.destroy();
    return await this.gone;
  }

  #whyLost(): SessionLost {
    if (this.#wire.copy !== null) return new CopyNotSupported(this.#wire.copy);
    const { fatal } = this.#wire;
    if (fatal !== null) return new SessionLost(fatal.message, fatal);
    return new SessionLost(this.#socketError?.message ?? "The server closed the connection", null);
  }
}
