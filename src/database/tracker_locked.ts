/** What is told when others keep pgmigrate from its tracker: who they are. */

import type { Blocker } from "../events.ts";
import type { ServerError, ServerMessage } from "./session.ts";

/** lock_not_available (PostgreSQL documentation, "PostgreSQL Error Codes"). */
const LOCK_NOT_AVAILABLE = "55P03";

/** lock_timeout has ended the wait for a lock on the tracker. Nothing was written. */
export class TrackerLocked extends Error {
  override readonly name = "TrackerLocked";
  constructor(
    /** `schema.table` */
    readonly tracker: string,
    readonly server: ServerMessage,
    /** Whoever holds a lock on it, or waits for one, now that the wait is over: nobody, where they have just ended. */
    readonly blockers: readonly Blocker[],
  ) {
    super(server.message);
  }
}

/** Whether a lock_timeout has ended what was sent. */
export function isLockTimeout({ server }: ServerError): boolean {
  return server.sqlstate === LOCK_NOT_AVAILABLE;
}
