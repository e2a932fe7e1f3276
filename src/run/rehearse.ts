/** `rehearse`: runs the pending migrations for real, measures each statement, and keeps nothing. */

import { readCopySource, sequenceValues } from "../database/copy_database.ts";
import type { Database } from "../database/database.ts";
import { findTracker } from "../database/find_tracker.ts";
import type { Lock } from "../database/held_lock.ts";
import { takeLock } from "../database/lock.ts";
import { openBeside } from "../database/pooler.ts";
import { readCatalog } from "../database/read_catalog.ts";
import { isSameHistory } from "../database/same_server.ts";
import type { Session } from "../database/session.ts";
import { readTracker } from "../database/tracker.ts";
import { OBSERVER_SETTINGS } from "../database/watch_waits.ts";
import {
  copyIsTarget,
  embeddedInPlaceOnly,
  Failure,
  inPlaceWithoutTimeout,
  needsCopy,
  noSchema,
  sequencesMoved,
} from "../errors.ts";
import type { Event, RehearsalReport, RehearsedMigration, RehearseResult, Verdict } from "../events.ts";
import { compare } from "../history/compare.ts";
import { isWaiting } from "../history/plan.ts";
import type { Migration } from "../migration/migration.ts";
import { readMigrationsToRun } from "../migration/read_migrations.ts";
import { parse, type Statement } from "../sql/parser.ts";
import type { CheckedFile } from "./check_files.ts";
import type { Context } from "./context.ts";
import { blockedSpans, lockSpans, ownersIn } from "./lock_spans.ts";
import type { RehearseOptions } from "./options.ts";
import { planFiles } from "./plan_files.ts";
import { makeCopy } from "./rehearsal_copy.ts";
import { inPlaceWarning } from "./rehearsal_words.ts";
import { rehearseFiles } from "./rehearse_files.ts";
import { reportFiles, reportRenamed } from "./report_files.ts";
import { ownFailure, useSession, withSession } from "./with_session.ts";

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

interface Work {
  readonly options: RehearseOptions;
  readonly migrations: readonly Migration[];
  /** By `performance.now()`. */
  readonly started: number;
}

/** What is pending, ready to be sent. */
interface Pending {
  readonly files: readonly CheckedFile[];
  /** All that are pending, those that are not rehearsed too. */
  readonly versions: readonly bigint[];
}

async function readPending(context: Context, session: Session, { options, migrations }: Work): Promise<Pending> {
  const tracker = await findTracker(session, options.table);
  const entries = compare(migrations, await readTracker(session, tracker));
  reportRenamed(context, entries);
  const { to, allowOutOfOrder } = options;
  const plan = { to, allowOutOfOrder, retry: null, parse: true };
  const { files } = await planFiles(context, { session, tracker, entries, options: plan });
  return { files, versions: entries.filter(isWaiting).map(({ version }) => version) };
}

