/** Applies migrations to an empty database, and says of each whether it works there. */

import { findTracker } from "../database/find_tracker.ts";
import type { Database } from "../database/database.ts";
import { createRole, createSchema } from "../database/scratch_sql.ts";
import { ServerError, type Session } from "../database/session.ts";
import { prepareTracker } from "../database/tracker.ts";
import { Failure } from "../errors/failure.ts";
import type { Event } from "../events.ts";
import { highest } from "../history/compare.ts";
import type { CheckedFile, MistakenFile } from "./check_files.ts";
import type { Context } from "./context.ts";
import type { Limits } from "./limits.ts";
import type { TableName } from "./options.ts";
import { runMigrations } from "./run_migrations.ts";
import { TrialStates } from "./trial_states.ts";

export interface Trial {
  readonly files: readonly (CheckedFile | MistakenFile)[];
  readonly database: Database;
  readonly session: Session;
  readonly table: TableName;
}

/** Nobody else is there to wait for, so that a lock that cannot be had never can. */
const LIMITS: Limits = { lockTimeoutMs: 5_000, lockAttempts: 1, lockBudgetMs: 0, statementTimeoutMs: 0 };

/**
 * Applies the files in order, and reports what became of each. Behind one that fails nothing can be tried; behind one
 * that the embedded PostgreSQL cannot try, what works there works, and what does not may be for want of it, where it names
 * what that one makes. A role that is missing is made, and a statement that cannot be tried is left out, so that no more is
 * wanting than need be.
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

  const states = new TrialStates(context, database.kind === "embedded");
  let rest = files;
  while (rest.length > 0) {
    const stop = rest.findIndex((file) => "mistakes" in file);
    const run = (stop === -1 ? rest : rest.slice(0, stop)) as readonly CheckedFile[];
    let passed = 0;
    const onEnd = ({ outcome }: { readonly outcome: string }) => {
      if (outcome === "applied") states.applied(run[passed++]!);
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
    const role = failure === null ? null : states.standInFor(next, failure);
    if (role !== null && await mayBeMade(() => createRole(session, role))) {
      rest = rest.slice(passed);
      continue;
    }
    // Without a mistake: only such a file was run.
    if (failure !== null && !("mistakes" in next)) {
      const without = await states.withoutFailed(next, failure);
      const isEmpty = without?.statements?.length === 0;
      if (without !== null) {
        if (isEmpty) states.applied(without);
        rest = [...isEmpty ? [] : [without], ...rest.slice(passed + 1)];
        continue;
      }
      await states.stopped(next, failure);
    } else if ("mistakes" in next) states.mistaken(next);
    else states.skipped(next);
    rest = rest.slice(passed + 1);
  }
  return states.failures;
}

/** Some names are the server's own: `pg_…`. */
async function mayBeMade(make: () => Promise<void>): Promise<boolean> {
  try {
    await make();
    return true;
  } catch (error) {
    if (error instanceof ServerError) return false;
    throw error;
  }
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
