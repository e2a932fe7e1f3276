/** `rehearse`: runs the pending migrations for real, measures each statement, and keeps nothing. */

import { readCopySource } from "../database/copy_database.ts";
import type { Database } from "../database/database.ts";
import { findTracker } from "../database/find_tracker.ts";
import type { Lock } from "../database/held_lock.ts";
import { takeLock } from "../database/lock.ts";
import { openBeside } from "../database/pooler.ts";
import { isSameHistory } from "../database/same_server.ts";
import type { Session } from "../database/session.ts";
import { readTracker } from "../database/tracker.ts";
import { OBSERVER_SETTINGS } from "../database/watch_waits.ts";
import { copyIsTarget, embeddedInPlaceOnly, inPlaceWithoutTimeout, needsCopy } from "../errors/rehearsal.ts";
import { noSchema } from "../errors/tracker.ts";
import type { RehearseResult } from "../events.ts";
import { compare } from "../history/compare.ts";
import { isWaiting } from "../history/plan.ts";
import { readMigrationsToRun } from "../migration/read_migrations.ts";
import type { Context } from "./context.ts";
import type { RehearseOptions } from "./options.ts";
import { planFiles } from "./plan_files.ts";
import type { Pending, Prepared, Work } from "./rehearsal.ts";
import { makeCopy } from "./rehearsal_copy.ts";
import { nothingToRehearse, rehearseOn } from "./rehearsal_stage.ts";
import { beginReport } from "./rehearsal_report.ts";
import { reportFiles, reportRenamed } from "./report_files.ts";
import { bytesWords } from "./verdict_words.ts";
import { useSession, withSession } from "./with_session.ts";

/**
 * Rehearses the pending migrations of a directory.
 *
 * @returns what came of it; one that failed half-way has its failure there
 * @throws {Failure} when it failed before anything ran
 */
export async function rehearse(context: Context, options: RehearseOptions): Promise<RehearseResult> {
  const { place } = options;
  if (place.kind === "in-place") checkTimeouts(options);
  const read = await readMigrationsToRun(context.files, options.migrations);
  const { migrations } = read;
  reportFiles(context, read);
  const started = performance.now();
  const work = { options, migrations, started };
  switch (place.kind) {
    case "template":
      return await onTemplate(context, work);
    case "url":
      return await onOtherCopy(context, { ...work, url: place.url });
    case "in-place":
      return await inPlace(context, work);
  }
}

function checkTimeouts({ lockTimeoutMs, statementTimeoutMs }: RehearseOptions): void {
  if (lockTimeoutMs === 0) throw inPlaceWithoutTimeout("--lock-timeout");
  if (statementTimeoutMs === 0) throw inPlaceWithoutTimeout("--statement-timeout");
}

async function readPending(context: Context, session: Session, { options, migrations }: Work): Promise<Pending> {
  const tracker = await findTracker(session, options.table);
  const entries = compare(migrations, await readTracker(session, tracker, options.lockTimeoutMs));
  reportRenamed(context, entries);
  const { to, allowOutOfOrder } = options;
  const plan = { to, allowOutOfOrder, retry: null, parse: true };
  const { files } = await planFiles(context, { session, tracker, entries, options: plan });
  return { files, versions: entries.filter(isWaiting).map(({ version }) => version) };
}

const LARGE_BYTES = 1024 ** 3;

async function onTemplate(context: Context, work: Work): Promise<RehearseResult> {
  await using target = await context.connect("write");
  if (target.kind === "embedded") throw embeddedInPlaceOnly();
  const { pending, ...copied } = await withSession(target, context.signal, async (session) => ({
    pending: await readPending(context, session, work),
    source: await readCopySource(session),
    first: { facts: session.facts },
  }));
  if (pending.files.length === 0) {
    return await nothingToRehearse(context, { ...work, pending, name: copied.source.name });
  }
  const { name, bytes } = copied.source;
  await beginReport(context, { ...work, pending, name });
  const size = bytes === null ? "" : `, ${bytesWords(bytes)}`;
  // Whoever waits for so long wants to know what for.
  const event = (bytes ?? 0) >= LARGE_BYTES ? "note" : "detail";
  context.report({ event, message: `Copying the database ${name}${size}, to rehearse on the copy` });
  await using copy = await makeCopy(context, copied);
  context.report({ event: "detail", message: `The copy is ${copy.name}` });
  const state = `The copy is dropped, and ${name} was not touched.`;
  return await onServer(context, { ...work, pending, database: copy.database, commits: true, name, state });
}

