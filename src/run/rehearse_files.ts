/** Rehearses migrations one after the other, each statement by itself, and keeps nothing that it need not keep. */

import { type Catalog, qualified } from "../catalog/catalog.ts";
import { resetSession as resetReplayed } from "../catalog/replay_settings.ts";
import type { Database } from "../database/database.ts";
import type { Lock } from "../database/held_lock.ts";
import { measureOutside } from "../database/measure_outside.ts";
import { measureStatement, type Send } from "../database/measure_statement.ts";
import { BEGIN, DEFERRED_CONSTRAINTS, transactionSettings } from "../database/migration_transaction.ts";
import { resetSession, rollBack } from "../database/reset_session.ts";
import { ServerError, type ServerMessage, type Session, SessionLost } from "../database/session.ts";
import { readSnapshot, type SeenRelation } from "../database/snapshot.ts";
import { sql } from "../database/sql.ts";
import { Failure } from "../errors/failure.ts";
import { reachesOutside } from "../errors/rehearsal.ts";
import { transactionEnded } from "../errors/running.ts";
import { transactionLeftOpen } from "../errors/sql.ts";
import type { RehearsedMigration, RehearsedStatement } from "../events.ts";
import { CopySource } from "../migration/copy_source.ts";
import { namedIn } from "../sql/named_in.ts";
import type { Statement } from "../sql/parser.ts";
import type { CheckedFile, CheckedStatement } from "./check_files.ts";
import type { Context } from "./context.ts";
import { explain, lossFailure } from "./explain.ts";
import type { HeldSince } from "./judge_observed.ts";
import { type Limits, limitsOf } from "./limits.ts";
import { reachedOutside, reachesAtOnce } from "./reached_outside.ts";
import { type Measure, rehearseStep, type Step, stepsOf } from "./rehearse_step.ts";
import { watchMigration } from "./watch_migration.ts";

/** Where a rehearsal takes place, and what it goes by. */
export interface Stage {
  readonly database: Database;
  readonly session: Session;
  /** Looks at the session from beside it; null where there is only one connection. */
  readonly observer: Session | null;
  /** Looks at what a statement waits for and tells the user; null where there is only one connection. */
  readonly lock: Lock | null;
  readonly files: readonly CheckedFile[];
  readonly limits: Pick<Limits, "lockTimeoutMs" | "statementTimeoutMs">;
  /** Whether each migration is committed, which only a copy allows; else all are rolled back together. */
  readonly commits: boolean;
  /** The database as it is; it is changed as the statements run. */
  readonly catalog: Catalog;
  /** Called with each migration that was begun, when it has ended. */
  readonly onEnd: (migration: RehearsedMigration) => void;
}

/** Runs every file in order. @throws {Failure} of the first that fails */
export async function rehearseFiles(context: Context, stage: Stage): Promise<void> {
  const { session } = stage;
  const { relations } = await readSnapshot(session);
  const rehearsal = new Rehearsal(context, stage, new Set(relations.keys()));
  try {
    for (const file of stage.files) {
      context.signal.throwIfAborted();
      await rehearsal.run(file);
    }
  } finally {
    await rollBack(session);
  }
}

/** Codes of a statement that must not run inside a transaction: active_sql_transaction, and a COMMIT inside a DO. */
const NOT_INSIDE = ["25001", "2D000"];

class Rehearsal {
  /** Set while a transaction is open that an earlier file began. */
  #open = false;
  /** What a transaction that is open has changed beside its database, and which file did. */
  #reached: { readonly name: string; readonly things: readonly string[] } | null = null;
  #pid = 0;
  /** How much time the files' own statements have taken so far: as `up` would need it, without our looking at them. */
  #clockMs = 0;
  /** Of the migration that runs. */
  #held: readonly HeldSince[] = [];
  #statements: RehearsedStatement[] = [];

  constructor(
    readonly context: Context,
    readonly stage: Stage,
    readonly base: ReadonlySet<string>,
  ) {}

