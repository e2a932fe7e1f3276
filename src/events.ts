/** Everything that a use case reports while it works. `src/output` turns events into text, JSON or GitHub commands. */

import type { Failure } from "./errors/failure.ts";

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
  /**
   * `data`: of the file, only rows of COPY changed. `unknown`: the applied text was not kept. `unparsed`: neither text can
   * be parsed, or one is too large to be.
   */
  readonly kind: "comments-or-white-space" | "sql" | "data" | "unknown" | "unparsed";
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

/** `up`: something that was found or done before an unfinished migration goes on. */
export interface MigrationResumed {
  readonly event: "migration_resumed";
  readonly version: bigint;
  readonly name: string;
  /** A whole sentence. */
  readonly message: string;
}

/** `up --mark-applied`: an unfinished migration was recorded as applied, and nothing of it was run. */
export interface MigrationMarked {
  readonly event: "migration_marked";
  readonly version: bigint;
  readonly name: string;
}

/** `up --dry-run`: a migration that would run. */
export interface MigrationPlanned extends Step {
  readonly event: "migration_planned";
  readonly transactional: boolean;
  /** Set for an unfinished migration: the statement, from 1, at which it would go on. */
  readonly fromStatement?: number;
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
  /** Set for an unfinished migration. */
  readonly unfinished?: Unfinished;
}

