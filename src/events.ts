/** Everything that a use case reports while it works. `src/output` turns events into text, JSON or GitHub commands. */

import type { Failure } from "./errors.ts";

/** What a migration is, seen from the files and the tracker together. */
export type State = "applied" | "pending" | "edited" | "missing" | "out_of_order" | "unrecorded" | "unfinished";

/** All states, in the order in which results list them. */
export const STATES = [
  "applied",
  "pending",
  "edited",
  "missing",
  "out_of_order",
  "unrecorded",
  "unfinished",
] as const satisfies readonly State[];

/** One line of the difference between the text that was applied and the file as it is now. */
export interface ChangedLine {
  readonly kind: "removed" | "added";
  readonly text: string;
}

/** How an edited file differs from what was applied. */
export interface Edit {
  /** `unknown`: the applied text was not kept, or one side cannot be parsed. */
  readonly kind: "comments-or-white-space" | "sql" | "unknown";
  readonly lines: readonly ChangedLine[];
}

interface Step {
  readonly version: bigint;
  /** The file's name, `004_add_created_at.sql`. */
  readonly name: string;
  /** Its place in this run, from 1. */
  readonly index: number;
  /** How many migrations this run has. */
  readonly total: number;
}

/** `up`: what it is about to run, before the first of them; not reported when there is nothing to run. */
export interface RunStarted {
  readonly event: "run_started";
  readonly migrations: readonly { readonly version: bigint; readonly name: string }[];
  /** Highest version that the tracker has now, or null for none. */
  readonly version: bigint | null;
}

export interface MigrationStarted extends Step {
  readonly event: "migration_started";
}

export interface MigrationApplied extends Step {
  readonly event: "migration_applied";
  readonly durationMs: number;
}

export interface MigrationFailed extends Step {
  readonly event: "migration_failed";
  readonly durationMs: number;
}

/** `up --dry-run`: a migration that would run. */
export interface MigrationPlanned extends Step {
  readonly event: "migration_planned";
  readonly transactional: boolean;
}

/** `status` and `verify`: one migration. */
export interface MigrationListed {
  readonly event: "migration";
  readonly version: bigint;
  readonly name: string;
  readonly state: State;
  readonly appliedAt: Date | null;
  readonly checksum: string | null;
  /** Set when the file was renamed after it was applied: the name that the tracker has. */
  readonly renamedFrom?: string;
  /** Set by `verify` for an edited migration. */
  readonly edit?: Edit;
  /** Set for an unfinished migration: how many of its statements are known to be done. */
  readonly statementsDone?: number;
}

/** A NOTICE or WARNING of the server. */
export interface ServerNotice {
  readonly event: "notice";
  /** `NOTICE`, `WARNING`, `INFO`, … */
  readonly severity: string;
  readonly message: string;
  readonly detail?: string;
  readonly hint?: string;
  /** The migration that raised it, if one was running. */
  readonly version?: bigint;
  readonly name?: string;
}

/** Something the user should know that does not stop the run. */
export interface Warning {
  readonly event: "warning";
  /** kebab-case. */
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly file?: string;
}

/** The run waits: for another run, or for a server that is starting. */
export interface Waiting {
  readonly event: "waiting";
  readonly for: "lock" | "server";
  /** A whole sentence: what it waits for and who holds it. */
  readonly message: string;
}

/** Detail that only `--verbose` shows. */
export interface Detail {
  readonly event: "detail";
  readonly message: string;
}

export interface ErrorEvent {
  readonly event: "error";
  readonly failure: Failure;
}

/** Versions by state; a state without migrations has an empty list. */
export type VersionsByState = Readonly<Record<State, readonly bigint[]>>;

/** What became of a migration that was pending when the run began. */
export interface MigrationOutcome {
  readonly version: bigint;
  readonly name: string;
  readonly outcome: "applied" | "failed" | "not_run";
  /** null where it was not run. */
  readonly durationMs: number | null;
}

export interface UpResult {
  readonly command: "up";
  /** Every migration that was pending, in order. */
  readonly migrations: readonly MigrationOutcome[];
  readonly applied: readonly bigint[];
  readonly pending: readonly bigint[];
  /** Highest version that the tracker has, or null for none. */
  readonly version: bigint | null;
  readonly durationMs: number;
  readonly dryRun: boolean;
  /** Why the run did not reach its end, or null. */
  readonly failure: Failure | null;
}

export interface StatusResult {
  readonly command: "status";
  readonly versions: VersionsByState;
  readonly version: bigint | null;
}

export interface VerifyResult {
  readonly command: "verify";
  readonly versions: VersionsByState;
  /** SHA-256 over version and checksum of every applied row in order. */
  readonly stateDigest: string;
  /** Versions whose checksum `--record` wrote. */
  readonly recorded: readonly bigint[];
  /** Files that `--restore` wrote. */
  readonly restored: readonly string[];
}

export interface NewResult {
  readonly command: "new";
  readonly file: string;
}

/** The answer of a command: the last event of each. `answer` is null when the command failed before it had one. */
export interface Result {
  readonly event: "result";
  /** null when the command line named none. */
  readonly command: string | null;
  readonly ok: boolean;
  readonly exitCode: number;
  readonly answer: UpResult | StatusResult | VerifyResult | NewResult | null;
}

export type Event =
  | RunStarted
  | MigrationStarted
  | MigrationApplied
  | MigrationFailed
  | MigrationPlanned
  | MigrationListed
  | ServerNotice
  | Warning
  | Waiting
  | Detail
  | ErrorEvent
  | Result;