  async run(file: CheckedFile): Promise<void> {
    const { version, name, directives } = file.migration;
    const { lock, session, catalog } = this.stage;
    resetReplayed(catalog);
    this.#held = [];
    this.#statements = [];
    this.#pid = session.facts.serverPid;
    const startMs = this.#clockMs;
    const { lockTimeoutMs } = this.#limits(file);
    const watched = { version, name, lockTimeoutMs, backend: () => this.#pid, onSilence: () => {} };
    const watch = lock === null ? null : watchMigration(lock, watched, this.context.report);
    let outcome: RehearsedMigration["outcome"] = "failed";
    try {
      await using source = new CopySource(this.context.files, file.migration);
      await (directives.noTransaction ? this.#outside(file, source) : this.#inside(file, source));
      outcome = "rehearsed";
    } finally {
      watch?.stop();
      const endMs = this.#clockMs;
      const transactional = !directives.noTransaction;
      this.stage.onEnd({ version, name, transactional, startMs, endMs, outcome, statements: this.#statements });
    }
  }

  #limits({ migration }: CheckedFile): Limits {
    return limitsOf(migration.directives, { ...this.stage.limits, lockAttempts: 1, lockBudgetMs: 0 });
  }

  async #inside(file: CheckedFile, source: CopySource): Promise<void> {
    const { session, database, commits } = this.stage;
    const { facts } = session;
    const settings = transactionSettings({ facts, ...this.#limits(file) });
    await this.#own(file, async () => {
      const begin = this.#open ? [] : [BEGIN];
      const [row] = await session.query([...begin, ...settings, BACKEND].join("; "));
      this.#open = true;
      this.#pid = Number(row!.pid);
    });
    for (const step of await stepsOf(file, source)) {
      await this.#measure(step, (send, onNotice) => measureStatement(session, send, { onNotice }));
      if (session.status !== "in-transaction") throw transactionEnded(file.migration.path);
    }
    if (file.copies.length > 0) await source.finish();
    await this.#own(file, () => this.#timed(() => session.run(DEFERRED_CONSTRAINTS)));
    const things = reachedOutside(await readSnapshot(session));
    if (things.length > 0) this.#reached ??= { name: file.migration.name, things };
    await this.#own(file, () => session.run(resetSession(database).join("; ")));
    if (!commits || this.#reached !== null) return;
    await this.#own(file, () => session.run("COMMIT"));
    this.#open = false;
  }

  async #outside(file: CheckedFile, source: CopySource): Promise<void> {
    const { session, database } = this.stage;
    if (this.#reached !== null) throw reachesOutside(this.#reached.name, this.#reached.things);
    const { lockTimeoutMs, statementTimeoutMs } = this.#limits(file);
    await this.#own(file, () =>
      session.run(
        [
          sql`SET lock_timeout = ${lockTimeoutMs}`,
          sql`SET statement_timeout = ${statementTimeoutMs}`,
          "SET idle_in_transaction_session_timeout = 0",
          "SET default_transaction_read_only = off",
        ].join("; "),
      ));
    const done = file.resume?.done ?? 0;
    for (const step of await stepsOf(file, source)) {
      if (step.index < done) continue;
      await this.#oneOutside(step, file.statements?.[step.index] ?? null);
      // Without a transaction that goes on, a lock is given back when its statement ends.
      if (session.status === "idle") this.#held = [];
    }
    if (file.copies.length > 0) await source.finish();
    if (session.status !== "idle") throw transactionLeftOpen(file.migration.path);
    await this.#own(file, () => session.run(resetSession(database).join("; ")));
  }

  /** As `up` sends it: what may run in a transaction does, in one of its own. */
  async #oneOutside(step: Step, checked: CheckedStatement | null): Promise<void> {
    const { session, database, observer } = this.stage;
    const { file, statement } = step;
    const kind = checked?.effect.kind ?? "opaque";
    const inline = (send: Send, onNotice: Listener) => measureStatement(session, send, { onNotice });
    const isBare = kind === "block" || kind === "session" || kind === "transient";
    if (session.status !== "idle" || isBare) return await this.#measure(step, inline);
    const reaches = statement === null ? null : reachesAtOnce(statement);
    if (reaches !== null) throw reachesOutside(file.migration.name, [reaches]);
    const isRoutine = statement?.kind === "DoStmt" || statement?.kind === "CallStmt";
    if (kind === "atomic" || isRoutine) {
      if (await this.#inOwnTransaction(step, inline)) return;
    }
    const named = this.#named(statement);
    const outside: Measure = (send, onNotice) =>
      measureOutside(session, send, { database, observer: observer!, named, commits: isRoutine, onNotice });
    await this.#measure(step, outside, { isWatched: false });
  }

  /** What the statement names, and the indexes and partitions of that. */
  #named(statement: Statement | null): (relation: SeenRelation) => boolean {
    if (statement === null) return () => true;
    const names = new Set(namedIn([statement]).names);
    const { relations } = this.stage.catalog;
    return (relation) => {
      const known = relations.get(qualified(relation));
      const above = [...known?.parents ?? [], ...known?.index == null ? [] : [known.index.table]];
      return [relation, ...above].some(({ name }) => names.has(name));
    };
  }

  /** @returns false where the server wants it outside a transaction */
  async #inOwnTransaction(step: Step, inline: Measure): Promise<boolean> {
    const { session } = this.stage;
    const { file } = step;
    await session.run("BEGIN READ WRITE");
    try {
      await this.#measure(step, inline);
    } catch (error) {
      if (!(error instanceof Failure) || !NOT_INSIDE.includes(error.details.sqlstate ?? "")) throw error;
      await session.run("ROLLBACK");
      return false;
    }
    await this.#own(file, () => this.#timed(() => session.run(DEFERRED_CONSTRAINTS)));
    const things = reachedOutside(await readSnapshot(session));
    if (things.length > 0) throw reachesOutside(file.migration.name, things);
    await this.#own(file, () => session.run("COMMIT"));
    return true;
  }

  async #measure(step: Step, measure: Measure, { isWatched } = { isWatched: true }): Promise<void> {
    const { session, observer, catalog } = this.stage;
    const seen = { pid: this.#pid, base: this.base, held: this.#held, clockMs: this.#clockMs };
    const options = { session, observer: isWatched ? observer : null, catalog, ...seen };
    const { statement, held } = await this.#timed(
      () => rehearseStep(this.context, { step, measure, options }),
      ({ statement }) => statement.endMs - statement.startMs,
    );
    this.#held = held;
    this.#statements.push(statement);
  }

  /** Some work of the files', whose time counts; where it fails, all of it. */
  async #timed<T>(work: () => Promise<T>, tookMs?: (value: T) => number): Promise<T> {
    const start = performance.now();
    let ms = null;
    try {
      const value = await work();
      ms = tookMs?.(value) ?? null;
      return value;
    } finally {
      this.#clockMs += ms ?? performance.now() - start;
    }
  }

  /** Something of ours around a file; what the server refuses there is the file's. */
  async #own<T>(file: CheckedFile, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.context.signal.throwIfAborted();
      if (error instanceof ServerError) throw explain(error, { file, start: 0, statement: null });
      if (error instanceof SessionLost) throw lossFailure(error, file.migration.path);
      throw error;
    }
  }
}

type Listener = (notice: ServerMessage) => void;

const BACKEND = "SELECT pg_catalog.pg_backend_pid() AS pid";
