/**
 * What the connection of the lock does while it holds it: it finds out whether its server still answers, and looks at
 * what a migration waits for. One timer, one question at a time.
 */

import { AS_LOGIN } from "./as_login.ts";
import { type Look, readLook } from "./look.ts";
import { type Backend, lookSql } from "./look_sql.ts";
import { sql } from "./sql.ts";
import { ServerError, type Session } from "./session.ts";

/** A lock that is held. Disposing of it ends the session that holds it. */
export interface Lock extends AsyncDisposable {
  /** Whether the connection that holds it still lives. */
  readonly held: boolean;
  readonly session: Session;
  /** Looks at a backend from time to time, until another one is watched or the function that it gives is called. */
  watch(watched: Watched): () => void;
}

/** A backend to look at. */
export interface Watched {
  /** Which one it is; null while that is not known. */
  readonly backend: () => Backend | null;
  /** Between two looks, and before the first. Milliseconds. */
  readonly everyMs: number;
  readonly onLook: (look: Look) => void;
  /** Called once when the server refuses to tell. */
  readonly onRefusal: (reason: string) => void;
}

/** Between two looks where nothing asks for more. */
export const LOOK_MS = 1_000;

/** How often the connection is asked whether it still lives. */
const HEARTBEAT_MS = 5_000;

/** Without an answer for so long the connection counts as lost: half-open, it would never say so itself. */
const LOST_AFTER_MS = 15_000;

/** How long the end may wait for an answer that is still to come. */
const LAST_ANSWER_MS = 1_000;

/**
 * Unlike a SELECT it takes no snapshot. A CREATE INDEX CONCURRENTLY that meets a snapshot waits for the end of its
 * transaction, not of its statement, and this transaction is as long as the run.
 */
const HEARTBEAT = "SHOW transaction_read_only";

/**
 * An error inside a savepoint leaves the lock where it is; outside, it would end the transaction, and the lock with it.
 * Going back to it gives up what the look has locked of the catalogs, which the migration may want for itself.
 */
const SAVEPOINT = "SAVEPOINT pgmigrate_look";
const BACK = "ROLLBACK TO SAVEPOINT pgmigrate_look; RELEASE SAVEPOINT pgmigrate_look";

/** What a look runs under. Just-in-time compilation would take 20 times as long as the query. */
const LOOK_SETTINGS = [
  "SET LOCAL search_path = pg_catalog, pg_temp",
  "SET LOCAL lock_timeout = 500",
  "SET LOCAL statement_timeout = 5000",
  "SET LOCAL jit = off",
  AS_LOGIN,
];

/** lock_not_available and query_canceled: a look that took too long, and nothing that the next one must meet too. */
const PASSING = ["55P03", "57014"];

export class HeldLock implements Lock {
  #alive = true;
  #watched: Watched | null = null;
  #dueMs = 0;
  #refused = false;
  #timer: ReturnType<typeof setInterval>;
  #periodMs = LOOK_MS;
  #askedMs = performance.now();
  #answer: Promise<void> | null = null;
  /** Whether an error would be that of a look, which its savepoint takes back. */
  #inSavepoint = false;

  /**
   * @param session holds the lock, in a transaction, from now on
   * @param options.key of the lock
   * @param options.begin the message that begins that transaction and takes the lock
   */
  constructor(readonly session: Session, readonly options: { readonly key: bigint; readonly begin: string }) {
    session.gone.then(() => this.#alive = false);
    this.#timer = setInterval(() => this.#tick(), LOOK_MS);
  }

  /** An error outside a savepoint (a cancel from elsewhere) ends the transaction, and leaves the connection alive. */
  get held(): boolean {
    return this.#alive && (this.session.status === "in-transaction" || this.#inSavepoint);
  }

  watch(watched: Watched): () => void {
    this.#watched = watched;
    this.#dueMs = performance.now() + watched.everyMs;
    if (watched.everyMs !== this.#periodMs) {
      this.#periodMs = watched.everyMs;
      clearInterval(this.#timer);
      this.#timer = setInterval(() => this.#tick(), this.#periodMs);
    }
    return () => {
      if (this.#watched === watched) this.#watched = null;
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#watched = null;
    if (this.#answer !== null) {
      let timer;
      await Promise.race([this.#answer, new Promise((resolve) => timer = setTimeout(resolve, LAST_ANSWER_MS))]);
      clearTimeout(timer);
    }
    // The session ends in its own time; the lock is free now.
    if (this.#alive && this.#answer === null) await this.session.run("ROLLBACK").catch(() => {});
    await this.session[Symbol.asyncDispose]();
  }

  #tick(): void {
    if (!this.#alive) return;
    const now = performance.now();
    if (this.#answer !== null) {
      if (now - this.#askedMs <= LOST_AFTER_MS) return;
      this.#alive = false;
      return this.session.giveUp(`nothing was heard of the server for ${LOST_AFTER_MS / 1000} s`);
    }
    const watched = now >= this.#dueMs && !this.#refused ? this.#watched : null;
    const backend = watched?.backend() ?? null;
    if (watched === null || backend === null) {
      if (now - this.#askedMs >= HEARTBEAT_MS) this.#ask(() => this.session.run(HEARTBEAT));
    } else {
      this.#ask(() => this.#look(watched, backend));
    }
  }

  /** What ends the session is seen elsewhere; what else goes wrong must not end the run. */
  #ask(question: () => Promise<unknown>): void {
    this.#askedMs = performance.now();
    this.#answer = question().then(() => {}, () => {}).finally(() => this.#answer = null);
  }

  async #look(watched: Watched, backend: Backend): Promise<void> {
    let rows;
    // Where the transaction has failed before, the lock is lost already.
    this.#inSavepoint = this.session.status === "in-transaction";
    try {
      rows = await this.session.query(
        // Without it, pg_stat_activity would stay what it was when this transaction first read it.
        [SAVEPOINT, ...LOOK_SETTINGS, "SELECT pg_catalog.pg_stat_clear_snapshot()", lookSql(backend), BACK].join("; "),
      );
    } catch (error) {
      if (!(error instanceof ServerError)) throw error;
      await this.session.run(BACK);
      if (PASSING.includes(error.server.sqlstate)) return;
      this.#refused = true;
      watched.onRefusal(error.server.message);
      return;
    } finally {
      this.#inSavepoint = false;
    }
    const look = readLook(rows[0]!.look!);
    if (look.inTheWay) await this.#renew();
    else if (this.#watched === watched) watched.onLook(look);
  }

  /**
   * Ends the transaction for which somebody waits, and begins another. A lock of the session's bridges the moment between
   * them, all in one message, so that no other run can take it and no pooler comes in between.
   */
  async #renew(): Promise<void> {
    const { key, begin } = this.options;
    await this.session.query(
      [
        sql`SELECT pg_catalog.pg_try_advisory_lock(${key})`,
        "ROLLBACK",
        begin,
        sql`SELECT pg_catalog.pg_advisory_unlock(${key})`,
      ].join("; "),
    );
  }
}
