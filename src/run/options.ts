/** What each use case can be asked, already validated. Durations are in milliseconds; 0 means no limit. */

import type { RehearsalReport } from "../events.ts";

export interface TableName {
  /** null: the first schema of the connection's search_path. */
  readonly schema: string | null;
  readonly name: string;
}

export interface CommonOptions {
  /** The migrations directory. */
  readonly migrations: string;
  readonly table: TableName;
}

export interface UpOptions extends CommonOptions {
  /** Apply up to and with this version; null for all. */
  readonly to: bigint | null;
  readonly allowOutOfOrder: boolean;
  /** The unfinished migration to go on with; null for none. */
  readonly retry: bigint | null;
  /** The unfinished migration to record as applied; null for none. */
  readonly markApplied: bigint | null;
  readonly dryRun: boolean;
  /** Parse every pending file before the first runs. */
  readonly parse: boolean;
  /** How long to wait for another run to end. 0: do not wait. */
  readonly lockWaitMs: number;
  /** lock_timeout of each migration. 0: no limit. */
  readonly lockTimeoutMs: number;
  /** How often a migration is tried that a lock_timeout or a deadlock ends; 1 or more. */
  readonly lockAttempts: number;
  /** What all these attempts and the pauses between them may take. 0: no limit. */
  readonly lockBudgetMs: number;
  /** statement_timeout of each migration. 0: no limit. */
  readonly statementTimeoutMs: number;
}

export type StatusOptions = CommonOptions;

/** What is looked at is what {@link UpOptions} of the same values would run. */
export type PlanOptions = CommonOptions & Pick<UpOptions, "to" | "allowOutOfOrder">;

export interface VerifyOptions extends CommonOptions {
  /** Write the checksums of the files as they are now for unrecorded migrations. */
  readonly record: boolean;
  /** Write missing files from the tracker. */
  readonly restore: boolean;
}

export interface CheckOptions extends CommonOptions, Pick<LintOptions, "rules" | "postgresVersion"> {
  /** A server, on which a scratch database is made; null for the embedded PostgreSQL. */
  readonly databaseUrl: string | null;
  /** A directory of migrations or a file of checksums that must not have been changed; null for none. */
  readonly base: string | null;
  /** The same, a file of checksums only; null for none. */
  readonly sums: string | null;
  /** The file of checksums to write; null for none. */
  readonly writeSums: string | null;
}

/** Where to rehearse: on a copy made for it, on one that is there, or on the database itself. */
export type RehearsalPlace =
  | { readonly kind: "template" }
  | { readonly kind: "url"; readonly url: string }
  | { readonly kind: "in-place" };

export interface RehearseOptions extends CommonOptions {
  readonly place: RehearsalPlace;
  /** Rehearse up to and with this version; null for all. */
  readonly to: bigint | null;
  readonly allowOutOfOrder: boolean;
  /** How long to wait for another run to end. 0: do not wait. */
  readonly lockWaitMs: number;
  readonly lockTimeoutMs: number;
  readonly statementTimeoutMs: number;
  /** The page to write, and what makes it; null for none. */
  readonly report: { readonly file: string; readonly render: (report: RehearsalReport) => string } | null;
}

export interface NewOptions {
  readonly migrations: string;
  /** What the user called it; null with `revert`, where the reverted file gives the name. */
  readonly title: string | null;
  /** Number by UTC time instead of the next number. */
  readonly timestamp: boolean;
  readonly revert: bigint | null;
}

export interface LintOptions {
  readonly migrations: string;
  /** Paths that the user gave; null: all of the directory. */
  readonly named: readonly string[] | null;
  /** Paths from a list that another program made: what is no migration, or not there, is skipped. null for none. */
  readonly listed: readonly string[] | null;
  /** The ids of the rules that are applied. */
  readonly rules: ReadonlySet<string>;
  /** The oldest major version of PostgreSQL that the files must suit. */
  readonly postgresVersion: number;
  /** Write the safe form where that is mechanical. */
  readonly fix: boolean;
}