async function onTemplate(context: Context, work: Work): Promise<RehearseResult> {
  await using target = await context.connect("write");
  if (target.kind === "embedded") throw embeddedInPlaceOnly();
  const { pending, ...copied } = await withSession(target, context.signal, async (session) => ({
    pending: await readPending(context, session, work),
    source: await readCopySource(session),
    first: { facts: session.facts },
  }));
  if (pending.files.length === 0) return await nothingToDo(context, { work, pending, database: copied.source.name });
  await using copy = await makeCopy(context, copied);
  context.report({ event: "detail", message: `Rehearsing on ${copy.name}, a copy of ${copied.source.name}` });
  const { name } = copied.source;
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
  if (pending.files.length === 0) return await nothingToDo(context, { work, pending, database: name });
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
      if (pending.files.length === 0) return await nothingToDo(context, { work, pending, database: name });
      const outside = pending.files.filter(({ migration }) => migration.directives.noTransaction);
      if (outside.length > 0) throw needsCopy(outside.map(({ migration }) => migration.name));
      const state = "All of it was rolled back.";
      return await onStage(context, { ...work, pending, database, commits: false, name, state, session, ...sides });
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

interface Rehearsed extends Work {
  readonly pending: Pending;
  readonly database: Database;
  readonly commits: boolean;
  /** The database's name, as the user knows it. */
  readonly name: string;
  /** What is left when it fails. */
  readonly state: string;
}

/** On a copy: the lock is for what looks at waits; nobody else is there. */
async function onServer(context: Context, work: Rehearsed): Promise<RehearseResult> {
  const { database, options } = work;
  await using lock = await takeRunLock(context, { database, first: await database.open(), options });
  return await withSession(database, context.signal, async (session) => {
    await using observer = await openObserver(database);
    return await onStage(context, { ...work, session, lock, observer });
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

interface OnStage extends Rehearsed {
  readonly session: Session;
  readonly lock: Lock | null;
  readonly observer: Session | null;
}

async function onStage(context: Context, work: OnStage): Promise<RehearseResult> {
  const { pending, options, session, database, lock, observer, commits, name, state } = work;
  const isInPlace = options.place.kind === "in-place";
  const statements = await statementsOf(pending.files);
  const { catalog } = await readCatalog(session, statements);
  const owners = ownersIn(catalog);
  database.stopWaiting();
  if (isInPlace) context.report(inPlaceWarning({ catalog, files: pending.files, statements, session, name, options }));
  const before = isInPlace ? await sequenceValues(session) : null;
  const migrations: RehearsedMigration[] = [];
  const verdicts = noVerdicts();
  const report = (event: Event) => {
    if (event.event === "statement") verdicts[event.verdict]++;
    context.report(event);
  };
  const beganMs = performance.now();
  let failure: Failure | null = null;
  try {
    const limits = { lockTimeoutMs: options.lockTimeoutMs, statementTimeoutMs: options.statementTimeoutMs };
    const stage = { database, session, observer, lock, files: pending.files, limits, commits, catalog, beganMs };
    await rehearseFiles({ ...context, report }, { ...stage, onEnd: (migration) => migrations.push(migration) });
  } catch (error) {
    const own = ownFailure(error, context.signal);
    if (!(own instanceof Failure)) throw own;
    failure = own.with({ state });
  }
  if (before !== null && session.alive && !context.signal.aborted) {
    await tellSequences(context, { session, before, migrations });
  }
  const ended = performance.now();
  const server = versionWords(session.facts.versionNumber);
  const locks = lockSpans(migrations, owners);
  const measured = { migrations: withRest(migrations, pending.files), locks, server, durationMs: ended - beganMs };
  const notes = notesOf(work);
  const file = await writeReport(context, options, { ...measured, database: name, notes, failure });
  return {
    command: "rehearse",
    rehearsed: migrations.filter(({ outcome }) => outcome === "rehearsed").map(({ version }) => version),
    pending: pending.versions,
    verdicts,
    durationMs: ended - work.started,
    blocked: blockedSpans(locks),
    report: file,
    failure,
  };
}

async function nothingToDo(
  context: Context,
  { work, pending, database }: { readonly work: Work; readonly pending: Pending; readonly database: string },
): Promise<RehearseResult> {
  const rest = { migrations: [], locks: [], server: "", durationMs: 0, database, notes: [], failure: null };
  const report = await writeReport(context, work.options, rest);
  const durationMs = performance.now() - work.started;
  const common = { rehearsed: [], pending: pending.versions, verdicts: noVerdicts(), blocked: [], failure: null };
  return { command: "rehearse", ...common, durationMs, report };
}

function noVerdicts(): Record<Verdict, number> {
  return { instant: 0, short: 0, long: 0, dangerous: 0 };
}

async function statementsOf(files: readonly CheckedFile[]): Promise<readonly Statement[]> {
  const statements: Statement[] = [];
  for (const { text } of files) {
    const parsed = await parse(text);
    if (parsed.kind === "statements") statements.push(...parsed.statements);
  }
  return statements;
}

/** Of the sequences that have moved, those that the rehearsal has used; others may have moved others. */
async function tellSequences(
  { report }: Context,
  { session, before, migrations }: {
    readonly session: Session;
    readonly before: ReadonlyMap<string, string>;
    readonly migrations: readonly RehearsedMigration[];
  },
): Promise<void> {
  const used = new Set(
    migrations.flatMap(({ statements }) =>
      statements.flatMap(({ judged }) => judged.locks.map((lock) => lock.relation))
    ),
  );
  const after = await sequenceValues(session);
  const moved = [...after].filter(([name, value]) => used.has(name) && before.get(name) !== value);
  if (moved.length > 0) report(sequencesMoved(moved.map(([name]) => name)));
}

function withRest(
  migrations: readonly RehearsedMigration[],
  files: readonly CheckedFile[],
): readonly RehearsedMigration[] {
  const rest = files.slice(migrations.length).map(({ migration: { version, name, directives } }) => ({
    ...{ version, name, transactional: !directives.noTransaction },
    ...{ startMs: 0, endMs: 0, outcome: "not_run" as const, statements: [] },
  }));
  return [...migrations, ...rest];
}

/** `180004` is 18.4. */
function versionWords(number: number): string {
  return `${Math.floor(number / 10_000)}.${number % 10_000}`;
}

function notesOf({ options: { place }, observer, commits, name }: OnStage): readonly string[] {
  return [
    ...place.kind === "template" ? [`Measured on a copy of ${name}, to which nobody else was connected.`] : [],
    ...place.kind === "url" && commits ? [`${name} keeps what was rehearsed.`] : [],
    ...place.kind === "in-place" ? ["Measured on the database itself, in one transaction that was rolled back."] : [],
    ...observer === null ? ["With its one connection, waiting cannot be told from work."] : [],
    "WAL is what the whole server wrote meanwhile.",
  ];
}

async function writeReport(
  context: Context,
  { report, place }: RehearseOptions,
  rest: Omit<RehearsalReport, "place" | "at" | "findings">,
): Promise<string | null> {
  if (report === null) return null;
  const page = report.render({ ...rest, place: place.kind, at: context.now(), findings: [] });
  await context.files.replace(report.file, page);
  return report.file;
}
