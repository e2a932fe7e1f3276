/**
 * Runs a migration outside a transaction, a statement a message, so that whatever ends the run, the next one knows how
 * far it came. What stops half-way is never called applied: its claim stays.
 */

import { claim, type ClaimOf, dropClaim, moveClaim } from "../database/claim.ts";
import { describeClaim, noteFailure, resumeClaim } from "../database/claim_progress.ts";
import { isPooled } from "../database/pooler.ts";
import { despiteCancel, ownTransaction } from "../database/own_transaction.ts";
import { sql } from "../database/sql.ts";
import { ServerError, SessionLost } from "../database/session.ts";
import { Failure } from "../errors/failure.ts";
import { claimedElsewhere, claimLost } from "../errors/other_runs.ts";
import { transactionLeftOpen } from "../errors/sql.ts";
import { CopySource } from "../migration/copy_source.ts";
import type { ApplyOptions } from "./apply_options.ts";
import type { CheckedFile } from "./check_files.ts";
import { explain, lossFailure, recordFailure } from "./explain.ts";
import { leftBehind } from "./left_behind.ts";
import { type Progress, type Run, sendStatements } from "./send_statements.ts";
import { resetSession, rollBack } from "../database/reset_session.ts";
import { settle } from "./settle.ts";
import { stoppedSentence } from "./stopped_sentence.ts";

/** @throws {Failure} */
export async function applyWithoutTransaction(file: CheckedFile, options: ApplyOptions): Promise<number> {
  const progress: Progress = { claim: null, done: 0, sent: null, current: null, sending: "own" };
  await using source = new CopySource(options.files, file.migration);
  const run = { file, options, source, progress };
  try {
    return await send(run);
  } catch (error) {
    throw await stopped(error, run);
  }
}

async function send(run: Run): Promise<number> {
  const { file, options, progress } = run;
  const { session, tables, database } = options;
  // A pooler would hand what is set here to its next client, and this run another connection.
  if (!isPooledServer(options)) await session.run(settings(options));
  const own = file.resume === undefined ? await begin(run) : await resume(run);
  progress.claim = own;
  if (file.resume !== undefined) await settle(run, file.resume);

  const start = performance.now();
  await sendStatements(run);
  const durationMs = performance.now() - start;

  if (session.status !== "idle") throw transactionLeftOpen(file.migration.path);
  await session.run(resetSession(database).join("; "));
  const moved = await session.query([...ownTransaction(database), moveClaim(tables, own, durationMs)].join("; "));
  if (moved.length !== 1) throw claimLost(file.migration.path);
  await session.run("COMMIT");
  return durationMs;
}

/** Claims a migration that nobody has begun. */
async function begin({ file: { migration, statements }, options }: Run): Promise<ClaimOf & { readonly xact: string }> {
  const { session, tables, database } = options;
  const { version } = migration;
  const running = { statements: statements?.length ?? null, pooled: isPooledServer(options) };
  const xact = await claim(session, tables, {
    migration,
    before: ownTransaction(database),
    after: [describeClaim(tables, { version }, running).text, "COMMIT"],
  });
  if (xact === null) throw claimedElsewhere(migration.name, migration.path);
  return { version, xact, attempt: 1 };
}

/** Takes over the claim that an earlier run has left. */
async function resume({ file, options, progress }: Run): Promise<ClaimOf & { readonly xact: string }> {
  const { session, tables, database } = options;
  const { migration, statements } = file;
  const { claim: of, done } = file.resume!;
  const running = { statements: statements?.length ?? null, pooled: isPooledServer(options), migration };
  const taken = await session.query(
    [...ownTransaction(database), resumeClaim(tables, of, running), "COMMIT"].join("; "),
  );
  if (taken.length !== 1) throw claimedElsewhere(migration.name, migration.path);
  progress.done = done;
  return { ...of, attempt: Number(taken[0]!.attempt) };
}

function isPooledServer({ database, session }: ApplyOptions): boolean {
  return database.kind === "server" && isPooled(session);
}

function settings({ lockTimeoutMs, statementTimeoutMs }: ApplyOptions): string {
  return [
    sql`SET lock_timeout = ${lockTimeoutMs}`,
    sql`SET statement_timeout = ${statementTimeoutMs}`,
    "SET idle_in_transaction_session_timeout = 0",
    "SET default_transaction_read_only = off",
  ].join("; ");
}

/** Finds out what a run that was stopped leaves, and says so: in the claim, and in the failure. */
async function stopped(error: unknown, run: Run): Promise<unknown> {
  const { file, options, progress } = run;
  const { session, signal, tables, database } = options;
  if (error instanceof SessionLost) {
    // The embedded database is ended to interrupt it.
    const failure = signal.aborted ? signal.reason : lossFailure(error, file.migration.path);
    return failure instanceof Failure ? failure.with({ state: stoppedSentence(run, "unknown") }) : failure;
  }
  const failure = failureOf(error, run);
  if (!(failure instanceof Failure)) return failure;
  try {
    await rollBack(session);
    const left = await despiteCancel(session, () => leftBehind(error, run));
    await despiteCancel(session, () => session.run(resetSession(database).join("; ")));
    if (progress.claim !== null) {
      const note = left === "nothing"
        ? dropClaim(tables, progress.claim)
        : noteFailure(tables, progress.claim, summaryOf(failure));
      const message = [...ownTransaction(database), note, "COMMIT"].join("; ");
      await despiteCancel(session, () => session.run(message));
    }
    return failure.with({ state: stoppedSentence(run, left) });
  } catch (lost) {
    if (!(lost instanceof SessionLost)) throw lost;
    // The first error is the one to tell.
    return failure.with({ state: stoppedSentence(run, "unknown") });
  }
}

function failureOf(error: unknown, { file, options, progress }: Run): unknown {
  if (options.signal.aborted) return options.signal.reason;
  if (!(error instanceof ServerError)) return error;
  if (progress.sending === "own") return recordFailure(error, file.migration);
  const start = file.statements?.[progress.current!]?.start ?? 0;
  return explain(error, { file, start, statement: progress.current });
}

function summaryOf({ message, details: { sqlstate } }: Failure): string {
  return sqlstate === undefined ? message : `${message} [${sqlstate}]`;
}
