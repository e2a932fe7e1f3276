/** Runs a migration in one transaction with its tracker row: both or neither. */

import { claim, moveClaim } from "../database/claim.ts";
import { commitOutcome } from "../database/commit_outcome.ts";
import { ServerError, SessionLost } from "../database/session.ts";
import { type Failure, notRecorded, outcomeUnknown, transactionEnded } from "../errors.ts";
import { type ApplyOptions, resetSession, rollBack } from "./apply.ts";
import type { CheckedFile } from "./check_files.ts";
import { explain, lossFailure } from "./explain.ts";
import { cancelOnAbort } from "./interruption.ts";

/** client_connection_check_interval: how soon a server notices that its client is gone while a statement runs. */
const CONNECTION_CHECK = "2s";

/** transaction_timeout came with PostgreSQL 17. */
const HAS_TRANSACTION_TIMEOUT = 170_000;

/** @throws {Failure} */
export async function applyInTransaction(file: CheckedFile, options: ApplyOptions): Promise<number> {
  const { session, signal } = options;
  const progress: Progress = { sending: "claim", xact: null };
  try {
    return await send(file, options, progress);
  } catch (error) {
    if (error instanceof SessionLost) return await afterLoss(error, { file, options, progress });
    const statement = session.completed;
    await rollBack(session);
    if (!(error instanceof ServerError)) throw error;
    // The cancel of an interrupt comes back as an error of the statement that it ended.
    signal.throwIfAborted();
    if (progress.sending === "file") throw explain(error, { file, start: 0, statement });
    if (progress.sending === "constraints") throw explain(error, { file, start: 0, statement: null });
    throw notRecorded(file.migration.path, error.server);
  }
}

interface Progress {
  sending: "claim" | "file" | "constraints" | "row" | "commit";
  /** The transaction's id, once it is known. */
  xact: string | null;
  durationMs?: number;
}

async function send(file: CheckedFile, options: ApplyOptions, progress: Progress): Promise<number> {
  const { session, tables, signal } = options;
  progress.xact = await claim(session, tables, { migration: file.migration, before: begin(options) });

  progress.sending = "file";
  const start = performance.now();
  {
    using _cancel = cancelOnAbort(session, signal);
    await session.run(file.text);
    if (session.completed === 0) options.onEmpty();
    if (session.status !== "in-transaction") throw transactionEnded(file.migration.path);
    progress.sending = "constraints";
    await session.run("SET CONSTRAINTS ALL IMMEDIATE");
  }
  const durationMs = progress.durationMs = performance.now() - start;

  progress.sending = "row";
  const moved = await session.query(record(options, durationMs));
  if (moved.length !== 1) throw transactionEnded(file.migration.path);
  signal.throwIfAborted();

  progress.sending = "commit";
  const tag = await session.run("COMMIT");
  if (tag !== "COMMIT") throw transactionEnded(file.migration.path);
  return durationMs;
}

function begin({ database, lockTimeoutMs, statementTimeoutMs }: ApplyOptions): string[] {
  return [
    "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
    `SET LOCAL lock_timeout = ${lockTimeoutMs}`,
    `SET LOCAL statement_timeout = ${statementTimeoutMs}`,
    // The embedded server cannot see whether its client is gone, and has its client in its own process.
    ...database.kind === "server" ? [`SET LOCAL client_connection_check_interval = '${CONNECTION_CHECK}'`] : [],
  ];
}

/** The reset and the tracker row, in one message of ASCII: see `moveClaim`. */
function record({ database, session, tables }: ApplyOptions, durationMs: number): string {
  return [
    resetSession(database),
    "SET LOCAL search_path = pg_catalog, pg_temp",
    "SET LOCAL statement_timeout = 0",
    "SET LOCAL lock_timeout = 0",
    "SET LOCAL idle_in_transaction_session_timeout = 0",
    ...session.facts.versionNumber >= HAS_TRANSACTION_TIMEOUT ? ["SET LOCAL transaction_timeout = 0"] : [],
    moveClaim(tables, { of: "this-transaction", durationMs }),
  ].join("; ");
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
  const failure: Failure = lossFailure(lost, file.migration.path);
  if (progress.sending !== "commit" || progress.xact === null) {
    // The embedded database is ended to interrupt it.
    options.signal.throwIfAborted();
    throw failure;
  }
  const outcome = await commitOutcome(options.database, { xact: progress.xact, signal: options.signal });
  if (outcome === "committed") return progress.durationMs!;
  throw outcome === "aborted" ? failure : outcomeUnknown(file.migration.path, lost.message);
}
