/** A database on a server, or on one of several. */

import type { Warning } from "../events.ts";
import { Failure } from "../errors/failure.ts";
import { readFromReplica, serverChanged, waitedInVain } from "../errors/server.ts";
import { chooseServer, isPassing } from "./choose_server.ts";
import type { Database } from "./database.ts";
import { pause } from "./pause.ts";
import { type LoggedIn, logIn } from "./log_in.ts";
import { isSameServer } from "./same_server.ts";
import { serverName } from "./server_name.ts";
import type { ServerFacts, Session } from "./session.ts";
import { type Purpose, type Wanted, wantedServer } from "./session_attributes.ts";
import type { ServersTarget, ServerTarget } from "./target.ts";

export interface ConnectOptions {
  /** What is to be done there. */
  readonly purpose: Purpose;
  /** Ends waiting and connecting. */
  readonly signal: AbortSignal;
  /** How long sessions may wait, all together, for a server that is starting or full. 0: not at all. */
  readonly waitMs: number;
  /** Called when it begins to wait, and whenever the reason is another one. */
  readonly onWait: (reason: string) => void;
  readonly warn: (warning: Warning) => void;
}

/** Between two tries: short at first, for many servers start quickly, and never so short as to keep one from it. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1_000;

interface Chosen {
  readonly server: ServerTarget;
  readonly facts: ServerFacts;
}

/** Nothing is connected before its first session. */
export class ServerDatabase implements Database {
  readonly kind = "server";
  readonly #wanted: Wanted;
  #deadline: number | null = null;
  #chosen: Chosen | null = null;

  /** @throws {Failure} exit code 2, when what is to be done cannot be done on the servers that were asked for */
  constructor(readonly target: ServersTarget, readonly options: ConnectOptions) {
    this.#wanted = wantedServer(target, options.purpose);
  }

  async open(): Promise<Session> {
    const { signal, waitMs, onWait } = this.options;
    const start = performance.now();
    const deadline = this.#deadline ??= start + waitMs;
    let last: Failure | null = null;
    for (let tries = 0;; tries++) {
      // The first try has its connect timeout, whatever --wait is; the others end with the deadline.
      using cut = new Cut(signal, last === null ? null : deadline - performance.now());
      try {
        return await this.#open(cut.signal);
      } catch (error) {
        signal.throwIfAborted();
        const failure: unknown = cut.signal.aborted ? last : error;
        if (!(failure instanceof Failure) || !isPassing(failure)) throw error;
        const left = deadline - performance.now();
        if (left <= 0) throw tries === 0 ? failure : waitedInVain(failure, { waitedMs: performance.now() - start });
        if (last === null || sentenceOf(failure) !== sentenceOf(last)) onWait(sentenceOf(failure));
        last = failure;
        await pause(Math.min(left, pauseMs(tries)), signal);
      }
    }
  }

  async openAnywhere(signal: AbortSignal): Promise<Session> {
    return (await this.#choose(signal)).session;
  }

  stopWaiting(): void {
    this.#deadline = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  async #open(signal: AbortSignal): Promise<Session> {
    if (this.#chosen === null) {
      const { session, server } = await this.#choose(signal);
      if (this.#wanted === "prefer-read-write" && session.facts.inRecovery) {
        this.options.warn(readFromReplica(serverName(server)));
      }
      this.#chosen = { server, facts: session.facts };
      return session;
    }
    const { server, facts } = this.#chosen;
    const { session } = await logIn(server, signal);
    if (isSameServer(session.facts, facts)) return session;
    await session[Symbol.asyncDispose]();
    throw serverChanged(serverName(server));
  }

  #choose(signal: AbortSignal): Promise<LoggedIn> {
    const { servers, shuffled } = this.target;
    return chooseServer(servers, { wanted: this.#wanted, shuffled, signal });
  }
}

/** A signal that aborts with another one, and when its time is over. */
class Cut implements Disposable {
  readonly signal: AbortSignal;
  readonly #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param afterMs null for no limit of time */
  constructor(signal: AbortSignal, afterMs: number | null) {
    const limit = new AbortController();
    this.signal = AbortSignal.any([signal, limit.signal]);
    this.#timer = afterMs === null ? undefined : setTimeout(() => limit.abort(), Math.max(0, afterMs));
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}

/** With what was found of each server. */
function sentenceOf({ message, details }: Failure): string {
  return details.items === undefined ? message : `${message}: ${details.items.join("; ")}`;
}

/** With jitter: runs that wait for one server must not all come at once. */
function pauseMs(tries: number): number {
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** tries) * (0.5 + 0.5 * Math.random());
}
