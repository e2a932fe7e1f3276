/** `up`: brings a database up to date with the files, or says exactly why not. */

import type { UpResult } from "../events.ts";
import { readMigrationsToRun } from "../migration/read_migrations.ts";
import type { Context } from "./context.ts";
import type { UpOptions } from "./options.ts";
import { reportFiles, reportRenamed } from "./report_files.ts";
import type { Seen } from "./settle_unfinished.ts";
import { type Outcome, outcomeOf, readEntries, type Work } from "./up_outcome.ts";
import { withSession } from "./with_session.ts";

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
    const outcome = await run(context, { options, migrations, database, first });
    return { command: "up", durationMs: performance.now() - started, dryRun: options.dryRun, ...outcome };
  });
}

/** What runs migrations is loaded only where there are any: most deploys have none. */
async function run(context: Context, work: Work): Promise<Outcome> {
  const { options, database, first } = work;
  if (options.dryRun) return await (await import("./dry_run.ts")).dryRun(context, work);
  // What is there stays there: that nothing is to be done can be seen without the lock, and without a second connection.
  const seen = database.kind === "server" ? await readEntries(first, work) : null;
  if (seen !== null && isUpToDate(seen, options)) {
    reportRenamed(context, seen.entries);
    return { ...outcomeOf(seen.entries, { done: [], failure: null }), marked: [] };
  }
  return await (await import("./apply_pending.ts")).applyPending(context, work);
}

/** Whether there is nothing to apply, to settle, to refuse or to add to the tracker. */
function isUpToDate({ tracker, entries }: Seen, { retry, markApplied }: UpOptions): boolean {
  const isWhole = tracker.exists && tracker.unfinishedExists &&
    [...tracker.lacks, ...tracker.unfinishedLacks].length === 0 &&
    tracker.stranger === null;
  const isAsked = retry !== null || markApplied !== null;
  return isWhole && !isAsked && entries.every(({ state }) => state === "applied" || state === "unrecorded");
}
