/**
 * pgmigrate as a library: the same use cases as the command line, for Deno programs that bring their own database up to
 * date. They report events to a callback, never print, and never end the process.
 *
 * @example
 * ```ts
 * import { up } from "./src/mod.ts";
 *
 * const outcome = await up({ databaseUrl: "postgres://app@localhost/app", migrations: "migrations" });
 * if (outcome.failure !== null) throw outcome.failure;
 * ```
 *
 * @module
 */

import { reach } from "./database/reach.ts";
import type {
  CheckResult,
  Event,
  LintResult,
  NewResult,
  PlanResult,
  RehearseResult,
  StatusResult,
  UpResult,
  VerifyResult,
} from "./events.ts";
import { diskFiles } from "./migration/disk_files.ts";
import { check as runCheck } from "./run/check.ts";
import type { Context } from "./run/context.ts";
import { chooseRules } from "./run/choose_rules.ts";
import { lintMigrations } from "./run/lint.ts";
import { newMigration as runNew } from "./run/new.ts";
import type { RehearsalPlace, TableName } from "./run/options.ts";
import { plan as runPlan } from "./run/plan.ts";
import { rehearse as runRehearse } from "./run/rehearse.ts";
import { status as runStatus } from "./run/status.ts";
import { up as runUp } from "./run/up.ts";
import { verify as runVerify } from "./run/verify.ts";

export { type Contention, Failure, type FailureDetails, type Place } from "./errors/failure.ts";
export type * from "./events.ts";
export type { RehearsalPlace, TableName } from "./run/options.ts";

/** What every call takes. */
export interface CommonOptions {
  /** The migrations directory. */
  readonly migrations: string;
  /**
   * Called with each event as it happens. It should not throw: what it throws ends the call, which then rejects, while
   * migrations that were on their way may still be applied.
   */
  readonly onEvent?: (event: Event) => void;
}

/** What every call takes that connects to a database. */
export interface DatabaseOptions extends CommonOptions {
  /** `postgres://…`, `key=value` pairs, `embedded:` or `embedded:DIR`. */
  readonly databaseUrl: string;
  /** Environment variables to read what the URL leaves out from, as libpq does (`PGPASSWORD`, …). Default: none. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default: `schema_migrations` in the first schema of the connection's search_path. */
  readonly table?: TableName;
  /** Aborts the run: the running statement is cancelled and rolled back, and the call throws the signal's reason. */
  readonly signal?: AbortSignal;
  /** How long to wait for a database that is still starting, in milliseconds. Default 0. */
  readonly waitMs?: number;
}

export interface UpOptions extends DatabaseOptions {
  /** Apply up to and with this version. Default: all. */
  readonly to?: bigint;
  /** Default false. */
  readonly allowOutOfOrder?: boolean;
  /** The unfinished migration to go on with, at the first statement that is not known to be done. Default: none. */
  readonly retry?: bigint;
  /** The unfinished migration to record as applied, since all of it is there. Default: none. */
  readonly markApplied?: bigint;
  /** Report what would run, and touch nothing. Default false. */
  readonly dryRun?: boolean;
  /** Parse every pending file before the first runs. Default true. */
  readonly parse?: boolean;
  /** How long to wait for another run to end, in milliseconds. Default 60,000. */
  readonly lockWaitMs?: number;
  /** lock_timeout of each migration, in milliseconds; 0 for none. Default 5,000. */
  readonly lockTimeoutMs?: number;
  /** How often a migration is tried that a lock_timeout or a deadlock ends. Default 10. */
  readonly lockAttempts?: number;
  /** What all these attempts and the pauses between them may take, in milliseconds; 0 for no limit. Default 600,000. */
  readonly lockBudgetMs?: number;
  /** statement_timeout of each migration, in milliseconds; 0 for none. Default 0. */
  readonly statementTimeoutMs?: number;
}

export interface VerifyOptions extends DatabaseOptions {
  /** Write the checksums of the files as they are now for migrations that another tool applied. Default false. */
  readonly record?: boolean;
  /** Write missing files from the tracker. Default false. */
  readonly restore?: boolean;
}

