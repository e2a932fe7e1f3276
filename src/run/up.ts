/** `up`: brings a database up to date with the files, or says exactly why not. */

import type { Database } from "../database/database.ts";
import { takeLock } from "../database/lock.ts";
import type { Session } from "../database/session.ts";
import { findTracker, prepareTracker, readTracker } from "../database/tracker.ts";
import { isReplica } from "../errors.ts";
import type { UpResult } from "../events.ts";
import { compare, type Entry, highest } from "../history/compare.ts";
import { plan } from "../history/plan.ts";
import type { Migration } from "../migration/migration.ts";
import { readMigrationsToRun } from "../migration/read_migrations.ts";
import { checkFiles, uncheckedFiles } from "./check_files.ts";
import type { Context } from "./context.ts";
import type { UpOptions } from "./options.ts";
import { reportIgnored, reportRenamed } from "./report_files.ts";
import { runMigrations } from "./run_migrations.ts";

/**
 * Applies the pending migrations of a directory, in order, each in its own transaction.
 *
 * @throws {Failure} after it has reported what was applied before; nothing after the failed migration was run
 */
export async function up(context: Context, options: UpOptions): Promise<UpResult> {
  const started = performance.now();
  const { migrations, ignored } = await readMigrationsToRun(context.files, options.migrations);
  reportIgnored(context, ignored);
  await using database = await context.connect();
  await using first = await database.open();
  const result = options.dryRun
    ? await dryRun(context, { options, migrations, session: first })
    : await applyAll(context, { options, migrations, database, first });
  return { command: "up", durationMs: performance.now() - started, dryRun: options.dryRun, ...result };
}

type Applied = Pick<UpResult, "applied" | "pending" | "version">;

interface Work {
  readonly options: UpOptions;
  readonly migrations: readonly Migration[];
}

/** Says what would run, and touches nothing. */
async function dryRun(
  context: Context,
  { options, migrations, session }: Work & { readonly session: Session },
): Promise<Applied> {
  const tracker = await findTracker(session, options.table);
  const entries = compare(migrations, await readTracker(session, tracker));
  reportRenamed(context, entries);
  const { run, rest } = plan(entries, options);
  if (options.parse) await checkFiles(run);
  for (const [index, { version, name, directives }] of run.entries()) {
    const place = { version, name, index: index + 1, total: run.length };
    context.report({ event: "migration_planned", ...place, transactional: !directives.noTransaction });
  }
  return { applied: [], pending: [...run.map(({ version }) => version), ...rest], version: versionOf(entries) };
}

async function applyAll(
  context: Context,
  { options, migrations, database, first }: Work & { readonly database: Database; readonly first: Session },
): Promise<Applied> {
  if (first.facts.inRecovery) throw isReplica();
  // The embedded database has one connection; the lock on its directory is the lock.
  await using lock = database.kind === "embedded" ? null : await takeLock(
    first,
    await findTracker(first, options.table),
    {
      waitMs: options.lockWaitMs,
      signal: context.signal,
      onWait: (holder) =>
        context.report({ event: "waiting", for: "lock", message: `Another run is at work: ${holder}` }),
    },
  );
  await using session = lock === null ? first : await database.open();
  const tracker = await findTracker(session, options.table);
  const entries = compare(migrations, await readTracker(session, tracker));
  reportRenamed(context, entries);
  const { run, rest } = plan(entries, options);
  const files = options.parse ? await checkFiles(run) : uncheckedFiles(run);
  await prepareTracker(session, tracker, highest(run.map(({ version }) => version)) ?? 0n);
  await runMigrations(context, {
    files,
    database,
    session,
    lock,
    tables: tracker.tables,
    options,
    before: versionOf(entries),
    rest: rest.length,
  });
  const applied = run.map(({ version }) => version);
  return { applied, pending: rest, version: highest([...applied, versionOf(entries) ?? 0n]) };
}

/** The highest version that the tracker has. */
function versionOf(entries: readonly Entry[]): bigint | null {
  return highest(entries.filter(({ row }) => row !== null).map(({ version }) => version));
}
