/** `up`: brings a database up to date with the files, or says exactly why not. */

import type { Database } from "../database/database.ts";
import type { Lock } from "../database/held_lock.ts";
import { takeLock } from "../database/lock.ts";
import { openBeside } from "../database/pooler.ts";
import type { Session } from "../database/session.ts";
import { findTracker } from "../database/find_tracker.ts";
import { prepareTracker, readTracker } from "../database/tracker.ts";
import { Failure, noSchema } from "../errors.ts";
import type { MigrationOutcome, UpResult } from "../events.ts";
import { compare, type Entry, highest } from "../history/compare.ts";
import { isWaiting } from "../history/plan.ts";
import type { Migration } from "../migration/migration.ts";
import { readMigrationsToRun } from "../migration/read_migrations.ts";
import type { Context } from "./context.ts";
import { forgetClaims } from "./mark_applied.ts";
import type { UpOptions } from "./options.ts";
import { planFiles } from "./plan_files.ts";
import { refusePooled } from "./refuse_pooled.ts";
import { reportFiles, reportRenamed } from "./report_files.ts";
import { runMigrations } from "./run_migrations.ts";
import { checkChoices, type Seen, settleUnfinished } from "./settle_unfinished.ts";
import { ownFailure, useSession, withSession } from "./with_session.ts";

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
  await using database = await context.connect(options.dryRun ? "read" : "write");
  return await withSession(database, context.signal, async (first) => {
    const started = performance.now();
    const work = { options, migrations, database, first };
    const outcome = await (options.dryRun ? dryRun(context, work) : applyAll(context, work));
    return { command: "up", durationMs: performance.now() - started, dryRun: options.dryRun, ...outcome };
  });
}

type Outcome = Pick<UpResult, "migrations" | "applied" | "pending" | "marked" | "version" | "failure">;

interface Work {
  readonly options: UpOptions;
  readonly migrations: readonly Migration[];
  readonly database: Database;
  readonly first: Session;
}

/** Says what would run, and touches nothing. */
async function dryRun(context: Context, work: Work): Promise<Outcome> {
  const { options, first } = work;
  const { tracker, entries: all } = await readEntries(first, work);
  const toMark = checkChoices(all, options);
  if (toMark !== null) context.report({ event: "migration_marked", version: toMark.version, name: toMark.name });
  const entries = all.filter((entry) => entry !== toMark);
  reportRenamed(context, entries);
  const failure = await failureOf(context.signal, async () => {
    const { files } = await planFiles(context, { session: first, tracker, entries, options });
    refusePooled(files, { database: work.database, session: first });
    for (const [index, { migration, resume }] of files.entries()) {
      const { version, name, directives } = migration;
      context.report({
        event: "migration_planned",
        ...{ version, name, index: index + 1, total: files.length },
        transactional: !directives.noTransaction,
        ...resume === undefined ? {} : { fromStatement: resume.done + 1 },
      });
    }
  });
  return { ...outcomeOf(entries, { done: [], failure }), marked: toMark === null ? [] : [toMark.version] };
}

async function applyAll(context: Context, work: Work): Promise<Outcome> {
  const { options, database, first } = work;
  // The embedded database has one connection; the lock on its directory, which it took when it opened, is the lock.
  if (database.kind === "embedded") return await applyLocked(context, { work, session: first, lock: null });
  const { schema } = options.table.schema === null ? first.facts : options.table;
  if (schema === null) throw noSchema();
  // What is there stays there: that nothing is to be done can be seen without the lock, and without a second connection.
  const seen = await readEntries(first, work);
  if (isUpToDate(seen, options)) {
    reportRenamed(context, seen.entries);
    return { ...outcomeOf(seen.entries, { done: [], failure: null }), marked: [] };
  }
  await using lock = await takeLock(first, { schema, table: options.table.name }, {
    waitMs: options.lockWaitMs,
    signal: context.signal,
    reopen: () => database.open(),
    onWait: (holder) => context.report({ event: "waiting", for: "lock", message: `Another run is at work: ${holder}` }),
  });
  const beside = await openBeside(database, lock.session);
  return await useSession(beside, context.signal, (session) => applyLocked(context, { work, session, lock }));
}

async function readEntries(session: Session, { options, migrations }: Work): Promise<Seen> {
  const tracker = await findTracker(session, options.table);
  return { tracker, entries: compare(migrations, await readTracker(session, tracker)) };
}

/** Whether there is nothing to apply, to settle, to refuse or to add to the tracker. */
function isUpToDate({ tracker, entries }: Seen, { retry, markApplied }: UpOptions): boolean {
  const isWhole = tracker.exists && tracker.unfinishedExists &&
    [...tracker.lacks, ...tracker.unfinishedLacks].length === 0 &&
    tracker.stranger === null;
  const isAsked = retry !== null || markApplied !== null;
  return isWhole && !isAsked && entries.every(({ state }) => state === "applied" || state === "unrecorded");
}

async function applyLocked(
  context: Context,
  { work, session, lock }: {
    readonly work: Work;
    readonly session: Session;
    readonly lock: Lock | null;
  },
): Promise<Outcome> {
  const { options, database } = work;
  const read = () => readEntries(session, work);
  const before = await read();
  const isAsked = options.retry !== null || options.markApplied !== null;
  const isSettled = !isAsked && before.entries.every(({ state }) => state !== "unfinished");
  const marked = isSettled ? [] : await settleUnfinished(context, { session, options, read, isServer: lock !== null });
  const { tracker, entries } = isSettled ? before : await read();
  reportRenamed(context, entries);
  const done: MigrationOutcome[] = [];
  const failure = await failureOf(context.signal, async () => {
    const { files, rest, begunAgain } = await planFiles(context, { session, tracker, entries, options });
    refusePooled(files, { database, session });
    context.signal.throwIfAborted();
    const highestVersion = highest(files.map(({ migration }) => migration.version)) ?? 0n;
    await prepareTracker(session, tracker, { highestVersion, lockTimeoutMs: options.lockTimeoutMs });
    await forgetClaims(session, tracker, begunAgain);
    const settings = { database, session, lock, tables: tracker.tables, options };
    const state = { version: versionOf(entries), rest };
    database.stopWaiting();
    await runMigrations(context, { files, ...settings, ...state, onEnd: (outcome) => done.push(outcome) });
  });
  return { ...outcomeOf(entries, { done, failure }), marked };
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
): Omit<Outcome, "marked"> {
  const waiting = entries.filter(isWaiting);
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
