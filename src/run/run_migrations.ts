/** The run itself: migration after migration, until one fails. */

import type { Database } from "../database/database.ts";
import type { Lock } from "../database/held_lock.ts";
import type { ServerMessage, Session } from "../database/session.ts";
import type { TrackerTables } from "../database/tracker_ddl.ts";
import type { MigrationOutcome } from "../events.ts";
import { connectionLost, lockLost } from "../errors/connection_lost.ts";
import { Failure } from "../errors/failure.ts";
import { emptyMigration } from "../errors/running.ts";
import { unclosedCopy } from "../errors/sql.ts";
import { highest } from "../history/compare.ts";
import { placeInFile } from "../sql/sql_file.ts";
import { apply } from "./apply.ts";
import type { CheckedFile } from "./check_files.ts";
import type { Context } from "./context.ts";
import { type Limits, limitsOf } from "./limits.ts";
import { Pipeline } from "./pipeline.ts";
import { applyWithRetries, type Attempt } from "./apply_with_retries.ts";

export interface Run {
  readonly files: readonly CheckedFile[];
  readonly database: Database;
  readonly session: Session;
  /** null on the embedded database. */
  readonly lock: Lock | null;
  readonly tables: TrackerTables;
  readonly options: Limits;
  /** The database's version when the run begins. */
  readonly version: bigint | null;
  /** How many pending migrations are not part of this run. */
  readonly rest: number;
  /** Called with what became of each migration that was begun. */
  readonly onEnd: (outcome: MigrationOutcome) => void;
}

/**
 * Applies every file in order and reports each.
 *
 * @throws {Failure} of the first one that fails, with what the state of the database now is
 */
export async function runMigrations(context: Context, run: Run): Promise<void> {
  let { version } = run;
  if (run.files.length === 0) return;
  const migrations = run.files.map(({ migration }) => ({ version: migration.version, name: migration.name }));
  context.report({ event: "run_started", migrations, version });
  const { database, session, tables } = run;
  const isLockHeld = () => run.lock?.held !== false;
  const own = { database, session, tables, signal: context.signal, files: context.files, mayBegin: isLockHeld };
  const limits = ({ migration }: CheckedFile) => limitsOf(migration.directives, run.options);
  const pipeline = new Pipeline(run.files, { ...own, limitsOf: limits });
  for (const [index, file] of run.files.entries()) {
    const step = { version: file.migration.version, name: file.migration.name };
    const place = { ...step, index: index + 1, total: run.files.length };
    const start = performance.now();
    let started = false;
    let durationMs: number;
    try {
      if (!pipeline.hasSent(index)) await mayBegin(context, run);
      context.report({ event: "migration_started", ...place });
      started = true;
      warnUnclosed(context, file);
      const listeners = {
        onNotice: (notice: ServerMessage) => reportNotice(context, { notice, ...step }),
        onEmpty: () => warnEmpty(context, file),
        onResume: (message: string) => context.report({ event: "migration_resumed", ...step, message }),
      };
      const attempt = ({ lockTimeoutMs, onBackend }: Attempt) =>
        pipeline.takes(file)
          ? pipeline.apply(index, { ...listeners, lockTimeoutMs })
          : apply(file, { ...own, ...limits(file), ...listeners, lockTimeoutMs, onBackend });
      const retries = { migration: file.migration, limits: limits(file), mayBegin: () => mayBegin(context, run) };
      durationMs = await applyWithRetries(context, attempt, { ...retries, lock: run.lock, session, database });
    } catch (error) {
      durationMs = performance.now() - start;
      if (started) {
        context.report({ event: "migration_failed", ...place, durationMs });
        run.onEnd({ ...step, outcome: "failed", durationMs });
      }
      if (!(error instanceof Failure)) throw error;
      const pending = run.files.length - index + run.rest;
      const kept = started ? `${error.details.state ?? whatWasKept(error, file)} ` : "";
      throw error.with({ state: `${kept}${stateOf(version, pending)}` });
    }
    run.onEnd({ ...step, outcome: "applied", durationMs });
    context.report({ event: "migration_applied", ...place, durationMs });
    version = highest([step.version, version ?? 0n]);
  }
}

/** @throws {Failure} when nothing more may be begun; the reason of the signal */
async function mayBegin({ signal }: Context, { lock, session }: Run): Promise<void> {
  signal.throwIfAborted();
  if (lock?.held === false) throw lockLost({ halfWay: false });
  if (session.alive) return;
  const { message, fatal } = await session.gone;
  throw connectionLost(message, fatal);
}

/** Only what is known: after a COMMIT without an answer nobody says "rolled back". */
function whatWasKept({ details }: Failure, { migration: { name } }: CheckedFile): string {
  switch (details.kept ?? "nothing") {
    case "unknown":
      return `Whether ${name} was committed is not known.`;
    case "part":
      return `What ${name} did before it stopped was kept.`;
    case "nothing":
      return `Nothing of ${name} was kept.`;
  }
}

function stateOf(version: bigint | null, pending: number): string {
  const at = version === null ? "Nothing is applied yet" : `The database is at version ${version}`;
  return `${at}; ${pending} ${pending === 1 ? "migration is" : "migrations are"} pending.`;
}

/** Only the last COPY of a file can have data without an end. */
function warnUnclosed({ report }: Context, { sql, copies }: CheckedFile): void {
  const last = copies.at(-1);
  if (last !== undefined && !last.closed) report({ event: "warning", ...unclosedCopy(placeInFile(sql, last.start)) });
}

function warnEmpty({ report }: Context, { migration }: CheckedFile): void {
  report({ event: "warning", ...emptyMigration(migration.path) });
}

function reportNotice(
  { report }: Context,
  { notice, version, name }: { readonly notice: ServerMessage; readonly version: bigint; readonly name: string },
): void {
  const { severity, message, detail, hint } = notice;
  report({
    event: "notice",
    severity,
    message,
    ...detail === undefined ? {} : { detail },
    ...hint === undefined ? {} : { hint },
    version,
    name,
  });
}