async function onOtherCopy(context: Context, work: Work & { readonly url: string }): Promise<RehearseResult> {
  await using database = await context.connect("write", { url: work.url });
  if (database.kind === "embedded") throw embeddedInPlaceOnly();
  const identity = async (session: Session) => ({ facts: session.facts, name: (await readCopySource(session)).name });
  await using target = await context.connect("read");
  const own = target.kind === "embedded" ? null : await withSession(target, context.signal, identity);
  const { pending, ...copy } = await withSession(database, context.signal, async (session) => {
    const copy = await identity(session);
    if (own !== null && own.name === copy.name && isSameHistory(own.facts, copy.facts)) throw copyIsTarget(own.name);
    return { pending: await readPending(context, session, work), ...copy };
  });
  const { name } = copy;
  if (pending.files.length === 0) return await nothingToRehearse(context, { ...work, pending, name });
  await beginReport(context, { ...work, pending, name });
  const commits = pending.files.some(({ migration }) => migration.directives.noTransaction);
  if (commits) {
    context.report({
      event: "warning",
      code: "copy-is-changed",
      message: `What runs outside a transaction stays in ${name}, and so does what comes before it`,
      hint: "Restore the copy before the next rehearsal.",
    });
  }
  const state = commits ? `What ran before it stays in the copy ${name}.` : "All of it was rolled back.";
  return await onServer(context, { ...work, pending, database, commits, name, state });
}

async function inPlace(context: Context, work: Work): Promise<RehearseResult> {
  const { options } = work;
  await using database = await context.connect("write");
  return await withSession(database, context.signal, async (first) => {
    const { name } = await readCopySource(first);
    const run = async (session: Session, sides: { readonly lock: Lock | null; readonly observer: Session | null }) => {
      const pending = await readPending(context, session, work);
      if (pending.files.length === 0) return await nothingToRehearse(context, { ...work, pending, name });
      const outside = pending.files.filter(({ migration }) => migration.directives.noTransaction);
      if (outside.length > 0) throw needsCopy(outside.map(({ migration }) => migration.name));
      await beginReport(context, { ...work, pending, name });
      const state = "All of it was rolled back.";
      return await rehearseOn(context, { ...work, pending, database, commits: false, name, state, session, ...sides });
    };
    if (database.kind === "embedded") return await run(first, { lock: null, observer: null });
    await using lock = await takeRunLock(context, { database, first, options });
    const beside = await openBeside(database, lock.session);
    return await useSession(beside, context.signal, async (session) => {
      await using observer = await openObserver(database);
      return await run(session, { lock, observer });
    });
  });
}

/** On a copy: the lock is for what looks at waits; nobody else is there. */
async function onServer(context: Context, work: Prepared): Promise<RehearseResult> {
  const { database, options } = work;
  await using lock = await takeRunLock(context, { database, first: await database.open(), options });
  return await withSession(database, context.signal, async (session) => {
    await using observer = await openObserver(database);
    return await rehearseOn(context, { ...work, session, lock, observer });
  });
}

async function takeRunLock(
  context: Context,
  { database, first, options }: {
    readonly database: Database;
    readonly first: Session;
    readonly options: RehearseOptions;
  },
): Promise<Lock> {
  const { schema } = options.table.schema === null ? first.facts : options.table;
  if (schema === null) throw noSchema();
  return await takeLock(first, { schema, table: options.table.name }, {
    waitMs: options.lockWaitMs,
    signal: context.signal,
    reopen: () => database.open(),
    onWait: (holder) => context.report({ event: "waiting", for: "lock", message: `Another run is at work: ${holder}` }),
  });
}

async function openObserver(database: Database): Promise<Session> {
  const session = await database.open();
  await session.run(OBSERVER_SETTINGS.join("; "));
  return session;
}
