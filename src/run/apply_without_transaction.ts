/**
 * Runs a migration outside a transaction, a statement a message, and notes after each how far it came. What stops
 * half-way is never called applied: its claim stays, and `up` goes no further until somebody has looked at it.
 */

import { claim, dropClaim, moveClaim, noteProgress } from "../database/claim.ts";
import { invalidIndexes } from "../database/invalid_indexes.ts";
import { ServerError, SessionLost } from "../database/session.ts";
import { invalidIndexLeft, transactionLeftOpen } from "../errors.ts";
import { type ApplyOptions, resetSession, rollBack } from "./apply.ts";
import type { CheckedFile, Extent } from "./check_files.ts";
import { explain, lossFailure } from "./explain.ts";
import { cancelOnAbort } from "./interruption.ts";

/** @throws {Failure} */
export async function applyWithoutTransaction(file: CheckedFile, options: ApplyOptions): Promise<number> {
  const { session, signal, tables } = options;
  const { migration } = file;
  let done = 0;
  let at: Extent = { start: 0, end: 0 };
  try {
    await session.run(settings(options));
    await claim(session, tables, { migration, before: [] });
    const start = performance.now();
    for (at of extentsOf(file)) {
      signal.throwIfAborted();
      using _cancel = cancelOnAbort(session, signal);
      await session.run(file.text.slice(at.start, at.end));
      done++;
      // Inside a BEGIN … COMMIT of the file nothing is done yet; the count is taken where it has ended.
      if (session.status === "idle") await session.run(noteProgress(tables, migration.version, done).text);
    }
    if (done === 0) options.onEmpty();
    if (session.status !== "idle") throw transactionLeftOpen(migration.path);
    const invalid = await invalidIndexes(session, file.indexes);
    if (invalid.length > 0) throw invalidIndexLeft(migration.path, invalid);
    const durationMs = performance.now() - start;
    await session.run(resetSession(options.database));
    await session.run(moveClaim(tables, { of: migration.version, durationMs }).text);
    return durationMs;
  } catch (error) {
    if (error instanceof SessionLost) throw lossFailure(error, migration.path);
    await rollBack(session);
    if (done === 0 && !(await leavesTraces(error, { file, options }))) {
      await session.run(resetSession(options.database));
      await session.run(dropClaim(tables, migration.version).text);
    }
    if (!(error instanceof ServerError)) throw error;
    signal.throwIfAborted();
    throw explain(error, { file, start: at.start, statement: done });
  }
}

/** The parts that are sent one by one; a file that was not parsed is one part. */
function extentsOf({ text, statements }: CheckedFile): readonly Extent[] {
  return statements ?? [{ start: 0, end: text.length }];
}

/** Waits of CREATE INDEX CONCURRENTLY count against lock_timeout and would leave an invalid index: no limit here. */
function settings({ statementTimeoutMs }: ApplyOptions): string {
  return `SET lock_timeout = 0; SET statement_timeout = ${statementTimeoutMs}; ` +
    "SET idle_in_transaction_session_timeout = 0";
}

/** Whether a first statement that failed may still have left something: an invalid index, or part of its work. */
async function leavesTraces(
  error: unknown,
  { file, options }: { readonly file: CheckedFile; readonly options: ApplyOptions },
): Promise<boolean> {
  if (!(error instanceof ServerError) || file.statements === null) return true;
  return (await invalidIndexes(options.session, file.indexes)).length > 0;
}
