/**
 * Runs a migration outside a transaction, a statement a message, and notes after each how far it came. What stops
 * half-way is never called applied: its claim stays, and `up` goes no further until somebody has looked at it.
 */

import { claim, type ClaimOf, dropClaim, moveClaim, noteProgress } from "../database/claim.ts";
import { invalidIndexes } from "../database/invalid_indexes.ts";
import { ServerError, SessionLost } from "../database/session.ts";
import { claimedElsewhere, claimLost, Failure, invalidIndexLeft, transactionLeftOpen } from "../errors.ts";
import type { ApplyOptions } from "./apply_options.ts";
import type { CheckedFile, CheckedStatement } from "./check_files.ts";
import { explain, lossFailure, recordFailure } from "./explain.ts";
import { resetSession, rollBack } from "./session_state.ts";

/** How far a migration has come. */
interface Progress {
  sending: "own" | "statement";
  /** Set once its claim is committed. */
  claim: ClaimOf | null;
  /** Statements that the server has run. */
  done: number;
  /** Of these, how many are known to be committed. */
  committed: number;
  current: CheckedStatement | null;
}

interface Run {
  readonly file: CheckedFile;
  readonly options: ApplyOptions;
  readonly progress: Progress;
}

/** @throws {Failure} */
export async function applyWithoutTransaction(file: CheckedFile, options: ApplyOptions): Promise<number> {
  const { session, signal } = options;
  const progress: Progress = { sending: "own", claim: null, done: 0, committed: 0, current: null };
  try {
    return await send(file, options, progress);
  } catch (error) {
    if (error instanceof SessionLost) {
      signal.throwIfAborted();
      throw lossFailure(error, file.migration.path);
    }
    const inBlock = session.status !== "idle";
    await rollBack(session);
    if (session.alive) await session.run(resetSession(options.database));
    const nothing = progress.claim === null ||
      progress.committed === 0 && (inBlock || await nothingWasDone(error, { file, options, progress }));
    if (nothing && progress.claim !== null) {
      await session.run([...ownTransaction(options), dropClaim(options.tables, progress.claim), "COMMIT"].join("; "));
    }
    throw failureOf(error, { file, options, progress }).with({ kept: nothing ? "nothing" : "part" });
  }
}

function failureOf(error: unknown, { file, options, progress }: Run): Failure {
  if (error instanceof Failure) return error;
  if (!(error instanceof ServerError)) throw error;
  options.signal.throwIfAborted();
  if (progress.sending === "own") return recordFailure(error, file.migration);
  return explain(error, { file, start: progress.current!.start, statement: progress.done });
}

async function send(file: CheckedFile, options: ApplyOptions, progress: Progress): Promise<number> {
  const { session, signal, tables } = options;
  const { migration } = file;
  await session.run(settings(options));
  const xact = await claim(session, tables, { migration, before: ["BEGIN READ WRITE"], after: ["COMMIT"] });
  if (xact === null) throw claimedElsewhere(migration.name, migration.path);
  const own = progress.claim = { version: migration.version, xact };

  const before = await invalidIndexes(session, file.indexes.filter(({ name }) => name === null));
  const start = performance.now();
  for (const statement of statementsOf(file)) {
    signal.throwIfAborted();
    progress.current = statement;
    progress.sending = "statement";
    await session.run(file.text.slice(statement.start, statement.end));
    progress.done++;
    progress.sending = "own";
    // Inside a BEGIN … COMMIT of the file nothing is done yet; the count is taken where it has ended.
    if (session.status === "idle") {
      progress.committed = progress.done;
      await session.run([...ownTransaction(options), noteProgress(tables, own, progress.done), "COMMIT"].join("; "));
    }
  }
  if (progress.done === 0) options.onEmpty();
  if (session.status !== "idle") throw transactionLeftOpen(migration.path);
  const durationMs = performance.now() - start;

  const invalid = (await invalidIndexes(session, file.indexes)).filter((name) => !before.includes(name));
  if (invalid.length > 0) throw invalidIndexLeft(migration.path, invalid);
  await session.run(resetSession(options.database));
  const moved = await session.query([...ownTransaction(options), moveClaim(tables, own, durationMs)].join("; "));
  if (moved.length !== 1) throw claimLost(migration.path);
  await session.run("COMMIT");
  return durationMs;
}

/** The parts that are sent one by one; a file that was not parsed is one part. */
function statementsOf({ text, statements }: CheckedFile): readonly CheckedStatement[] {
  return statements ?? [{ start: 0, end: text.length, mayLeavePart: true }];
}

/** Waits of CREATE INDEX CONCURRENTLY count against lock_timeout and would leave an invalid index: no limit here. */
function settings({ statementTimeoutMs }: ApplyOptions): string {
  return [
    "SET lock_timeout = 0",
    `SET statement_timeout = ${statementTimeoutMs}`,
    "SET idle_in_transaction_session_timeout = 0",
    "SET default_transaction_read_only = off",
  ].join("; ");
}

/** Begins a transaction of ours as ourselves; its end gives the file its role and settings back. */
function ownTransaction({ database }: ApplyOptions): readonly string[] {
  return [
    "BEGIN READ WRITE",
    // A stand-alone backend, which the embedded one is, has no session user to go back to.
    `SET LOCAL SESSION AUTHORIZATION ${database.kind === "embedded" ? "postgres" : "DEFAULT"}`,
    "SET LOCAL ROLE NONE",
    "SET LOCAL search_path = pg_catalog, pg_temp",
    "SET LOCAL lock_timeout = 0",
    "SET LOCAL statement_timeout = 0",
  ];
}

/** Whether it is certain that a migration which failed at its first statement has left nothing behind. */
async function nothingWasDone(error: unknown, { file, options, progress }: Run): Promise<boolean> {
  if (!(error instanceof ServerError)) return false;
  if (progress.current?.mayLeavePart) return false;
  return (await invalidIndexes(options.session, file.indexes)).length === 0;
}
