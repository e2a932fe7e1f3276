/** Runs a migration in one transaction with its tracker row, waiting for each answer: both or neither. */

import { isClaimed } from "../database/claim.ts";
import { commitOutcome } from "../database/commit_outcome.ts";
import { closing, opening } from "../database/migration_transaction.ts";
import { rollBack } from "../database/reset_session.ts";
import { ServerError, SessionLost } from "../database/session.ts";
import { outcomeUnknown } from "../errors/connection_lost.ts";
import { transactionEnded } from "../errors/running.ts";
import { CopySource } from "../migration/copy_source.ts";
import type { ApplyOptions } from "./apply_options.ts";
import type { CheckedFile } from "./check_files.ts";
import { lossFailure } from "./explain.ts";
import { interruptible } from "./interruptible.ts";
import { sendPart } from "./send_part.ts";
import { type Part, transactionFailure } from "./transaction_failure.ts";
import { withSession } from "./with_session.ts";

/** How far a migration has come. */
interface Progress {
  sending: Part;
  /** The transaction's id, once it is known. */
  xact: string;
  durationMs: number;
}

/**
 * @returns how long its transaction took, in milliseconds
 * @throws {Failure}
 */
export async function applyInTransaction(file: CheckedFile, options: ApplyOptions): Promise<number> {
  const { session, signal } = options;
  const progress: Progress = { sending: "claim", xact: "", durationMs: 0 };
  try {
    await send(file, options, progress);
    return progress.durationMs;
  } catch (error) {
    if (error instanceof SessionLost) return await afterLoss(error, { file, options, progress });
    const { status } = session;
    await rollBack(session);
    if (!(error instanceof ServerError)) throw error;
    // The cancel of an interrupt comes back as an error of the statement that it ended.
    signal.throwIfAborted();
    const remains = progress.sending !== "claim" && await claimRemains(file, options);
    if (progress.sending === "row" && error.completed > 0 && remains) throw transactionEnded(file.migration.path);
    const kept = remains || progress.sending === "file" && status === "idle" ? "part" : "nothing";
    throw transactionFailure(error, { part: progress.sending, file }).with({ kept });
  }
}

async function send(file: CheckedFile, options: ApplyOptions, progress: Progress): Promise<void> {
  const { session, tables, database, onNotice } = options;
  const { migration } = file;
  const { facts } = session;
  const before = opening({ ...options, migration, facts, after: null });
  const claimed = await interruptible(options, () => session.run(before.join("; ")));
  progress.xact = claimed.lastRow[1]!;
  options.onBackend(Number(claimed.lastRow[2]));

  progress.sending = "file";
  const afterMessage = () => {
    if (session.status !== "in-transaction") throw transactionEnded(migration.path);
  };
  await using source = new CopySource(options.files, migration);
  const whole = { file, start: 0, end: file.text.length };
  if (await sendPart(whole, { ...options, source, afterMessage }) === 0) options.onEmpty();
  if (file.copies.length > 0) await source.finish();

  progress.sending = "row";
  const behind = closing({ migration, tables, facts, database });
  const recorded = await interruptible(options, () => session.run(behind.join("; "), onNotice));
  progress.durationMs = Number(recorded.lastRow[1]);

  const { tag } = await interruptible(options, () => {
    progress.sending = "commit";
    return session.run("COMMIT", onNotice);
  });
  if (tag !== "COMMIT") throw transactionEnded(migration.path);
}

/**
 * Whether a file that no parser has read has committed a part of itself, its claim with it: a COMMIT and a BEGIN in it
 * leave the session as if nothing had happened.
 */
async function claimRemains(
  { statements, migration }: CheckedFile,
  { database, signal, tables }: ApplyOptions,
): Promise<boolean> {
  if (statements !== null || database.kind === "embedded") return false;
  return await withSession(database, signal, (session) => isClaimed(session, tables, migration.version));
}

/** The connection went. Before COMMIT was sent nothing was kept; after that, only the server knows, and it is asked. */
async function afterLoss(
  lost: SessionLost,
  { file, options, progress }: {
    readonly file: CheckedFile;
    readonly options: ApplyOptions;
    readonly progress: Progress;
  },
): Promise<number> {
  const { path } = file.migration;
  if (progress.sending === "commit") {
    const { session, tables, database } = options;
    const sent = { xact: progress.xact, version: file.migration.version, tables, facts: session.facts };
    const outcome = await commitOutcome(database, sent, options.signal);
    if (outcome === "committed") return progress.durationMs;
    if (outcome === "unknown") throw outcomeUnknown(path, lost.message);
  }
  // The embedded database is ended to interrupt it.
  options.signal.throwIfAborted();
  throw lossFailure(lost, path).with({ kept: file.statements === null ? "unknown" : "nothing" });
}
