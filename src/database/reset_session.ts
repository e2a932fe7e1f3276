/** What a file leaves in its session, and how the session is rid of it. */

import type { Database } from "./database.ts";
import { type Session, SessionLost } from "./session.ts";

/** What a rollback leaves: prepared statements and advisory locks of the session. */
const LEFTOVERS = "DEALLOCATE ALL; SELECT pg_catalog.pg_advisory_unlock_all()";

/**
 * Rolls back what is left of a transaction, and takes back what a rollback leaves. The transaction that AND CHAIN begins
 * keeps a pooler on the same server connection for that.
 */
export async function rollBack(session: Session): Promise<void> {
  if (!session.alive || session.status === "idle") return;
  await runUnlessLost(session, ["ROLLBACK AND CHAIN", LEFTOVERS, "ROLLBACK"].join("; "));
}

/** Takes back what a transaction that has been rolled back has left in the session. */
export async function dropLeftovers(session: Session): Promise<void> {
  await runUnlessLost(session, LEFTOVERS);
}

/** A session that is lost is rolled back by its server; the first error is the one to tell. */
async function runUnlessLost(session: Session, text: string): Promise<void> {
  try {
    await session.run(text);
  } catch (error) {
    if (!(error instanceof SessionLost)) throw error;
  }
}

/**
 * What brings a session back to how it was when it opened, whatever a file did to it: a pooler's next client, and the
 * next file, would inherit it. DISCARD ALL would do it too, but not inside a transaction.
 */
export function resetSession({ kind }: Database): readonly string[] {
  return [
    // A stand-alone backend, which the embedded one is, has no session user to go back to.
    kind === "embedded" ? "SET SESSION AUTHORIZATION postgres" : "RESET SESSION AUTHORIZATION",
    "RESET ROLE",
    "CLOSE ALL",
    "UNLISTEN *",
    "DEALLOCATE ALL",
    "RESET ALL",
    "DISCARD TEMP",
    "SELECT pg_catalog.pg_advisory_unlock_all()",
  ];
}
