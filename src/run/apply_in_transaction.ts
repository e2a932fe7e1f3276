/** Runs a migration in one transaction with its tracker row: both or neither. */

import { claim, isClaimed, moveClaim } from "../database/claim.ts";
import { commitOutcome } from "../database/commit_outcome.ts";
import { ServerError, SessionLost } from "../database/session.ts";
import { claimedElsewhere, claimLost, outcomeUnknown, transactionEnded } from "../errors.ts";
import type { ApplyOptions } from "./apply_options.ts";
import type { CheckedFile } from "./check_files.ts";
import { explain, lossFailure, recordFailure } from "./explain.ts";
import { resetSession, rollBack } from "./session_state.ts";
import { withSession } from "./with_session.ts";

/** client_connection_check_interval: how soon a server notices that its client is gone while a statement runs. */
const CONNECTION_CHECK = "2s";

/** transaction_timeout came with PostgreSQL 17. */
const HAS_TRANSACTION_TIMEOUT = 170_000;

/** What the file deferred fails here, as the file's failure, and not at COMMIT. */
const DEFERRED_CONSTRAINTS = "SET CONSTRAINTS ALL IMMEDIATE";

/** How far a migration has come. */
interface Progress {
  sending: "claim" | "file" | "row" | "commit";
  /** The transaction's id, once it is known. */
  xact: string;
  durationMs: number;
}

/** @throws {Failure} */
export async function applyInTransaction(file: CheckedFile, options: ApplyOptions): Promise<number> {
  const { session, signal } = options;
  const progress: Progress = { sending: "claim", xact: "", durationMs: 0 };
  try {
    await send(file, options, progress);
    return progress.durationMs;
  } catch (error) {
    if (error instanceof SessionLost) return await afterLoss(error, { file, options, progress });
    const statement = session.completed;
    const ended = session.status === "idle" && progress.sending === "file";
    await rollBack(session);
    if (!(error instanceof ServerError)) throw error;
    // The cancel of an interrupt comes back as an error of the statement that it ended.
    signal.throwIfAborted();
    if (progress.sending === "file") {
      const kept = ended || await claimRemains(file, options) ? "part" : "nothing";
      throw explain(error, { file, start: 0, statement }).with({ kept });
    }
    // The first statement behind the file is the check of the constraints that it deferred.
    if (progress.sending === "row" && statement === 0) throw explain(error, { file, start: 0, statement: null });
    throw recordFailure(error, file.migration);
  }
}

async function send(file: CheckedFile, options: ApplyOptions, progress: Progress): Promise<void> {
  const { session, tables, signal } = options;
  const { migration } = file;
  const xact = await claim(session, tables, { migration, before: begin(options) });
  if (xact === null) throw claimedElsewhere(migration.name, migration.path);
  progress.xact = xact;

  progress.sending = "file";
  const start = performance.now();
  await session.run(file.text);
  if (session.completed === 0) options.onEmpty();
  if (session.status !== "in-transaction") throw transactionEnded(migration.path);

  progress.durationMs = performance.now() - start;

  progress.sending = "row";
  const row = moveClaim(tables, { version: migration.version, xact: progress.xact }, progress.durationMs);
  const statements = [DEFERRED_CONSTRAINTS, resetSession(options.database), ...ownSettings(options), row];
  const moved = await session.query(statements.join("; "));
  if (moved.length !== 1) {
    throw await claimRemains(file, options) ? transactionEnded(migration.path) : claimLost(migration.path);
  }
  signal.throwIfAborted();

  progress.sending = "commit";
  const tag = await session.run("COMMIT");
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

function begin({ session, lockTimeoutMs, statementTimeoutMs }: ApplyOptions): string[] {
  return [
    "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
    `SET LOCAL lock_timeout = ${lockTimeoutMs}`,
    `SET LOCAL statement_timeout = ${statementTimeoutMs}`,
    ...session.facts.watchesClient ? [`SET LOCAL client_connection_check_interval = '${CONNECTION_CHECK}'`] : [],
  ];
}

/** What the tracker row is written under, whatever the role or the database has as its defaults. */
function ownSettings({ session }: ApplyOptions): string[] {
  return [
    "SET LOCAL search_path = pg_catalog, pg_temp",
    "SET LOCAL statement_timeout = 0",
    "SET LOCAL lock_timeout = 0",
    "SET LOCAL idle_in_transaction_session_timeout = 0",
    ...session.facts.versionNumber >= HAS_TRANSACTION_TIMEOUT ? ["SET LOCAL transaction_timeout = 0"] : [],
  ];
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
    const outcome = await commitOutcome(options.database, progress.xact);
    if (outcome === "committed") return progress.durationMs;
    if (outcome === "unknown") throw outcomeUnknown(path, lost.message);
  }
  // The embedded database is ended to interrupt it.
  options.signal.throwIfAborted();
  throw lossFailure(lost, path).with({ kept: file.statements === null ? "unknown" : "nothing" });
}
