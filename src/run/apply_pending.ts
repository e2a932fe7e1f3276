/** What `up` does where something is to be done: under the lock, it decides what to run and runs it. */

import type { Lock } from "../database/held_lock.ts";
import { takeLock } from "../database/lock.ts";
import { openBeside } from "../database/pooler.ts";
import type { Session } from "../database/session.ts";
import { prepareTracker } from "../database/tracker.ts";
import { noSchema } from "../errors/tracker.ts";
import type { MigrationOutcome } from "../events.ts";
import { highest } from "../history/compare.ts";
import { loadParser } from "../sql/parser.ts";
import type { Context } from "./context.ts";
import { forgetClaims } from "./mark_applied.ts";
import { planFiles } from "./plan_files.ts";
import { refusePooled } from "./refuse_pooled.ts";
import { reportRenamed } from "./report_files.ts";
import { runMigrations } from "./run_migrations.ts";
import { settleUnfinished } from "./settle_unfinished.ts";
import { failureOf, type Outcome, outcomeOf, readEntries, versionOf, type Work } from "./up_outcome.ts";
import { useSession } from "./with_session.ts";

/** @throws {Failure} of what comes before it is known what is pending */
export async function applyPending(context: Context, work: Work): Promise<Outcome> {
  const { options, database, first } = work;
  // It compiles itself while the server is asked for the lock and for another connection.
  if (options.parse) loadParser();
  // The embedded database has one connection; the lock on its directory, which it took when it opened, is the lock.
  if (database.kind === "embedded") return await applyLocked(context, { work, session: first, lock: null });
  const { schema } = options.table.schema === null ? first.facts : options.table;
  if (schema === null) throw noSchema();
  await using lock = await takeLock(first, { schema, table: options.table.name }, {
    waitMs: options.lockWaitMs,
    signal: context.signal,
    reopen: () => database.open(),
    onWait: (holder) => context.report({ event: "waiting", for: "lock", message: `Another run is at work: ${holder}` }),
  });
  const beside = await openBeside(database, lock.session);
  return await useSession(beside, context.signal, (session) => applyLocked(context, { work, session, lock }));
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
