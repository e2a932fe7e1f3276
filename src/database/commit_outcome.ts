/** How a transaction ended whose COMMIT was sent and never answered. */

import type { Database } from "./database.ts";
import type { Session } from "./session.ts";
import { literal } from "./sql.ts";

/** How long the server may take to come back, and the transaction to end. */
const PATIENCE_MS = 15_000;

const PAUSE_MS = 200;

/**
 * Asks the server, over a new connection, how a transaction ended (`pg_xact_status`). A COMMIT that waits for a
 * synchronous standby shows as `in progress` until it ends.
 *
 * @returns `unknown` when the server cannot be asked, or the transaction does not end, within 15 seconds
 */
export async function commitOutcome(database: Database, xact: string): Promise<"committed" | "aborted" | "unknown"> {
  const deadline = performance.now() + PATIENCE_MS;
  while (performance.now() < deadline) {
    try {
      await using session = await database.open();
      const status = await statusOf(session, xact);
      if (status === "committed" || status === "aborted") return status;
    } catch {
      // Not back yet: the server is asked again until the deadline.
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  return "unknown";
}

async function statusOf(session: Session, xact: string): Promise<string | null> {
  const [row] = await session.query(`SELECT pg_catalog.pg_xact_status(${literal(xact)}::pg_catalog.xid8) AS status`);
  return row?.status ?? null;
}
