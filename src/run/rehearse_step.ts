/** Runs one statement of a rehearsal: measures it, judges it, and reports what it did. */

import type { Catalog } from "../catalog/catalog.ts";
import { replay } from "../catalog/replay.ts";
import type { ObservedOutside } from "../database/measure_outside.ts";
import type { Observed, Send } from "../database/measure_statement.ts";
import { ServerError, type ServerMessage, type Session, SessionLost } from "../database/session.ts";
import { type Waited, watchWaits } from "../database/watch_waits.ts";
import type { RehearsedStatement } from "../events.ts";
import { REHEARSAL_LOCK_HINT } from "../errors/table_locks.ts";
import { impactOf } from "../impact/impact_of.ts";
import type { CopySource } from "../migration/copy_source.ts";
import { parse, type Statement } from "../sql/parser.ts";
import type { CheckedFile } from "./check_files.ts";
import type { Context } from "./context.ts";
import { explain, lossFailure } from "./explain.ts";
import { addLocks, type HeldSince, judgeObserved } from "./judge_observed.ts";
import { sendPart } from "./send_part.ts";
import { waitWords } from "./wait_words.ts";

/** One statement that is to be sent. */
export interface Step {
  readonly file: CheckedFile;
  readonly index: number;
  readonly extent: { readonly start: number; readonly end: number };
  /** null where the file was not parsed. */
  readonly statement: Statement | null;
  readonly source: CopySource;
}

/** A file that no parser has read is one step. */
export async function stepsOf(file: CheckedFile, source: CopySource): Promise<readonly Step[]> {
  const { text, statements } = file;
  if (statements === null) return [{ file, index: 0, extent: { start: 0, end: text.length }, statement: null, source }];
  const parsed = await parse(text);
  const trees = parsed.kind === "statements" ? parsed.statements : [];
  return statements.map((extent, index) => {
    const statement = trees.find(({ start }) => start === extent.start) ?? null;
    return { file, index, extent, statement, source };
  });
}

/** Sends the statement with what it is given, and measures it. */
export type Measure = (
  send: Send,
  onNotice: (notice: ServerMessage) => void,
) => Promise<Observed | ObservedOutside>;

/** What rehearsing a statement takes, and what is known from those before it. */
export interface StepOptions {
  readonly session: Session;
  /** Looks at the session from beside it; null where there is only one connection, or where its waits are our doing. */
  readonly observer: Session | null;
  /** The backend that runs it. */
  readonly pid: number;
  /** As it is before the statement; it is changed as the statement changes the database. */
  readonly catalog: Catalog;
  /** OIDs of the relations that were there before the run. */
  readonly base: ReadonlySet<string>;
  /** Locks of earlier statements of its migration. */
  readonly held: readonly HeldSince[];
  /** How much time the statements before it took, of all migrations. */
  readonly clockMs: number;
}

/** Characters of a statement that the report shows. */
const LONGEST_TEXT = 2_000;

const NO_WAIT: Waited = { ms: 0, waits: [] };

/** @throws {Failure} of the statement; the reason of the signal */
export async function rehearseStep(
  context: Context,
  { step, measure, options }: { readonly step: Step; readonly measure: Measure; readonly options: StepOptions },
): Promise<{ readonly statement: RehearsedStatement; readonly held: readonly HeldSince[] }> {
  const { session, observer, pid, catalog, base, held, clockMs } = options;
  const { file, extent, statement, source } = step;
  const { version } = file.migration;
  const postgresVersion = Math.floor(session.facts.versionNumber / 10_000);
  const impact = statement === null ? null : impactOf(statement, catalog, { postgresVersion });
  const watching: { stopped: Promise<Waited> | null } = { stopped: null };
  const send: Send = async (listen) => {
    let tag = "";
    const afterMessage = (answer: { readonly tag: string }) => void (tag = answer.tag);
    const sending = { session, files: context.files, source, signal: context.signal, onNotice: listen, afterMessage };
    const watch = observer === null ? null : watchWaits(observer, pid);
    try {
      await sendPart({ file, ...extent }, sending);
    } finally {
      // Its last answer is waited for when the statement's time is known.
      watching.stopped = watch?.stop() ?? null;
    }
    return { tag };
  };
  let observed;
  try {
    observed = await measure(send, (notice) => reportNotice(context, { notice, file }));
  } catch (error) {
    throw failureOf(error, { context, step, waited: await watching.stopped ?? NO_WAIT });
  }
  const waited = await watching.stopped ?? NO_WAIT;
  const isOpaque = statement === null || statement.kind === "CallStmt" || statement.kind === "DoStmt";
  const commits = "isComplete" in observed && isOpaque;
  const judged = judgeObserved({
    file,
    extent,
    observed,
    waitMs: waited.ms,
    base,
    impact,
    held,
    clockMs,
    catalog,
    commits,
    unknown: unseen(observed, commits),
  });
  if (statement !== null) replay(catalog, statement, version);
  context.report(judged);
  const text = file.text.slice(extent.start, extent.end).slice(0, LONGEST_TEXT);
  const times = { startMs: clockMs, endMs: clockMs + observed.durationMs };
  return {
    statement: { judged, ...times, text, waits: waited.waits.map(waitWords) },
    held: addLocks(held, { locks: judged.locks, sinceMs: clockMs + (judged.measured?.waitMs ?? 0) }),
  };
}

/** A statement that commits on its way holds no lock in the end, and those of its INSERTs and UPDATEs stop at nothing. */
function unseen(observed: Observed | ObservedOutside, commits: boolean): string | null {
  if (commits) return "It commits on its way, so that not all it locked could be seen";
  return "isComplete" in observed && !observed.isComplete
    ? "It names so many relations that its locks could not be seen"
    : null;
}

function reportNotice(
  { report }: Context,
  { notice, file }: { readonly notice: ServerMessage; readonly file: CheckedFile },
): void {
  const { severity, message, detail, hint } = notice;
  const { version, name } = file.migration;
  const more = { ...detail === undefined ? {} : { detail }, ...hint === undefined ? {} : { hint } };
  report({ event: "notice", severity, message, ...more, version, name });
}

function failureOf(
  error: unknown,
  { context, step, waited }: { readonly context: Context; readonly step: Step; readonly waited: Waited },
): unknown {
  const { file, index, extent } = step;
  if (context.signal.aborted) return context.signal.reason;
  if (error instanceof SessionLost) return lossFailure(error, file.migration.path);
  if (!(error instanceof ServerError)) return error;
  const failure = explain(error, { file, start: extent.start, statement: index });
  const items = waited.waits.map(waitWords);
  if (failure.details.contention === undefined) return failure;
  return failure.with({ hint: REHEARSAL_LOCK_HINT, ...items.length === 0 ? {} : { items } });
}
