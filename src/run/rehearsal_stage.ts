/** The rehearsal itself, wherever it takes place, and what it comes to. */

import { sequenceValues } from "../database/copy_database.ts";
import { readCatalog } from "../database/read_catalog.ts";
import type { Session } from "../database/session.ts";
import { Failure } from "../errors/failure.ts";
import { sequencesMoved } from "../errors/rehearsal.ts";
import type { Event, RehearsedMigration, RehearseResult, Verdict } from "../events.ts";
import type { Context } from "./context.ts";
import { blockedSpans, lockSpans, ownersIn } from "./lock_spans.ts";
import { parseChecked } from "./pending_statements.ts";
import { rehearseFiles } from "./rehearse_files.ts";
import type { OnStage, Unbegun } from "./rehearsal.ts";
import { writeReport } from "./rehearsal_report.ts";
import { inPlaceWarning } from "./rehearsal_words.ts";
import { ownFailure } from "./with_session.ts";

/** Rehearses what is pending on a database that is open for it, and sums it up. @throws {Failure} before anything ran */
export async function rehearseOn(context: Context, work: OnStage): Promise<RehearseResult> {
  const { pending, options, session, database, lock, observer, commits, name, state } = work;
  const isInPlace = options.place.kind === "in-place";
  const statements = (await parseChecked(pending.files)).flatMap((file) => file.statements ?? []);
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
  let failure: Failure | null = null;
  try {
    const limits = { lockTimeoutMs: options.lockTimeoutMs, statementTimeoutMs: options.statementTimeoutMs };
    const stage = { database, session, observer, lock, files: pending.files, limits, commits, catalog };
    await rehearseFiles({ ...context, report }, { ...stage, onEnd: (migration) => migrations.push(migration) });
  } catch (error) {
    const own = ownFailure(error, context.signal);
    if (!(own instanceof Failure)) throw own;
    failure = own.with({ state });
  }
  if (before !== null && session.alive && !context.signal.aborted) {
    await tellSequences(context, { session, before, migrations });
  }
  const locks = lockSpans(migrations, owners);
  const file = await writeReport(context, { work, migrations, locks, failure });
  return {
    command: "rehearse",
    rehearsed: migrations.filter(({ outcome }) => outcome === "rehearsed").map(({ version }) => version),
    pending: pending.versions,
    verdicts,
    durationMs: performance.now() - work.started,
    blocked: blockedSpans(locks),
    report: file,
    failure,
  };
}

/** The answer where nothing is pending. */
export async function nothingToRehearse(context: Context, work: Unbegun): Promise<RehearseResult> {
  const report = await writeReport(context, { work, migrations: [], locks: [], failure: null });
  const durationMs = performance.now() - work.started;
  const common = { rehearsed: [], pending: work.pending.versions, verdicts: noVerdicts(), blocked: [], failure: null };
  return { command: "rehearse", ...common, durationMs, report };
}

function noVerdicts(): Record<Verdict, number> {
  return { instant: 0, short: 0, long: 0, dangerous: 0 };
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