export interface PlanOptions extends DatabaseOptions {
  /** Look at migrations up to and with this version. Default: all. */
  readonly to?: bigint;
  /** Default false. */
  readonly allowOutOfOrder?: boolean;
}

export interface RehearseOptions extends DatabaseOptions {
  /** Where to run: on a copy made for it, on one that is there, or on the database itself. Default: a copy made for it. */
  readonly place?: RehearsalPlace;
  /** Rehearse migrations up to and with this version. Default: all. */
  readonly to?: bigint;
  /** Default false. */
  readonly allowOutOfOrder?: boolean;
  /** How long to wait for another run to end. Default one minute. */
  readonly lockWaitMs?: number;
  /** lock_timeout; must not be 0 in place. Default 5 seconds. */
  readonly lockTimeoutMs?: number;
  /** statement_timeout; must be given in place. Default 0, no limit. */
  readonly statementTimeoutMs?: number;
}

export interface CheckOptions extends Omit<DatabaseOptions, "databaseUrl"> {
  /** A server, on which a database is made for it and dropped again. Default: an embedded PostgreSQL, in memory. */
  readonly databaseUrl?: string;
  /** A directory of migrations, or a file of checksums, that must not have been changed. Default: none. */
  readonly base?: string;
  /** The same, a file of checksums only. Default: none. */
  readonly sums?: string;
  /** The file of checksums to write. Default: none. */
  readonly writeSums?: string;
  /** The ids of the rules of lint to apply. Default: all. */
  readonly rules?: readonly string[];
  /** The oldest major version of PostgreSQL that the files must suit, for lint. Default 14. */
  readonly postgresVersion?: number;
}

export interface LintOptions extends CommonOptions {
  /** Paths of the files to look at. Default: all of the directory. */
  readonly files?: readonly string[];
  /** The ids of the rules to apply. Default: all. */
  readonly rules?: readonly string[];
  /** The oldest major version of PostgreSQL that the files must suit. Default 14. */
  readonly postgresVersion?: number;
  /** Write the safe form into the files where that is mechanical. Default false. */
  readonly fix?: boolean;
}

export interface NewOptions extends CommonOptions {
  /** What the migration is called. Not needed with `revert`. */
  readonly title?: string;
  /** Number it by UTC time. Default false. */
  readonly timestamp?: boolean;
  /** The version whose statements it takes back. */
  readonly revert?: bigint;
}

const LOCK_WAIT_MS = 60_000;
const LOCK_TIMEOUT_MS = 5_000;
const LOCK_ATTEMPTS = 10;
const LOCK_BUDGET_MS = 600_000;
const OLDEST_POSTGRES_VERSION = 14;
const DEFAULT_TABLE: TableName = { schema: null, name: "schema_migrations" };

/**
 * Applies the pending migrations, in order, each in its own transaction.
 *
 * @returns every migration that was pending as applied, failed or not run, and the failure if there is one
 * @throws {Failure} when the run failed before it knew what is pending: no database, files that cannot be read, …
 */
export function up(options: UpOptions): Promise<UpResult> {
  return runUp(contextOf(options), {
    ...common(options),
    to: options.to ?? null,
    allowOutOfOrder: options.allowOutOfOrder ?? false,
    retry: options.retry ?? null,
    markApplied: options.markApplied ?? null,
    dryRun: options.dryRun ?? false,
    parse: options.parse ?? true,
    lockWaitMs: options.lockWaitMs ?? LOCK_WAIT_MS,
    lockTimeoutMs: options.lockTimeoutMs ?? LOCK_TIMEOUT_MS,
    lockAttempts: options.lockAttempts ?? LOCK_ATTEMPTS,
    lockBudgetMs: options.lockBudgetMs ?? LOCK_BUDGET_MS,
    statementTimeoutMs: options.statementTimeoutMs ?? 0,
  });
}

/** Reports every migration with its state. @throws {Failure} */
export function status(options: DatabaseOptions): Promise<StatusResult> {
  return runStatus(contextOf(options), common(options));
}

