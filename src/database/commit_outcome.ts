/** How a transaction ended whose COMMIT was sent and never answered. */

import { askingTime } from "./asking_time.ts";
import type { Database } from "./database.ts";
import { isSameHistory } from "./same_server.ts";
import { pause } from "./pause.ts";
import { ServerError, type ServerFacts, type Session } from "./session.ts";
import { EQUALS, sql } from "./sql.ts";
import type { TrackerTables } from "./tracker_ddl.ts";

const PAUSE_MS = 200;

/** The transaction in question. */
export interface SentCommit {
  readonly xact: string;
  /** The version that it records. */
  readonly version: bigint;
  readonly tables: TrackerTables;
  /** Of the session that it ran in. */
  readonly facts: ServerFacts;
}

export type CommitOutcome = "committed" | "aborted" | "unknown";

/**
 * Asks the server, or the one that has taken its place, how a transaction ended. A COMMIT that waits for a synchronous
 * standby is in progress until it ends.
 *
 * The number of a transaction means something only in the history that it comes from: on another server it is another
 * transaction. A promoted standby has the same history, but may have ended before this transaction and have given its
 * number to another one. So the number counts only together with the row that the transaction wrote.
 *
 * @returns `unknown` when no server of that history can be asked, or the transaction does not end, within 15 seconds or
 *   until the user interrupts
 */
export async function commitOutcome(
  database: Database,
  sent: SentCommit,
  interrupt: AbortSignal,
): Promise<CommitOutcome> {
  const limit = askingTime(interrupt);
  while (!limit.aborted) {
    try {
      await using session = await database.openAnywhere(limit);
      if (!isSameHistory(session.facts, sent.facts)) return "unknown";
      const outcome = await outcomeOn(session, sent);
      if (outcome !== "unknown") return outcome;
    } catch {
      // Not back yet: the server is asked again until the deadline.
    }
    await pause(PAUSE_MS, limit).catch(() => {});
  }
  return "unknown";
}

/** invalid_parameter_value: the number was not given out yet. undefined_table: the tracker was not there yet. */
const BEFORE_IT = ["22023", "42P01"];

async function outcomeOn(session: Session, { xact, version, tables, facts }: SentCommit): Promise<CommitOutcome> {
  let row;
  try {
    [row] = await session.query(
      sql`
      SELECT pg_catalog.pg_xact_status(${xact}::pg_catalog.xid8) AS status,
        EXISTS (SELECT FROM ${tables.applied} WHERE version ${EQUALS} ${version}) AS recorded`.text,
    );
  } catch (error) {
    if (error instanceof ServerError && BEFORE_IT.includes(error.server.sqlstate)) return "aborted";
    throw error;
  }
  if (row?.status === "committed") {
    if (row.recorded === "t") return "committed";
    // Where the server has run on, the row is about to be seen. Elsewhere the number was given to another transaction.
    return session.facts.startedAt === facts.startedAt ? "unknown" : "aborted";
  }
  return row?.status === "aborted" ? "aborted" : "unknown";
}
