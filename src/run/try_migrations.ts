/** Applies migrations to an empty database, and says of each whether it works there. */

import { findTracker } from "../database/find_tracker.ts";
import type { Database } from "../database/database.ts";
import { createSchema } from "../database/scratch_sql.ts";
import type { Session } from "../database/session.ts";
import { prepareTracker } from "../database/tracker.ts";
import { Failure } from "../errors.ts";
import type { Event, MigrationChecked } from "../events.ts";
import { highest } from "../history/compare.ts";
import type { CheckedFile, MistakenFile } from "./check_files.ts";
import type { Context } from "./context.ts";
import type { Limits } from "./limits.ts";
import { missingNeed } from "./missing_need.ts";
import type { TableName } from "./options.ts";
import { runMigrations } from "./run_migrations.ts";

export interface Trial {
  readonly files: readonly (CheckedFile | MistakenFile)[];
  readonly database: Database;
  readonly session: Session;
  readonly table: TableName;
}

/** Nobody else is there to wait for, so that a lock that cannot be had never can. */
const LIMITS: Limits = { lockTimeoutMs: 5_000, lockAttempts: 1, lockBudgetMs: 0, statementTimeoutMs: 0 };

/** Codes of failures after which there is no session to go on with. */
const LOST: readonly string[] = ["connection-lost", "outcome-unknown", "embedded-failed"];

/**
 * Applies the files in order, and reports what became of each. Behind one that fails nothing can be tried; behind one
 * that the embedded PostgreSQL cannot try, what works there works, and what does not may be for want of it.
 *
 * @returns the failures of those that failed
 * @throws {Failure} where the server cannot be worked with, or the run is interrupted
 */
export async function tryMigrations(context: Context, trial: Trial): Promise<readonly Failure[]> {
  const { files, database, session, table } = trial;
  const quiet = { ...context, report: (event: Event) => reportOfRun(context, event) };
  const { schema } = table;
  if (schema !== null) await createSchema(session, schema);
  const tracker = await findTracker(session, table);
  const highestVersion = highest(files.map(({ migration }) => migration.version)) ?? 0n;
  await prepareTracker(session, tracker, { highestVersion, lockTimeoutMs: LIMITS.lockTimeoutMs });
  database.stopWaiting();

  const states = new States(context, database);
  let rest = files;
  while (rest.length > 0) {
    const stop = rest.findIndex((file) => "mistakes" in file);
    const run = (stop === -1 ? rest : rest.slice(0, stop)) as readonly CheckedFile[];
    let passed = 0;
    const onEnd = ({ outcome }: { readonly outcome: string }) => {
      if (outcome === "applied") states.passed(run[passed++]!);
    };
    const failure = states.goesOn
      ? await failureOf(context, () =>
        runMigrations(quiet, {
          ...{ files: run, database, session, lock: null, tables: tracker.tables },
          ...{ options: LIMITS, version: null, rest: 0, onEnd },
        }))
      : null;
    const next = rest[passed];
    if (next === undefined) break;
    if (failure !== null) states.stopped(next, failure);
    else if ("mistakes" in next) states.mistaken(next);
    else states.skipped(next);
    rest = rest.slice(passed + 1);
  }
  return states.failures;
}

/** The failure that some work ends with, or null. Anything else that it throws goes on, and so does an interrupt. */
async function failureOf({ signal }: Context, work: () => Promise<void>): Promise<Failure | null> {
  try {
    await work();
    return null;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Failure) return error;
    throw error;
  }
}

/** What is known of the migrations so far. */
class States {
  readonly failures: Failure[] = [];
  /** Why nothing behind it can be tried, where it cannot. */
  #end: string | null = null;
  /** The first migration that could not be tried. */
  #missing: string | null = null;

  constructor(readonly context: Context, readonly database: Database) {}

  get goesOn(): boolean {
    return this.#end === null;
  }

  passed(file: CheckedFile): void {
    this.#report(file, { state: "passed", reason: null, line: null });
  }

  skipped(file: CheckedFile): void {
    this.#report(file, { state: "inconclusive", reason: this.#end!, line: null });
  }

  mistaken(file: MistakenFile): void {
    this.#failed(file, file.mistakes);
  }

  stopped(file: CheckedFile | MistakenFile, failure: Failure): void {
    const { name } = file.migration;
    const line = failure.details.place?.line ?? null;
    const { message, code, details } = failure;
    if (this.database.kind === "server") {
      if (LOST.includes(code)) throw failure;
      return this.#failed(file, [failure]);
    }
    if (LOST.includes(code)) {
      this.#end = `the embedded PostgreSQL has ended with ${name}`;
      this.#report(file, { state: "inconclusive", reason: `the embedded PostgreSQL cannot run it: ${message}`, line });
      return;
    }
    const need = missingNeed(message, details);
    if (need === null && this.#missing === null) return this.#failed(file, [failure]);
    const reason = need === null
      ? `${message}, and ${this.#missing} could not be tried`
      : `needs ${need}, which the embedded PostgreSQL has not`;
    this.#missing ??= name;
    this.#report(file, { state: "inconclusive", reason, line });
  }

  #failed(file: CheckedFile | MistakenFile, failures: readonly Failure[]): void {
    this.failures.push(...failures.map(asFinding));
    this.#end ??= `${file.migration.name} failed`;
    this.#report(file, { state: "failed", reason: null, line: null });
  }

  #report(
    { migration: { version, name } }: CheckedFile | MistakenFile,
    found: Pick<MigrationChecked, "state" | "reason" | "line">,
  ): void {
    this.context.report({ event: "migration_checked", version, name, ...found });
  }
}

/** What `up` would say of the state of its database means nothing of one that is gone. */
function asFinding({ code, message, details }: Failure): Failure {
  const { state: _state, kept: _kept, ...rest } = details;
  return new Failure(code, 7, message, rest);
}

/** The run is told as `up` tells it, but for its steps, each of which has its own event here, and its small talk. */
function reportOfRun({ report }: Context, event: Event): void {
  switch (event.event) {
    case "run_started":
    case "migration_started":
    case "migration_applied":
    case "migration_failed":
      return;
    case "notice": {
      if (event.severity === "WARNING") return report(event);
      const origin = event.name === undefined ? "" : `${event.name}: `;
      return report({ event: "detail", message: `${origin}${event.severity}: ${event.message}` });
    }
    default:
      report(event);
  }
}