/** Compares every applied migration with its file. @throws {Failure} */
export function verify(options: VerifyOptions): Promise<VerifyResult> {
  const { record = false, restore = false } = options;
  return runVerify(contextOf(options), { ...common(options), record, restore });
}

/**
 * Reports of each pending statement what it would do to the database, and to those who use it. It changes nothing.
 *
 * @throws {Failure} where history does not match the files, a file has a mistake, or the database cannot be read
 */
export function plan(options: PlanOptions): Promise<PlanResult> {
  const { to = null, allowOutOfOrder = false } = options;
  return runPlan(contextOf(options), { ...common(options), to, allowOutOfOrder });
}

/**
 * Runs the pending migrations for real, reports each statement with what was measured of it, and keeps nothing.
 *
 * @returns what was rehearsed, who would have waited, and the failure if there is one
 * @throws {Failure} when it failed before anything ran: no copy to be had, history that does not match the files, …
 */
export function rehearse(options: RehearseOptions): Promise<RehearseResult> {
  return runRehearse(contextOf(options), {
    ...common(options),
    place: options.place ?? { kind: "template" },
    to: options.to ?? null,
    allowOutOfOrder: options.allowOutOfOrder ?? false,
    lockWaitMs: options.lockWaitMs ?? LOCK_WAIT_MS,
    lockTimeoutMs: options.lockTimeoutMs ?? LOCK_TIMEOUT_MS,
    statementTimeoutMs: options.statementTimeoutMs ?? 0,
    report: null,
  });
}

/**
 * Applies every migration from nothing, and reports each as passed, failed or inconclusive.
 *
 * @returns the versions by state, what was found, and the failure if there is one
 * @throws {Failure} when what the files mean is not certain, or the server cannot be worked with
 */
export function check(options: CheckOptions): Promise<CheckResult> {
  const { databaseUrl = null, base = null, sums = null, writeSums = null, rules: named = [] } = options;
  const { postgresVersion = OLDEST_POSTGRES_VERSION } = options;
  const rules = chooseRules({ named });
  const context = contextOf({ ...options, databaseUrl: databaseUrl ?? "embedded:" });
  return runCheck(context, { ...common(options), databaseUrl, base, sums, writeSums, rules, postgresVersion });
}

/**
 * Reports what is dangerous in migrations, by their text alone, each with its rule, its place and what to write instead.
 *
 * @throws {Failure} when a file or a rule is not there, or what the files mean is not certain
 */
export async function lint(options: LintOptions): Promise<LintResult> {
  const { migrations, files = null, rules: named = [], postgresVersion = OLDEST_POSTGRES_VERSION, fix = false } =
    options;
  const context = { files: diskFiles(), report: options.onEvent ?? (() => {}) };
  const rules = chooseRules({ named });
  return await lintMigrations(context, { migrations, named: files, listed: null, rules, postgresVersion, fix });
}

/** Makes the next migration's file. @throws {Failure} */
export function newMigration(options: NewOptions): Promise<NewResult> {
  const { migrations, title = null, timestamp = false, revert = null } = options;
  const report = options.onEvent ?? (() => {});
  return runNew({ now: () => new Date(), files: diskFiles(), report }, { migrations, title, timestamp, revert });
}

function common({ migrations, table = DEFAULT_TABLE }: Pick<DatabaseOptions, "migrations" | "table">) {
  return { migrations, table };
}

function contextOf(options: DatabaseOptions): Context {
  const report = options.onEvent ?? (() => {});
  const signal = options.signal ?? new AbortController().signal;
  return {
    now: () => new Date(),
    random: Math.random,
    files: diskFiles(),
    report,
    signal,
    connect(purpose, elsewhere = {}) {
      const { databaseUrl: url, env = {}, waitMs = 0 } = options;
      const os = Deno.build.os === "windows" ? "windows" : "other";
      return reach({ url, env, os, signal, waitMs, report }, { purpose, elsewhere });
    },
  };
}
