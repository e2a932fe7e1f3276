/** A session for as long as some work needs it. */

import type { Database } from "../database/database.ts";
import { isStatementPooling } from "../database/pooler.ts";
import { ServerError, type Session, SessionLost } from "../database/session.ts";
import { TrackerLocked } from "../database/tracker_locked.ts";
import { connectionLost } from "../errors/connection_lost.ts";
import { poolsStatements } from "../errors/pooler.ts";
import { queryRefused, trackerLocked } from "../errors/tracker.ts";
import { blockersWords } from "./wait_words.ts";

/**
 * Opens a session for some work. When the signal aborts, what the session runs is cancelled.
 *
 * @throws {Failure} what the server refuses of pgmigrate's own queries, and the loss of the session, are failures too;
 * after an abort, the signal's reason
 */
export async function withSession<T>(
  database: Database,
  signal: AbortSignal,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  return await useSession(await database.open(), signal, work);
}

/** Does some work with a session that is open, as {@link withSession}, and ends it. */
export async function useSession<T>(
  session: Session,
  signal: AbortSignal,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  await using _ended = session;
  const cancel = () => void session.cancel().catch(() => {});
  signal.addEventListener("abort", cancel);
  try {
    signal.throwIfAborted();
    return await work(session);
  } catch (error) {
    throw ownFailure(error, signal);
  } finally {
    signal.removeEventListener("abort", cancel);
  }
}

/** An error of one of pgmigrate's own queries as the failure that it is; anything else as it was. */
export function ownFailure(error: unknown, signal: AbortSignal): unknown {
  if (error instanceof TrackerLocked) {
    return trackerLocked(error.tracker, error.server, error.blockers.map((blocker) => blockersWords([blocker], 0)));
  }
  if (!(error instanceof ServerError) && !(error instanceof SessionLost)) return error;
  if (signal.aborted) return signal.reason;
  if (error instanceof SessionLost && isStatementPooling(error)) return poolsStatements();
  return error instanceof ServerError ? queryRefused(error.server) : connectionLost(error.message, error.fatal);
}
