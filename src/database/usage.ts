/** Who uses a database's tables now, and how much they have been used. */

import type { Blocker } from "../events.ts";

/** A transaction of somebody else. Its process, or the prepared transaction, is that of {@link Blocker}. */
export interface RunningTransaction extends Omit<Blocker, "holds" | "waitsFor"> {
  /** How old it is; null where this role may not know. */
  readonly transactionSeconds: number | null;
}

/** A lock that it has on a relation. */
export interface HolderOf extends RunningTransaction {
  /** `public.posts`, quoted where SQL needs it. */
  readonly relation: string;
  /** `pg_locks.mode`. */
  readonly mode: string;
}

/** What the server has counted of a table since its statistics began. */
export interface Activity {
  readonly sequentialScans: number;
  readonly indexScans: number;
  /** Inserted, updated and deleted. */
  readonly rowsWritten: number;
}

/** A statement of pg_stat_statements. */
export interface BusyQuery {
  /** As one short line without passwords. */
  readonly query: string;
  readonly calls: number;
  readonly meanMs: number;
}

export interface Usage {
  /** Oldest transaction first. */
  readonly holders: readonly HolderOf[];
  /** Transactions of this database, for which CREATE INDEX CONCURRENTLY and its like wait; oldest first. */
  readonly transactions: readonly RunningTransaction[];
  readonly activity: ReadonlyMap<string, Activity>;
  /** Since when the server counts; null where it does not say. */
  readonly countedSince: Date | null;
  /** The queries that name each relation, those that were called most first. */
  readonly queries: ReadonlyMap<string, readonly BusyQuery[]>;
}

/** Of a database that nobody else uses: an embedded one, or one that was just made. */
export const NO_USAGE: Usage = {
  holders: [],
  transactions: [],
  activity: new Map(),
  countedSince: null,
  queries: new Map(),
};
