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

export type Row = Readonly<Record<string, string | null>>;

export interface Session extends AsyncDisposable {
  /** Process id of the server's backend, as its BackendKeyData message gave it. */
  readonly backendPid: number;
  readonly status: TransactionStatus;
  /** CommandComplete messages since the last `query` or `run` began: the index of the statement that failed. */
  readonly completed: number;
  /** Sends a text of one or more statements as one message and gives the rows of the last, every value as text. */
  query(text: string): Promise<readonly Row[]>;
  /** Sends a text as one message, drops its rows as they arrive, and gives the tag of the last command (`COMMIT`). */
  run(text: string): Promise<string>;
  /** Asks the server to cancel what runs (a CancelRequest on a connection of its own). */
  cancel(): Promise<void>;
  /** Called for each NOTICE and WARNING. */
  onNotice: (notice: ServerMessage) => void;
}
