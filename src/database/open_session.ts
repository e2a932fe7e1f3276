/** A {@link Session} over the driver, with a socket that is given out once, so that nothing reconnects behind our back. */

import { Buffer } from "node:buffer";
import { type Duplex, Writable } from "node:stream";
import postgres from "postgres";
import { sendData } from "./copy_data.ts";
import { asMessage, atOnce, driver, type Login, type RawResult, type RawRow, rowsOf, valuesOf } from "./driver.ts";
import { hearLastWords } from "./last_words.ts";
import {
  type Answer,
  CopyNotSupported,
  type Row,
  ServerError,
  type ServerFacts,
  type ServerMessage,
  type Session,
  SessionLost,
} from "./session.ts";
import { isPooled, NO_IDLE_TIMEOUT } from "./pooler.ts";
import { askFacts, UNKNOWN_FACTS } from "./server_facts.ts";
import { cancelRequest, type Exchange, Wire } from "./wire.ts";

export interface SessionOptions extends Login {
  /** Gives a connected byte stream, TLS done. */
  readonly dial: () => Promise<Duplex>;
  /** From the connected stream to the first answer; 0 for no limit. */
  readonly startupTimeoutMs: number;
  /** Ends the attempt to connect. */
  readonly signal: AbortSignal;
  /** Called when the login is done, before the first query is answered. */
  readonly onLoggedIn?: () => void;
  /** Takes a CancelRequest to the server, over a connection of its own. */
  readonly cancel: (request: Uint8Array) => Promise<void>;
}

/** How long a session that ends politely may take before its socket is cut. */
const CLOSE_TIMEOUT_MS = 1_000;

/** How long a cancel request is waited for. */
const CANCEL_TIMEOUT_MS = 1_000;

