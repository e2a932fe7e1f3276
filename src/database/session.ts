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
  /** The function of the server's source that raised it: the same in every language. */
  readonly routine?: string;
}

/** The server refused a statement. The session stays usable. */
export class ServerError extends Error {
  override readonly name = "ServerError";
  constructor(
    readonly server: ServerMessage,
    /** How many statements of the message had ended before: the index of the one that was refused. */
    readonly completed: number = 0,
  ) {
    super(server.message);
  }
}

/** The session is gone; what ran has an end that nobody here has seen. */
export class SessionLost extends Error {
  override readonly name = "SessionLost";
  constructor(
    message: string,
    /** The FATAL message, or the WARNING of its end, that the server sent before it closed, where it sent one. */
    readonly fatal: ServerMessage | null,
  ) {
    super(message);
  }

  /** Whether the server itself has ended the session, and so has run nothing of what was sent behind. */
  get endedByServer(): boolean {
    return this.fatal !== null && this.fatal.severity !== "WARNING";
  }
}

/** The file began a COPY from or to its client that nobody foresaw. The session is gone. */
export class CopyNotSupported extends SessionLost {
  constructor(readonly direction: "FROM stdin" | "TO stdout") {
    super(`COPY … ${direction} was not expected here`, null);
  }
}

/** A row, every value as the server's text of it. */
export type Row = Readonly<Record<string, string | null>>;

/** What the server answered to a message whose rows were dropped. */
export interface Answer {
  /** The tag of the last command: `COMMIT`. */
  readonly tag: string;
  /** How many statements have ended. */
  readonly completed: number;
  /** The values of the last row of all, or none. */
  readonly lastRow: readonly (string | null)[];
}

/** What a server tells about itself when a session opens. */
export interface ServerFacts {
  /** `server_version_num`: 150018 for 15.18. */
  readonly versionNumber: number;
  readonly inRecovery: boolean;
  /** Whether transactions of this session only read unless they say otherwise (default_transaction_read_only). */
  readonly readOnlyByDefault: boolean;
  /** When the server was started: another time, another server, or the same one restarted. */
  readonly startedAt: string;
  /** What a primary and its replicas have in common and no other server; null where the role may not know. */
  readonly systemIdentifier: string | null;
  /** The first schema of the search_path that exists, or null for none. */
  readonly schema: string | null;
  /** Whether it can look for its client's end while a statement runs (client_connection_check_interval): on Linux. */
  readonly watchesClient: boolean;
  /** `pg_backend_pid()`. Where it differs from {@link Session.backendPid}, a pooler sits between. */
  readonly serverPid: number;
  /** Whether idle_session_timeout ends a session of this role. */
  readonly idlesOut: boolean;
}

export interface Session extends AsyncDisposable {
  /** Process id of the backend, as BackendKeyData gave it. */
  readonly backendPid: number;
  readonly facts: ServerFacts;
  /** After the last message that was answered. */
  readonly status: TransactionStatus;
  /** Resolves when the session is gone, however it went. */
  readonly gone: Promise<SessionLost>;
  /** Whether it is not gone. */
  readonly alive: boolean;
  /**
   * Sends a text of one or more statements as one message and gives the rows of the last one that has rows.
   * @throws {ServerError} @throws {SessionLost}
   */
  query(text: string): Promise<readonly Row[]>;
  /**
   * Sends a text as one message and drops its rows as they arrive. A message may be sent while others wait for their
   * answers; they are answered in order.
   * @param onNotice is called for each NOTICE and WARNING
   * @throws {ServerError} @throws {SessionLost}
   */
  run(text: string, onNotice?: (notice: ServerMessage) => void): Promise<Answer>;
  /**
   * Sends a text as one message, whose last statement is a COPY … FROM stdin, and then data for it, no faster than the
   * server takes it. Nothing else may be on its way. When the data ends with an error, the COPY is made to fail, and that
   * error is thrown.
   *
   * @param data pieces that are good until the next one is asked for
   * @returns null when the server asked for no data: all of the text has run
   * @throws {ServerError} @throws {SessionLost}
   */
  copy(
    text: string,
    data: AsyncIterable<Uint8Array>,
    onNotice?: (notice: ServerMessage) => void,
  ): Promise<Answer | null>;
  /** Takes the session for lost, where something else than its own connection tells so. */
  giveUp(reason: string): void;
  /** Asks the server to cancel what runs (a CancelRequest on a connection of its own). */
  cancel(): Promise<void>;
}
