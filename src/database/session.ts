/** One connection to a PostgreSQL server, over the simple protocol only. */

export type TransactionStatus = "idle" | "in-transaction" | "failed-transaction";

/** What the server said of an error or notice (PostgreSQL documentation, "Error and Notice Message Fields"). */
export interface ServerMessage {
  readonly severity: string;
  readonly sqlstate: string;
  readonly message: string;
  readonly detail?: string;
  readonly hint?: string;
  /** Characters (code points) from the start of the text sent, from 1. */
  readonly position?: number;
  readonly internalPosition?: number;
  readonly internalQuery?: string;
  readonly where?: string;
}

/** The server refused a statement. The session stays usable. */
export class ServerError extends Error {
  override readonly name = "ServerError";
  constructor(readonly server: ServerMessage) {
    super(server.message);
  }
}

/** The session is gone; what ran has an end that nobody here has seen. */
export class SessionLost extends Error {
  override readonly name = "SessionLost";
  constructor(
    message: string,
    /** The FATAL message that the server sent before it closed, where it sent one. */
    readonly fatal: ServerMessage | null,
  ) {
    super(message);
  }
}

/** The file began a COPY from or to its client, which this session does not speak. The session is gone. */
export class CopyNotSupported extends SessionLost {
  constructor(readonly direction: "FROM stdin" | "TO stdout") {
    super(`COPY … ${direction} is not supported here`, null);
  }
}

/** A row, every value as the server's text of it. */
export type Row = Readonly<Record<string, string | null>>;

/** What a server tells about itself when a session opens. */
export interface ServerFacts {
  /** `server_version_num`: 150018 for 15.18. */
  readonly versionNumber: number;
  readonly inRecovery: boolean;
  /** The first schema of the search_path that exists, or null for none. */
  readonly schema: string | null;
  /** Whether it can look for its client's end while a statement runs (client_connection_check_interval): on Linux. */
  readonly watchesClient: boolean;
  /** `pg_backend_pid()`. Where it differs from {@link Session.backendPid}, a pooler sits between. */
  readonly serverPid: number;
}

export interface Session extends AsyncDisposable {
  /** Process id of the backend, as BackendKeyData gave it. */
  readonly backendPid: number;
  readonly facts: ServerFacts;
  readonly status: TransactionStatus;
  /** CommandComplete messages since the last `query` or `run` began: the index of the statement that failed. */
  readonly completed: number;
  /** Resolves when the session is gone, however it went. */
  readonly gone: Promise<SessionLost>;
  /** Whether it is not gone. */
  readonly alive: boolean;
  /** Called for each NOTICE and WARNING. */
  onNotice: (notice: ServerMessage) => void;
  /**
   * Sends a text of one or more statements as one message and gives the rows of the last one that has rows.
   * @throws {ServerError} @throws {SessionLost}
   */
  query(text: string): Promise<readonly Row[]>;
  /**
   * Sends a text as one message, drops its rows as they arrive, and gives the tag of the last command (`COMMIT`).
   * @throws {ServerError} @throws {SessionLost}
   */
  run(text: string): Promise<string>;
  /** Asks the server to cancel what runs (a CancelRequest on a connection of its own). */
  cancel(): Promise<void>;
}