/** The Terminate message. */
const TERMINATE = Buffer.from([0x58, 0, 0, 0, 4]);

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
  readonly gone: Promise<SessionLost>;
  facts: ServerFacts = UNKNOWN_FACTS;

  readonly #wire = new Wire();
  readonly #sql: postgres.Sql;
  #lost: SessionLost | null = null;
  /** What ends each message that waits for its answer when the session is lost. */
  readonly #waiting = new Set<(lost: SessionLost) => void>();
  #socketError: Error | null = null;
  /** The cancel requests that have not reached the server yet. */
  readonly #cancelling = new Set<Promise<void>>();

  constructor(readonly socket: Duplex, readonly options: SessionOptions) {
    this.gone = new Promise((resolve) => {
      socket.on("error", (error: Error) => this.#socketError = error);
      socket.on("close", () => {
        this.#lost ??= this.#whyLost();
        resolve(this.#lost);
        for (const end of this.#waiting) end(this.#lost);
      });
    });
    socket.on("data", (chunk: Uint8Array) => {
      this.#wire.read(chunk);
      if (this.#wire.backendPid !== 0) options.onLoggedIn?.();
      if (this.#wire.copy !== null) socket.destroy();
    });
    hearLastWords(socket);
    // The negotiation of TLS may have left it paused.
    socket.resume();
    this.#sql = driver(socket, options);
  }

  async start(timeoutMs: number): Promise<void> {
    const timer = timeoutMs === 0 ? undefined : setTimeout(() => {
      this.#lost ??= new SessionLost(`no answer from the server within ${timeoutMs} ms`, null);
      this.socket.destroy();
    }, timeoutMs);
    try {
      this.facts = await askFacts(this);
      // While files are parsed, or a lock is waited for, a session of ours is idle. Another client's, of the same pooler, is
      // none of our business.
      if (this.facts.idlesOut && !isPooled(this)) await this.run(NO_IDLE_TIMEOUT);
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

  async query(text: string): Promise<readonly Row[]> {
    const { result } = await this.#send(() => this.#sql.unsafe(atOnce(text)).simple().raw(), () => {});
    return rowsOf(result as unknown as RawResult | RawResult[]);
  }

  async run(text: string, onNotice: (notice: ServerMessage) => void = () => {}): Promise<Answer> {
    let last: RawRow = [];
    const keepLast = (row: unknown) => last = row as RawRow;
    const { exchange } = await this.#send(
      () => this.#sql.unsafe(atOnce(text)).simple().raw().forEach(keepLast),
      onNotice,
    );
    return { tag: exchange.tag, completed: exchange.completed, lastRow: valuesOf(last) };
  }

  async copy(
    text: string,
    data: AsyncIterable<Uint8Array>,
    onNotice: (notice: ServerMessage) => void = () => {},
  ): Promise<Answer | null> {
    let failure: unknown = null;
    const { result, exchange } = await this.#send(async (exchange) => {
      exchange.takesData = true;
      const ended = new Promise<void>((resolve) => exchange.onEnd = resolve);
      const stream: unknown = await this.#sql.unsafe(atOnce(text)).simple();
      if (!(stream instanceof Writable)) return null;
      failure = await sendData(stream, { data, socket: this.socket, ended });
      await ended;
      return exchange;
    }, onNotice);
    if (failure !== null) throw failure;
    if (exchange.error !== null) throw new ServerError(exchange.error, exchange.completed);
    return result === null ? null : { tag: exchange.tag, completed: exchange.completed, lastRow: [] };
  }

  giveUp(reason: string): void {
    this.#lost ??= new SessionLost(reason, null);
    this.socket.destroy();
  }

  async cancel(): Promise<void> {
    if (this.#lost !== null) return;
    const sent = this.options.cancel(cancelRequest(this.#wire.backendPid, this.#wire.cancelSecret));
    const arrived = sent.catch(() => {});
    this.#cancelling.add(arrived);
    arrived.then(() => this.#cancelling.delete(arrived));
    await sent;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cancelled();
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

  /**
   * Waits until no cancel request is on its way: it would end the next message instead of the one it was for. And the
   * process may end with its last session, while a request that breaks off crashes PgBouncer 1.18.
   */
  async #cancelled(): Promise<void> {
    let timer;
    const late = new Promise<void>((resolve) => timer = setTimeout(resolve, CANCEL_TIMEOUT_MS));
    await Promise.race([Promise.all(this.#cancelling), late]);
    clearTimeout(timer);
  }

  /** The driver may hang or throw uncaught after a loss, so every query races with the end of its session. */
  async #send<T>(
    send: (exchange: Exchange) => PromiseLike<T>,
    onNotice: (notice: ServerMessage) => void,
  ): Promise<{ readonly result: T; readonly exchange: Exchange }> {
    // Behind messages that wait for their answers a cancel is for one of those, and all of them end with it.
    if (this.#waiting.size === 0 && this.#cancelling.size > 0) await this.#cancelled();
    if (this.#lost !== null) throw this.#lost;
    const exchange = this.#wire.begin(onNotice);
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#waiting.add(reject);
    try {
      send(exchange).then(resolve, reject);
      return { result: await promise, exchange };
    } catch (error) {
      throw await this.#translate(error, exchange);
    } finally {
      this.#waiting.delete(reject);
    }
  }

  /** An error of the server leaves the session alive, unless it was FATAL; every other error of the driver is a loss. */
  async #translate(error: unknown, { completed }: Exchange): Promise<Error> {
    if (error instanceof SessionLost) return error;
    if (error instanceof postgres.PostgresError && this.#wire.fatal === null) {
      return new ServerError(asMessage(error), completed);
    }
    this.socket.destroy();
    return await this.gone;
  }

  #whyLost(): SessionLost {
    if (this.#wire.copy !== null) return new CopyNotSupported(this.#wire.copy);
    const fatal = this.#wire.fatal ?? this.#wire.farewell;
    if (fatal !== null) return new SessionLost(fatal.message, fatal);
    return new SessionLost(this.#socketError?.message ?? "the server closed the connection", null);
  }
}
