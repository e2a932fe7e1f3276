/** What running a migration takes beside its file. */

import type { Database } from "../database/database.ts";
import type { Backend } from "../database/look_sql.ts";
import type { ServerMessage, Session } from "../database/session.ts";
import type { Files } from "../migration/files.ts";
import type { TrackerTables } from "../database/tracker_ddl.ts";

export interface ApplyOptions {
  readonly database: Database;
  readonly session: Session;
  readonly tables: TrackerTables;
  readonly signal: AbortSignal;
  /** Whether anything more may be begun: not without the lock. */
  readonly mayBegin: () => boolean;
  /** Where the data of COPY statements is read from. */
  readonly files: Files;
  /** Milliseconds; 0 for no limit. */
  readonly lockTimeoutMs: number;
  /** Milliseconds; 0 for no limit. */
  readonly statementTimeoutMs: number;
  /** Called with the backend that runs the migration: through a pooler, each transaction may have another. */
  readonly onBackend: (backend: Backend) => void;
  /** Called for each NOTICE and WARNING of the file. */
  readonly onNotice: (notice: ServerMessage) => void;
  /** Called when the server says that the file held no statement. */
  readonly onEmpty: () => void;
  /** Called with a sentence for each thing that is found or done before an unfinished migration goes on. */
  readonly onResume: (message: string) => void;
}
