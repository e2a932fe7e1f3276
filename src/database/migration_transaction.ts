/** The statements of ours round a migration that runs in a transaction. */

import type { Migration } from "../migration/migration.ts";
import { claimOrRaise, moveOrRaise, rememberApplied } from "./claim.ts";
import type { Database } from "./database.ts";
import { resetSession } from "./reset_session.ts";
import { NO_IDLE_TIMEOUT } from "./pooler.ts";
import type { ServerFacts } from "./session.ts";
import { sql } from "./sql.ts";
import type { TrackerTables } from "./tracker_ddl.ts";

/** client_connection_check_interval: how soon a server notices that its client is gone while a statement runs. */
const CONNECTION_CHECK = "2s";

/** transaction_timeout came with PostgreSQL 17. */
const HAS_TRANSACTION_TIMEOUT = 170_000;

/** What the file deferred fails here, as the file's failure, and not at COMMIT. */
export const DEFERRED_CONSTRAINTS = "SET CONSTRAINTS ALL IMMEDIATE";

/** What the transaction of a file may wait for and take. */
export interface TransactionLimits {
  readonly facts: ServerFacts;
  /** Milliseconds; 0 for no limit. */
  readonly lockTimeoutMs: number;
  /** Milliseconds; 0 for no limit. */
  readonly statementTimeoutMs: number;
}

export const BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";

/** Before the file: the transaction begins, and claims the migration or raises an error. */
export function opening({ migration, after, tables, ...limits }: TransactionLimits & {
  readonly migration: Migration;
  /** The version that must be applied for this one to run; null where that is known. */
  readonly after: bigint | null;
  readonly tables: TrackerTables;
}): readonly string[] {
  return [BEGIN, ...transactionSettings(limits), claimOrRaise(tables, { migration, after }).text];
}

/** What a transaction runs under in which a file does. */
export function transactionSettings(
  { facts, lockTimeoutMs, statementTimeoutMs }: TransactionLimits,
): readonly string[] {
  return [
    sql`SET LOCAL lock_timeout = ${lockTimeoutMs}`.text,
    sql`SET LOCAL statement_timeout = ${statementTimeoutMs}`.text,
    ...noTimeouts(facts),
    ...facts.watchesClient ? [sql`SET LOCAL client_connection_check_interval = ${CONNECTION_CHECK}`.text] : [],
  ];
}

/**
 * After the file: its deferred constraints are checked, its session is reset, and the claim moves to the tracker, under
 * settings of ours whatever the role or the database has as its defaults.
 */
export function closing({ migration, tables, facts, database, remember = false }: {
  readonly migration: Migration;
  readonly tables: TrackerTables;
  readonly facts: ServerFacts;
  readonly database: Database;
  /** Whether the session is to know that it has applied this one, for what is sent behind it. */
  readonly remember?: boolean;
}): readonly string[] {
  return [
    DEFERRED_CONSTRAINTS,
    ...resetSession(database),
    ...facts.idlesOut ? [NO_IDLE_TIMEOUT] : [],
    "SET LOCAL search_path = pg_catalog, pg_temp",
    "SET LOCAL statement_timeout = 0",
    "SET LOCAL lock_timeout = 0",
    ...noTimeouts(facts),
    ...remember ? [rememberApplied(migration.version)] : [],
    moveOrRaise(tables, migration.version).text,
  ];
}

/** Timeouts of the server that are for applications: a migration may take long, and the way to it too. */
function noTimeouts({ versionNumber }: ServerFacts): readonly string[] {
  return [
    "SET LOCAL idle_in_transaction_session_timeout = 0",
    ...versionNumber >= HAS_TRANSACTION_TIMEOUT ? ["SET LOCAL transaction_timeout = 0"] : [],
  ];
}
