/** `up`: brings a database up to date with the files, or says exactly why not. */

import { waysOut } from "../database/claim.ts";
import type { Database } from "../database/database.ts";
import { type Lock, takeLock } from "../database/lock.ts";
import type { Session } from "../database/session.ts";
import { findTracker, type Tracker } from "../database/find_tracker.ts";
import { prepareTracker, readTracker } from "../database/tracker.ts";
import { Failure, isReplica, noSchema } from "../errors.ts";
import type { MigrationOutcome, UpResult } from "../events.ts";
import { compare, type Entry, highest } from "../history/compare.ts";
import { plan, type PlanOptions } from "../history/plan.ts";
import type { Migration } from "../migration/migration.ts";
import { readMigrationsToRun } from "../migration/read_migrations.ts";
import { checkFiles, uncheckedFiles } from "./check_files.ts";
import type { Context } from "./context.ts";
import type { UpOptions } from "./options.ts";
import { reportFiles, reportRenamed } from "./report_files.ts";
import { runMigrations } from "./run_migrations.ts";
import { ownFailure, withSession } from "./with_session.ts";

/**
 * Applies the pending migrations of a directory, in order, each in its own transaction.
 *
 * @returns what became of every pending migration; a run that failed half-way has its failure there
 * @throws {Failure} when the run failed before it knew what is pending
 */
export async function up(context: Context, options: UpOptions): Promise<UpResult> {
  const read = await readMigrationsToRun(context.files, options.migrations);
  const { migrations } = read;
  reportFiles(context, read);
  await using database = await context.connect();
  return await withSession(database, context.signal, async (first) => {
    const started = performance.now();
    const work = { options, migrations, database, first };
    const outcome = await (options.dryRun ? dryRun(context, work) : applyAll(context, work));
    return { command: "up", durationMs: performance.now() - started, dryRun: options.dryRun, ...outcome };
  });
}

type Outcome = Pick<UpResult, "migrations" | "applied" | "pending" | "version" | "failure">;

interface Work {
  readonly options: UpOptions;
  readonly migrations: readonly Migration[];
  readonly database: Database;
  readonly first: Session;
}

/** Says what would run, and touches nothing. */
async function dryRun(context: Context, { options, migrations, first }: Work): Promise<Outcome> {
  const tracker = await findTracker(first, options.table);
  const entries = compare(migrations, await readTracker(first, tracker));
  reportRenamed(context, entries);
  const failure = await failureOf(context.signal, async () => {
    const { run } = plan(entries, planOptions(options, tracker));
    if (options.parse) await checkFiles(run);
    for (const [index, { version, name, directives }] of run.entries()) {
      const place = { version, name, index: index + 1, total: run.length };
      context.report({ event: "migration_planned", ...place, transactional: !directives.noTransaction });
    }
  });
  return outcomeOf(entries, { done: [], failure });
}

async function applyAll(context: Context, work: Work): Promise<Outcome> {
  const { options, database, first } = work;
  if (first.facts.inRecovery) throw isReplica();
  // The embedded database has one connection; the lock on its directory, which it took when it opened, is the lock.
  if (database.kind === "embedded") return await applyLocked(context, { work, session: first, lock: null });
  const { schema } = options.table.schema === null ? first.facts : options.table;
  if (schema === null) throw noSchema();
  await using lock = await takeLock(first, { schema, table: options.table.name }, {
    waitMs: options.lockWaitMs,
    signal: context.signal,
    onWait: (holder) => context.report({ event: "waiting", for: "lock", message: `Another run is at work: ${holder}` }),
  });
  return await withSession(database, context.signal, (session) => applyLocked(context, { work, session, lock }));
}

async function applyLocked(
  context: Context,
  { work: { options, migrations, database }, session, lock }: {
    readonly work: Work;
    readonly session: Session;
    readonly lock: Lock | null;
  },
): Promise<Outcome> {
  const tracker = await findTracker(session, options.table);
  const entries = compare(migrations, await readTracker(session, tracker));
  reportRenamed(context, entries);
  const done: MigrationOutcome[] = [];
  const failure = await failureOf(context.signal, async () => {
    const { run, rest } = plan(entries, planOptions(options, tracker));
    const files = options.parse ? await checkFiles(run) : uncheckedFiles(run);
    context.signal.throwIfAborted();
    const highestVersion = highest(run.map(({ version }) => version)) ?? 0n;
    await prepareTracker(session, tracker, { highestVersion, lockTimeoutMs: options.lockTimeoutMs });
    const settings = { database, session, lock, tables: tracker.tables, options };
    const state = { version: versionOf(entries), rest: rest.length };
    await runMigrations(context, { files, ...settings, ...state, onEnd: (outcome) => done.push(outcome) });
  });
  return outcomeOf(entries, { done, failure });
}

function planOptions({ to, allowOutOfOrder }: UpOptions, { tables }: Tracker): PlanOptions {
  return { to, allowOutOfOrder, waysOut: (version) => waysOut(tables, version) };
}

/** The failure that some work ends with, or null. Anything else that it throws is a defect and goes on. */
async function failureOf(signal: AbortSignal, work: () => Promise<void>): Promise<Failure | null> {
  try {
    await work();
    return null;
  } catch (error) {
    const failure = ownFailure(error, signal);
    if (failure instanceof Failure) return failure;
    throw failure;
  }
}

function outcomeOf(
  entries: readonly Entry[],
  { done, failure }: { readonly done: readonly MigrationOutcome[]; readonly failure: Failure | null },
): Outcome {
  const waiting = entries.filter(({ state }) => state === "pending" || state === "out_of_order");
  const ended = new Map(done.map((outcome) => [outcome.version, outcome]));
  const migrations = waiting.map(({ version, name }) =>
    ended.get(version) ?? { version, name, outcome: "not_run" as const, durationMs: null }
  );
  const applied = migrations.filter(({ outcome }) => outcome === "applied").map(({ version }) => version);
  const pending = migrations.filter(({ outcome }) => outcome !== "applied").map(({ version }) => version);
  const before = versionOf(entries);
  return { migrations, applied, pending, version: highest(before === null ? applied : [before, ...applied]), failure };
}

/** The highest version that the tracker has. */
function versionOf(entries: readonly Entry[]): bigint | null {
  return highest(entries.filter(({ row }) => row !== null).map(({ version }) => version));
}