/** How far a migration came that has begun and not ended. */
export interface Unfinished {
  readonly startedAt: Date;
  /** How many of its statements are known to be done. */
  readonly statementsDone: number;
  /** How many it has; null where that is not known. */
  readonly statementsTotal: number | null;
  /** Line of the first statement that is not known to be done; null where that is not known. */
  readonly line: number | null;
  /** What stopped it; null where nobody could tell. */
  readonly failure: string | null;
  /** The backend that is at work on it; null for none. */
  readonly pid: number | null;
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

/** The run waits: for another run, for the backend of one that is gone, or for a server that is starting. */
export interface Waiting {
  readonly event: "waiting";
  readonly for: "lock" | "backend" | "server";
  /** A whole sentence: what it waits for and who holds it. */
  readonly message: string;
}

/** What a session waits for inside the server, and for whom. */
export interface LockWait {
  /** The kind of lock, as `pg_locks.locktype` names it: `relation`, `transactionid`, `virtualxid`, `advisory`, … */
  readonly kind: string;
  /** `AccessExclusiveLock`. */
  readonly mode: string;
  /** `public.posts`, quoted where SQL needs it; null where the lock is not on one, or on one that others cannot see. */
  readonly relation: string | null;
  /** What is locked otherwise: a transaction's id, an advisory lock's key, the catalog of an object. */
  readonly thing: string | null;
  readonly waitedSeconds: number;
  /** First those who hold the lock, then those who wait for it too and came first. */
  readonly blockers: readonly Blocker[];
  /** How many more there are. */
  readonly more: number;
}

/** A session or prepared transaction for which another one waits. What is null is not known, or may not be seen. */
export interface Blocker {
  /** null for a prepared transaction. */
  readonly pid: number | null;
  /** The name of a prepared transaction. */
  readonly gid: string | null;
  readonly application: string | null;
  readonly user: string | null;
  /** The address that it is connected from; null over a Unix socket. */
  readonly client: string | null;
  /** What it is, where it is no client's: `autovacuum worker`. */
  readonly process: string | null;
  /** `active`, `idle in transaction`, … */
  readonly state: string | null;
  /** How long it has been in that state, or prepared. */
  readonly sinceSeconds: number | null;
  /** Its statement as one short line without passwords. */
  readonly query: string | null;
  /** false: it waits for the same lock, ahead in the queue. */
  readonly holds: boolean;
  /** What it waits for in its turn. */
  readonly waitsFor: LockWait | null;
}

/** A statement of a migration has been waiting for a lock, or its COMMIT for a standby. Told every second. */
export interface WaitingForLock {
  readonly event: "waiting";
  readonly for: "table-lock" | "transaction" | "advisory-lock" | "other-lock" | "standby";
  readonly version: bigint;
  readonly name: string;
  /** null for a standby. */
  readonly wait: LockWait | null;
  /** The same ones are in the way of the same thing as when it was last told; only how long has changed. */
  readonly again: boolean;
  /** `waiting for AccessExclusiveLock on public.posts, held by pid 4242 (app web, user app, …): SELECT …` */
  readonly message: string;
}

/** The wait that was told of is over; the statement goes on. */
export interface WaitingEnded {
  readonly event: "waiting_ended";
  readonly version: bigint;
  readonly name: string;
}

/** How far a long statement of a migration is. Told every second; formats for files and pipes leave most of it out. */
export interface StatementProgress {
  readonly event: "progress";
  readonly version: bigint;
  readonly name: string;
  /** `CREATE INDEX CONCURRENTLY`, `COPY FROM`, `VACUUM`, … */
  readonly command: string;
  /** The server's word for what it does now. */
  readonly phase: string;
  /** How much of the phase is done, 0 to 100; null where that cannot be known. */
  readonly percent: number | null;
  /** Until the end of the phase at the speed of the last half minute; null where that cannot be known yet. */
  readonly secondsLeft: number | null;
  /** Rows that a COPY has taken. */
  readonly rows: number | null;
  /** Since the migration began. */
  readonly elapsedMs: number;
}

/** A lock could not be had, or a deadlock ended the migration: it was rolled back, and will be tried again. */
export interface Retrying {
  readonly event: "retrying";
  readonly version: bigint;
  readonly name: string;
  readonly reason: "lock-timeout" | "deadlock";
  /** The attempt that comes, from 2. */
  readonly attempt: number;
  readonly attempts: number;
  readonly pauseMs: number;
  /** Who was in the way when that was last looked at; null where it was not seen. */
  readonly wait: LockWait | null;
  readonly message: string;
}

export type Severity = "error" | "warning" | "info";

/** A stretch of a file. Lines and columns count from 1; columns count characters (code points). */
export interface Span {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  /** Behind the last character. */
  readonly endColumn: number;
  /** The text of its first line, without its line end. */
  readonly sourceLine: string;
}

/** `lint` and `check`: something in a migration that a rule has found. */
export interface Finding {
  readonly event: "finding";
  /** The rule's id. */
  readonly rule: string;
  readonly severity: Severity;
  readonly span: Span;
  /** Whole sentences. */
  readonly message: string;
  /** What to write instead, as SQL; null where there is none. */
  readonly safeForm: string | null;
}

/** `check`: what became of a migration on a database made from nothing. `inconclusive`: it could not be tried there. */
export interface MigrationChecked {
  readonly event: "migration_checked";
  readonly version: bigint;
  readonly name: string;
  readonly state: "passed" | "failed" | "inconclusive";
  /** Why it is inconclusive, without a full stop; null otherwise. */
  readonly reason: string | null;
  /** Where in its file that showed, from 1; null where it was not tried, or nobody knows. */
  readonly line: number | null;
}

/** How much a statement hurts on the database that was looked at. */
export type Verdict = "instant" | "short" | "long" | "dangerous";

/** A relation that a statement touches, as it is now. */
export interface TouchedRelation {
  /** `public.posts`, quoted where SQL needs it. */
  readonly relation: string;
  /** The server's estimate; null where it has none. */
  readonly rows: number | null;
  /** Bytes, with indexes and TOAST. */
  readonly bytes: number | null;
  /** What it takes along: `index posts_pkey`, `foreign key of comments`, `partition posts_2024`, `view recent`. */
  readonly dependents: readonly string[];
  /** Who uses it now, one sentence each, without a full stop. */
  readonly users: readonly string[];
}

/** `plan` and `rehearse`: one statement of a pending migration. */
export interface StatementJudged {
  readonly event: "statement";
  readonly version: bigint;
  /** The file's name. */
  readonly name: string;
  readonly span: Span;
  /** The command's tag, `ALTER TABLE`. */
  readonly statement: string;
  readonly verdict: Verdict;
  /** Why, a whole sentence. */
  readonly reason: string;
  /** Relations that were there before the run; catalogs left out. */
  readonly locks: readonly { readonly relation: string; readonly mode: string }[];
  /** Relations that are read whole. */
  readonly scans: readonly string[];
  /** Relations that are written anew. */
  readonly rewrites: readonly string[];
  /** Why not all of it can be known without running it; null where it can. */
  readonly unknown: string | null;
  readonly relations: readonly TouchedRelation[];
  /** What `rehearse` measured; left out by `plan`. */
  readonly measured?: Measured;
}

/** What a statement took when it ran. */
export interface Measured {
  readonly durationMs: number;
  /** How much of it was spent waiting for locks. */
  readonly waitMs: number;
  /** Bytes of write-ahead log; what others wrote meanwhile is in it, where there were others. */
  readonly walBytes: number;
  /** Rows that it inserted, updated, deleted, copied or returned. */
  readonly rows: number;
}

/** Something that a command left out or did on the way, and that nobody need act on. */
export interface Note {
  readonly event: "note";
  /** A whole sentence without a full stop. */
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

/** What became of a migration that was pending, or unfinished, when the run began. */
export interface MigrationOutcome {
  readonly version: bigint;
  readonly name: string;
  readonly outcome: "applied" | "failed" | "not_run";
  /** null where it was not run. */
  readonly durationMs: number | null;
}

export interface UpResult {
  readonly command: "up";
  /** Every migration that was pending or unfinished, in order. */
  readonly migrations: readonly MigrationOutcome[];
  readonly applied: readonly bigint[];
  readonly pending: readonly bigint[];
  /** What `--mark-applied` recorded. */
  readonly marked: readonly bigint[];
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
  /** Missing versions whose files `--restore` can write. */
  readonly restorable: readonly bigint[];
}

export interface NewResult {
  readonly command: "new";
  readonly file: string;
}

/** A rule that was applied, for readers who do not know pgmigrate's. */
export interface RuleSummary {
  readonly id: string;
  readonly severity: Severity;
  /** What it fires on, without a full stop. */
  readonly fires: string;
  /** Whole sentences. */
  readonly why: string;
  /** Whole sentences. */
  readonly instead: string;
  /** Address of PostgreSQL's page on it. */
  readonly source: string;
}

export interface LintResult {
  readonly command: "lint";
  /** How many files were looked at. */
  readonly files: number;
  readonly findings: Readonly<Record<Severity, number>>;
  /** How many files could not be looked at, since they have mistakes; each was reported as an error. */
  readonly unreadable: number;
  /** Files that `--fix` changed, and those that it wrote. */
  readonly fixed: readonly string[];
  /** How many findings `--fix` has mended. */
  readonly mended: number;
  /** How many of the findings `--fix` could mend. */
  readonly fixable: number;
  /** The rules that were applied. */
  readonly rules: readonly RuleSummary[];
}

export interface CheckResult {
  readonly command: "check";
  readonly versions: Readonly<Record<MigrationChecked["state"], readonly bigint[]>>;
  readonly findings: Readonly<Record<Severity, number>>;
  readonly durationMs: number;
  /** The rules of lint that were applied. */
  readonly rules: readonly RuleSummary[];
  /** How many files were linted: those that no base has. */
  readonly linted: number;
  /** Where the migrations were tried, as `18.4`. */
  readonly postgresVersion: string;
  readonly embedded: boolean;
  /** The file of checksums that `--write-sums` wrote; null for none. */
  readonly sums: string | null;
  /** Everything that is wrong beside the findings, or null. */
  readonly failure: Failure | null;
}

export interface PlanResult {
  readonly command: "plan";
  readonly pending: readonly bigint[];
  /** How many statements have each verdict. */
  readonly verdicts: Readonly<Record<Verdict, number>>;
  /** Tables that are kept from their readers or writers, by migration, in order. */
  readonly blocked: readonly PlannedBlock[];
}

/** How long a lock is held, by estimate: until its migration ends, or its statement where no transaction holds it. */
export interface PlannedBlock extends Pick<LockSpan, "version" | "name" | "relation" | "mode"> {
  readonly blocks: "reads-and-writes" | "writes";
  /** null where nobody can say. */
  readonly seconds: number | null;
}

export interface RehearseResult {
  readonly command: "rehearse";
  /** What ran to its end; all of it was rolled back, or is gone with the copy. */
  readonly rehearsed: readonly bigint[];
  readonly pending: readonly bigint[];
  readonly verdicts: Readonly<Record<Verdict, number>>;
  readonly durationMs: number;
  /** Locks that kept reads or writes from a table, or from some of its rows, the longest first. */
  readonly blocked: readonly LockSpan[];
  /** The page that `--report` wrote; null for none. */
  readonly report: string | null;
  /** Why it did not reach its end, or null. */
  readonly failure: Failure | null;
}

/** All that a rehearsal has measured, for its page. Times are milliseconds since it began. */
export interface RehearsalReport {
  readonly database: string;
  readonly place: "template" | "url" | "in-place";
  /** `18.4` */
  readonly server: string;
  readonly at: Date;
  readonly durationMs: number;
  readonly migrations: readonly RehearsedMigration[];
  readonly locks: readonly LockSpan[];
  /** What `lint` says of the files. */
  readonly findings: readonly Finding[];
  /** Whole sentences: what could not be measured, and what stays. */
  readonly notes: readonly string[];
  readonly failure: Failure | null;
}

/** A lock on a relation that was there before, from when it was asked for, or taken, until `up` would have let it go. */
export interface LockSpan {
  readonly version: bigint;
  readonly name: string;
  /** `public.posts`, quoted where SQL needs it. */
  readonly relation: string;
  readonly mode: string;
  /**
   * Whom it keeps from the relation. `row-writes`: who writes the rows that it has changed. `nobody`: only those who
   * change its definition, or vacuum it.
   */
  readonly blocks: "reads-and-writes" | "writes" | "row-writes" | "nobody";
  /** Milliseconds since the rehearsal began. Where others queue behind the request, it begins with that. */
  readonly fromMs: number;
  readonly untilMs: number;
  /** How much of it the lock was not had yet, while those who came queued behind the request. */
  readonly queueMs: number;
}

export interface RehearsedMigration {
  readonly version: bigint;
  readonly name: string;
  readonly transactional: boolean;
  readonly startMs: number;
  /** When `up` would have committed it, and so let its locks go. */
  readonly endMs: number;
  readonly outcome: "rehearsed" | "failed" | "not_run";
  readonly statements: readonly RehearsedStatement[];
}

export interface RehearsedStatement {
  readonly judged: StatementJudged;
  readonly startMs: number;
  readonly endMs: number;
  /** Its text, cut where it is long. */
  readonly text: string;
  /** For what and whom it waited, one sentence each. */
  readonly waits: readonly string[];
}

/** The answer of a command: the last event of each. `answer` is null when the command failed before it had one. */
export interface Result {
  readonly event: "result";
  /** null when the command line named none. */
  readonly command: string | null;
  readonly ok: boolean;
  readonly exitCode: number;
  readonly answer:
    | UpResult
    | StatusResult
    | VerifyResult
    | NewResult
    | LintResult
    | CheckResult
    | PlanResult
    | RehearseResult
    | null;
}

export type Event =
  | RunStarted
  | MigrationStarted
  | MigrationApplied
  | MigrationFailed
  | MigrationResumed
  | MigrationMarked
  | MigrationPlanned
  | MigrationListed
  | ServerNotice
  | Warning
  | Waiting
  | WaitingForLock
  | WaitingEnded
  | StatementProgress
  | Retrying
  | Finding
  | MigrationChecked
  | StatementJudged
  | Note
  | Detail
  | ErrorEvent
  | Result;
