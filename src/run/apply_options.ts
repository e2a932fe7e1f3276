/** What running a migration takes beside its file. */

import type { Database } from "../database/database.ts";
import type { Session } from "../database/session.ts";
import type { TrackerTables } from "../database/tracker_ddl.ts";

export interface ApplyOptions {
  readonly database: Database;
  readonly session: Session;
  readonly tables: TrackerTables;
  readonly signal: AbortSignal;
  /** Milliseconds; 0 for no limit. */
  readonly lockTimeoutMs: number;
  /** Milliseconds; 0 for no limit. */
  readonly statementTimeoutMs: number;
  /** Called when the server says that the file held no statement. */
  readonly onEmpty: () => void;
}
