/**
 * Every failure that pgmigrate can report: its code, its sentence, its hint and its exit code, on one page.
 *
 * Sentences are in sentence case without a full stop; the next step is the hint. Exit codes are those of the README.
 */

/** Where in a file something is wrong. Lines and columns count from 1; columns count characters (code points). */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The text of that line, without its line end. */
  readonly sourceLine: string;
}

/** What may accompany a failure, each part only where it is known. */
export interface FailureDetails {
  /** What to do next: one or more whole sentences or commands. */
  readonly hint?: string;
  readonly place?: Place;
  /** The file it is about, where there is no place inside it. */
  readonly file?: string;
  readonly sqlstate?: string;
  /** DETAIL of the server. */
  readonly detail?: string;
  /** CONTEXT of the server: the PL/pgSQL call stack and the query inside it. */
  readonly where?: string;
  /** The things it is about, one a line: files, versions, holders of a lock. */
  readonly items?: readonly string[];
  /** Statements that a person may run by hand, shown under the hint. */
  readonly sql?: readonly string[];
  /** What the state of the database now is. */
  readonly state?: string;
  /** How much of the migration that failed is in the database. */
  readonly kept?: "nothing" | "part" | "unknown";
  /** More failures found at the same time, each to be reported as well. */
  readonly others?: readonly Failure[];
}

/** Some failures as the first of them with the others in it; null for none. */
export function together(failures: readonly Failure[]): Failure | null {
  const [first, ...others] = failures;
  return first === undefined || others.length === 0 ? first ?? null : first.with({ others });
}

export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 130 | 143;

/** A failure that a user can act on. Anything else that is thrown is a defect of pgmigrate. */
export class Failure extends Error {
  override readonly name = "Failure";
  constructor(
    /** kebab-case; part of the JSON contract. */
    readonly code: string,
    readonly exitCode: ExitCode,
    message: string,
    readonly details: FailureDetails = {},
  ) {
    super(message);
  }

  /** The same failure with more details. */
  with(details: FailureDetails): Failure {
    return new Failure(this.code, this.exitCode, this.message, { ...this.details, ...details });
  }
}

// ---- Migration files

export function directoryMissing(directory: string): Failure {
  return new Failure("directory-missing", 2, `The migrations directory ${directory} does not exist`, {
    hint: "Name another one with --migrations DIR, or make the first migration: pgmigrate new NAME",
  });
}

export function directoryIsFile(path: string): Failure {
  return new Failure("directory-is-a-file", 2, `${path} is a file, not a directory of migrations`, {
    hint: "Name the directory that holds the file with --migrations DIR",
  });
}

export function directoryUnreadable(directory: string, reason: string): Failure {
  return new Failure("directory-unreadable", 2, `Cannot read the migrations directory ${directory}: ${reason}`);
}

export function nothingToMigrate(directory: string, ignored: readonly string[]): Failure {
  return new Failure("no-migrations", 2, `The migrations directory ${directory} holds no migrations`, {
    hint: "A migration is a file NNN_name.sql. Name another directory with --migrations DIR, or make the first one: " +
      "pgmigrate new NAME",
    ...ignored.length > 0 ? { items: ignored.map((name) => `ignored: ${name}`) } : {},
  });
}

export function fileUnreadable(file: string, reason: string): Failure {
  return new Failure("file-unreadable", 2, `Cannot read ${file}: ${reason}`, { file });
}

export function fileExists(file: string): Failure {
  return new Failure("file-exists", 2, `${file} exists already`, { file });
}

export function cannotWrite(file: string, reason: string): Failure {
  return new Failure("cannot-write", 2, `Cannot write ${file}: ${reason}`, { file });
}

export function notAFile(file: string): Failure {
  return new Failure("not-a-file", 2, `${file} is named like a migration, but no file can be read there`, {
    hint: "It is a directory, or a link that leads nowhere. Rename or remove it",
    file,
  });
}

export function badVersion(file: string): Failure {
  return new Failure("bad-version", 2, `The version of ${file} is not between 1 and 9223372036854775807`, {
    hint: "Rename the file: its version is the number that its name starts with",
    file,
  });
}

export function duplicateVersions(version: bigint, files: readonly string[]): Failure {
  return new Failure("duplicate-version", 2, `Version ${version} belongs to more than one file`, {
    hint: "Give the newer one the next free number; 1 and 001 are the same version",
    items: files,
    file: files[0]!,
  });
}

export function notUtf8(file: string, offset: number): Failure {
  return new Failure("not-utf8", 2, `${file} is not UTF-8: invalid byte at offset ${offset}`, {
    hint: "Save the file as UTF-8",
    file,
  });
}

export function nulByte(file: string, offset: number): Failure {
  return new Failure("nul-byte", 2, `${file} holds a NUL byte at offset ${offset}`, {
    hint: "PostgreSQL takes no NUL bytes in SQL. Save the file as UTF-8 text; UTF-16 is full of NUL bytes",
    file,
  });
}

export function badDirective(
  { comment, reason, known, place }: {
    readonly comment: string;
    readonly reason: "unknown" | "has-value" | "repeated" | "misspelt";
    readonly known: readonly string[];
    readonly place: Place;
  },
): Failure {
  const sentence = {
    "unknown": `Unknown directive: ${comment}`,
    "has-value": `This directive takes no value: ${comment}`,
    "repeated": `This directive stands twice: ${comment}`,
    "misspelt": `This looks like a directive and is none: ${comment}`,
  }[reason];
  return new Failure("bad-directive", 2, sentence, {
    hint: `A directive is a comment at the top of the file: ${known.map((key) => `-- pgmigrate: ${key}`).join(", ")}`,
    place,
  });
}

// ---- connecting

/** The ways to name a database, for those who named none. */
export function noDatabase(): Failure {
  return new Failure("no-database", 2, "No database was given", {
    hint: "Set DATABASE_URL=postgres://user@host/database, or give --database-url, or set PGHOST and PGDATABASE. " +
      "To try pgmigrate without a server: --database-url embedded: (in memory) or embedded:DIR (kept in DIR).",
  });
}

/** The text that names the database cannot be read. `problem` must hold no part of that text: it has the password. */
export function invalidDatabaseUrl(problem: string, hint?: string): Failure {
  return new Failure("invalid-database-url", 2, `Cannot read the database URL: ${problem}`, {
    hint: hint ??
      "Write postgres://user:password@host:5432/database, or host=… dbname=… user=…, or embedded:, or embedded:DIR.",
  });
}

/** @param setting where it was set: a parameter of the URL, or an environment variable */
export function unknownConnectionParameter(setting: string, hint: string): Failure {
  return new Failure("unknown-connection-parameter", 2, `Unknown parameter in the database URL: ${setting}`, { hint });
}

/** A parameter of libpq that pgmigrate does not have: refused rather than ignored. */
export function unsupportedConnectionParameter(setting: string, reason: string, hint: string): Failure {
  return new Failure("unsupported-connection-parameter", 2, `${setting} is not supported: ${reason}`, { hint });
}

/** @param expected what its value may be; the value itself is not shown, for it may be part of a password */
export function invalidConnectionParameter(setting: string, expected: string): Failure {
  return new Failure("invalid-connection-parameter", 2, `${setting} has a value that cannot be used`, {
    hint: `It must be ${expected}.`,
  });
}

/** A certificate or key file that the user named cannot be used. */
export function unusableConnectionFile(setting: string, file: string, problem: string, hint?: string): Failure {
  return new Failure("unusable-connection-file", 2, `Cannot use ${setting}: ${problem}`, {
    file,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** @param server `host:port` or the path of the socket, without user and password */
export function cannotConnect(server: string, problem: string, hint: string): Failure {
  return new Failure("cannot-connect", 4, `Cannot connect to ${server}: ${problem}`, { hint });
}

/** The server was reached, and the encryption that was asked for could not be had. */
export function tlsFailed(server: string, problem: string, hint: string): Failure {
  return new Failure("tls-failed", 4, `Cannot make an encrypted connection to ${server}: ${problem}`, { hint });
}

// ---- command line

/** Hint that offers the nearest word, and otherwise where to look. */
function didYouMean(nearest: string | null, otherwise: string): string {
  return nearest === null ? otherwise : `Did you mean ${nearest}?`;
}

/** No command was given; `help` is the text to show instead of an error. */
export function noCommand(): Failure {
  return new Failure("no-command", 2, "No command was given", { hint: "pgmigrate --help lists the commands." });
}

/** @param shown the word as it may be shown */
export function unknownCommand(shown: string, nearest: string | null): Failure {
  return new Failure("unknown-command", 2, `Unknown command: ${shown}`, {
    hint: didYouMean(nearest, "pgmigrate --help lists the commands."),
  });
}

/** @param option as it was written, without its value */
export function unknownOption(option: string, nearest: string | null, help: string): Failure {
  return new Failure("unknown-option", 2, `Unknown option: ${option}`, {
    hint: didYouMean(nearest, `${help} lists the options.`),
  });
}

/** An option that other commands have. */
export function optionOfAnotherCommand(option: string, command: string, owners: readonly string[]): Failure {
  return new Failure("unknown-option", 2, `pgmigrate ${command} has no option ${option}`, {
    hint: `It belongs to ${owners.map((owner) => `pgmigrate ${owner}`).join(" and ")}.`,
  });
}

export function missingValue(option: string, placeholder: string): Failure {
  return new Failure("missing-value", 2, `${option} needs a value`, { hint: `Write ${option} ${placeholder}.` });
}

export function unexpectedValue(option: string): Failure {
  return new Failure("unexpected-value", 2, `${option} takes no value`, { hint: `Write ${option} alone.` });
}

/** @param choices what it may be */
export function unknownChoice(
  setting: string,
  shown: string,
  choice: { readonly choices: readonly string[]; readonly nearest: string | null },
): Failure {
  const all = `It may be ${choice.choices.join(", ")}.`;
  return new Failure("unknown-choice", 2, `${setting} cannot be ${shown}`, {
    hint: choice.nearest === null ? all : `Did you mean ${choice.nearest}? ${all}`,
  });
}

export function badDuration(setting: string, shown: string, hint: string): Failure {
  return new Failure("bad-duration", 2, `${setting} is not a duration: ${shown}`, { hint });
}

export function badVersionNumber(setting: string, shown: string): Failure {
  return new Failure("bad-version", 2, `${setting} is not a version: ${shown}`, {
    hint: "A version is the number that a file's name starts with: 4 or 004 for 004_add_created_at.sql.",
  });
}

export function badTableName(setting: string, shown: string, problem: string): Failure {
  return new Failure("bad-table", 2, `${setting} is not a table name: ${shown} (${problem})`, {
    hint: `Write NAME or SCHEMA.NAME as in SQL, in double quotes where a name needs them: '"My Schema".migrations'.`,
  });
}

export function missingOperand(command: string, operand: string): Failure {
  return new Failure("missing-operand", 2, `pgmigrate ${command} needs a ${operand}`, {
    hint: `Write pgmigrate ${command} ${operand}. Examples: pgmigrate ${command} --help`,
  });
}

export function unexpectedOperand(command: string, shown: string): Failure {
  return new Failure("unexpected-operand", 2, `pgmigrate ${command} does not know what to do with ${shown}`, {
    hint: `What it takes: pgmigrate ${command} --help`,
  });
}

const INTERRUPT_EXIT_CODES = { SIGINT: 130, SIGBREAK: 130, SIGTERM: 143 } as const;

/** The user or the system asked the run to end. It is the reason that the run's AbortSignal aborts with. */
export function interrupted(signal: keyof typeof INTERRUPT_EXIT_CODES): Failure {
  return new Failure("interrupted", INTERRUPT_EXIT_CODES[signal], `Interrupted by ${signal}`);
}

/** Something was thrown that no one foresaw. `stack` is shown where it is given. */
export function internalError(message: string, stack?: string): Failure {
  return new Failure("internal-error", 1, `pgmigrate has a defect: ${message}`, {
    hint: stack === undefined
      ? "Run it again with --verbose to see where, and report that."
      : "Report this with the version that pgmigrate --version --verbose prints.",
    ...(stack === undefined ? {} : { where: stack }),
  });
}

// ---- embedded database

/** Another process has the directory open. `pid` is null where it is not known. */
export function directoryLocked(directory: string, pid: number | null): Failure {
  const holder = pid === null ? "another process" : `process ${pid}`;
  return new Failure("directory-locked", 5, `The database in ${directory} is in use by ${holder}`, {
    hint: "One process at a time can open an embedded database. Wait until the other one has ended, or end it.",
  });
}

/** @param names what the directory holds; none when the path is not a directory at all */
export function directoryNotADatabase(directory: string, names: readonly string[]): Failure {
  const problem = names.length === 0 ? "it is not a directory" : "it holds something else";
  return new Failure("directory-not-a-database", 2, `Cannot keep a database in ${directory}: ${problem}`, {
    hint: "Nothing was touched. Name a new or empty directory, or one that an embedded database made.",
    ...(names.length === 0 ? {} : { items: names.slice(0, 5) }),
  });
}

/** The files of a PostgreSQL server have another layout than those of the embedded one. */
export function directoryOfAServer(directory: string): Failure {
  return new Failure("directory-of-a-server", 2, `${directory} is the data directory of a PostgreSQL server`, {
    hint: "Nothing was touched. Start that server and give its URL, postgres://user@host/database.",
  });
}

export function directoryOfAnotherVersion(directory: string, found: string, expected: string): Failure {
  return new Failure(
    "directory-of-another-version",
    2,
    `The database in ${directory} is of PostgreSQL ${found}, and the embedded one is PostgreSQL ${expected}`,
    { hint: "Nothing was touched. Name another directory, or use the version of pgmigrate that made this one." },
  );
}

/** The directory itself cannot be made, read or written. */
export function directoryUnusable(directory: string, problem: string): Failure {
  return new Failure("directory-unusable", 2, `Cannot use the directory ${directory}: ${problem}`, {
    hint: "Give the user that runs pgmigrate the right to read and write it, or name another directory.",
  });
}

/** The embedded PostgreSQL did not start, or ended in the middle. `log` is the last it wrote. */
export function embeddedFailed(problem: string, log: readonly string[] = []): Failure {
  return new Failure("embedded-failed", 4, `The embedded PostgreSQL has failed: ${problem}`, {
    hint: "What was committed is kept when the database has a directory. Run the command again.",
    ...(log.length === 0 ? {} : { items: log }),
  });
}

/** An embedded database serves one connection at a time. */
export function embeddedBusy(): Failure {
  return new Failure("embedded-busy", 4, "The embedded database has one connection, and it is in use");
}

// ---- Server and connection

/** What the server said when it refused or ended a connection: its FATAL message. */
interface Fatal {
  readonly message: string;
  readonly sqlstate: string;
  readonly detail?: string;
  readonly hint?: string;
}

/** Advice for the refusals that people meet most (PostgreSQL documentation, "PostgreSQL Error Codes"). */
const LOGIN_HINTS: Readonly<Record<string, string>> = {
  "28P01": "Check user and password: in the URL, in PGPASSWORD, or in ~/.pgpass",
  "28000": "The server's pg_hba.conf or the role's rights do not let this user in from here",
  "3D000": "pgmigrate does not create databases. Create it first (createdb NAME), or correct the name",
  "53300": "The server has no connection left. pgmigrate needs two. Try again, or wait for one with --wait 1min",
  "57P03": "The server is starting or stopping. Wait for it with --wait 1min",
};

/** The server answered, and would not let the connection in. */
export function loginRefused(server: string, { message, sqlstate, detail, hint }: Fatal): Failure {
  const advice = LOGIN_HINTS[sqlstate] ?? hint;
  return new Failure("login-refused", 4, `${server} refused the connection: ${message}`, {
    sqlstate,
    ...detail === undefined ? {} : { detail },
    ...advice === undefined ? {} : { hint: advice },
  });
}

/** The connection was made, and went before the server was ready. */
export function noAnswer(server: string, reason: string): Failure {
  return new Failure("no-answer", 4, `${server} took the connection and did not answer as a PostgreSQL: ${reason}`, {
    hint: "Is there a PostgreSQL on this host and port, and does it expect TLS (sslmode)?",
  });
}

export function connectionLost(reason: string, fatal: Fatal | null, file?: string): Failure {
  return new Failure("connection-lost", 4, `The connection to the server was lost: ${reason}`, {
    ...fatal === null ? {} : { sqlstate: fatal.sqlstate },
    ...fatal?.hint === undefined ? {} : { hint: fatal.hint },
    ...file === undefined ? {} : { file },
  });
}

/** COMMIT was sent, and the server could not be asked how it ended. */
export function outcomeUnknown(file: string, reason: string): Failure {
  return new Failure("outcome-unknown", 4, `The connection was lost while ${file} was being committed: ${reason}`, {
    hint: "Whether it was committed is unknown until the server is back. Run pgmigrate up again: it finds out",
    file,
    kept: "unknown",
  });
}

export function isReplica(): Failure {
  return new Failure("is-replica", 4, "This server is a replica: it cannot be changed", {
    sqlstate: "25006",
    hint: "Connect to the primary server",
  });
}

/** The server refused a query of pgmigrate's own. */
export function queryRefused({ message, sqlstate, detail, hint }: Fatal): Failure {
  return new Failure("query-refused", 1, `The server refused a query of pgmigrate's own: ${message}`, {
    sqlstate,
    ...detail === undefined ? {} : { detail },
    ...hint === undefined ? {} : { hint },
  });
}

// ---- Lock

export function lockNotHad(
  table: string,
  { holder, waitedMs }: { readonly holder: string; readonly waitedMs: number },
): Failure {
  const waited = waitedMs === 0 ? "" : ` within ${waitedMs / 1000} s`;
  return new Failure("lock-not-had", 5, `Another run holds the lock of ${table}, and did not end${waited}`, {
    items: [`held by ${holder}`],
    hint: "Wait longer with --lock-wait 10min. If that run is dead, ending its backend frees the lock: " +
      "SELECT pg_terminate_backend(PID)",
  });
}

export function lockLost(): Failure {
  return new Failure("lock-lost", 4, "The connection that holds the lock was lost, so nothing new is started", {
    hint: "Run pgmigrate up again: it goes on where this run stopped",
  });
}

export function lockTimeout(message: string, details: FailureDetails): Failure {
  return new Failure("lock-timeout", 5, `A lock on a table could not be had in time: ${message}`, {
    hint: "Another transaction uses the table. Try again when it has ended, or wait longer with --lock-timeout 30s",
    ...details,
  });
}

// ---- Tracker

export function noSchema(): Failure {
  return new Failure("no-schema", 2, "No schema of the connection's search_path exists, so the tracker has no place", {
    hint: "Name the schema: --table SCHEMA.schema_migrations",
  });
}

export function schemaMissing(schema: string): Failure {
  return new Failure("schema-missing", 2, `The schema ${schema} of the tracker does not exist`, {
    hint: "Create it first: pgmigrate creates tables, not schemas",
  });
}

export function tableNameTooLong(table: string, maxBytes: number): Failure {
  return new Failure("table-name-too-long", 2, `The tracker's name ${table} is longer than ${maxBytes} bytes`, {
    hint: "PostgreSQL cuts names off at 63 bytes, and pgmigrate keeps a second table whose name is 11 bytes longer",
  });
}

export function foreignTracker(table: string, problem: string, tool: string | null): Failure {
  const owner = tool === null ? "" : `; it looks like a table of ${tool}`;
  return new Failure("foreign-tracker", 2, `${table} is not a table of pgmigrate's: ${problem}${owner}`, {
    hint: "Keep the tracker in another table: --table pgmigrate_migrations",
  });
}

export function trackerNotAllowed(
  table: string,
  { message, sqlstate, statements }: {
    readonly message: string;
    readonly sqlstate: string;
    readonly statements: readonly string[];
  },
): Failure {
  return new Failure("tracker-not-allowed", 1, `Cannot make the tracker ${table}: ${message}`, {
    sqlstate,
    hint:
      "Let the role do it, name another table with --table SCHEMA.NAME, or have a DBA run this. The role then needs " +
      "SELECT, INSERT, UPDATE and DELETE on both tables:",
    sql: statements.map((statement) => `${statement};`),
    state: "Nothing was applied.",
  });
}

// ---- History

const EDITED_HINT = "See what changed with pgmigrate verify. Take the edit back (delete the file, and " +
  "pgmigrate verify --restore writes it as it was applied), and make the change in a new migration.";

export function editedMigrations(names: readonly string[]): Failure {
  return new Failure("edited", 3, `${count(names.length, "applied migration was", "applied migrations were")} edited`, {
    items: names,
    hint: EDITED_HINT,
    state: "Nothing was applied.",
  });
}

export function missingMigrations(names: readonly string[]): Failure {
  return new Failure(
    "missing",
    3,
    `The ${names.length === 1 ? "file" : "files"} of ${
      count(names.length, "applied migration is", "applied migrations are")
    } missing`,
    {
      items: names,
      hint: "Bring them back from version control, or from the tracker: pgmigrate verify --restore. " +
        "Is --migrations the right directory, and this the right database?",
      state: "Nothing was applied.",
    },
  );
}

export function outOfOrderMigrations(names: readonly string[]): Failure {
  return new Failure("out-of-order", 3, `${count(names.length, "migration is", "migrations are")} out of order`, {
    items: names,
    hint: "A later version is applied already. Give the file the next free number, or apply it as it is: " +
      "pgmigrate up --allow-out-of-order",
    state: "Nothing was applied.",
  });
}

export function unfinishedMigrations(
  labels: readonly string[],
  { forget, record }: { readonly forget: string; readonly record: string },
): Failure {
  return new Failure(
    "unfinished",
    1,
    `${count(labels.length, "migration has", "migrations have")} begun and not ended`,
    {
      items: labels,
      hint:
        "Look at what is there of it in the database. If nothing is, or you have undone it, let it run again with the " +
        "first of these statements. If all of it is there, or you have done the rest, record it with the second:",
      sql: [forget, record],
      state: "Nothing was applied.",
    },
  );
}

export function unknownTarget(version: bigint): Failure {
  return new Failure("unknown-version", 2, `There is no migration with version ${version}`, {
    hint: "--to takes the version of a migration: see pgmigrate status",
  });
}

// ---- Running

export function syntaxError(message: string, details: FailureDetails): Failure {
  return new Failure("syntax-error", 1, message, {
    sqlstate: "42601",
    hint: "The parser is that of PostgreSQL 18. If your server takes this, skip the parser with --no-parse.",
    state: "Nothing was applied.",
    ...details,
  });
}

export function migrationFailed(message: string, details: FailureDetails): Failure {
  return new Failure("migration-failed", 1, message, details);
}

/** Beside the file's own transaction control, a COMMIT inside a procedure does this. */
export function transactionEnded(file: string): Failure {
  return new Failure("transaction-ended", 1, `${file} ended the transaction that it ran in`, {
    hint: "Remove COMMIT, ROLLBACK and BEGIN from it, or run it outside a transaction: -- pgmigrate: no-transaction",
    file,
    kept: "part",
  });
}

export function invalidIndexLeft(file: string, indexes: readonly string[]): Failure {
  return new Failure(
    "invalid-index",
    1,
    `${file} left ${count(indexes.length, "index", "indexes")} that PostgreSQL calls INVALID`,
    {
      items: indexes,
      hint:
        "Drop it with DROP INDEX CONCURRENTLY and build it again. A CREATE INDEX CONCURRENTLY that failed leaves such " +
        "an index, and CREATE INDEX CONCURRENTLY IF NOT EXISTS then does nothing",
      file,
    },
  );
}

/** The claim of a migration is a row with its version as primary key, and somebody else's is there. */
export function claimedElsewhere(name: string, file: string): Failure {
  return new Failure("claimed-elsewhere", 5, `Another run has begun ${name}`, {
    hint: "See how far it is with pgmigrate status, and run pgmigrate up again when it has ended.",
    file,
  });
}

/** The tracker row could not be written, though the server refused nothing: the claim to move is gone. */
export function claimLost(file: string): Failure {
  return new Failure("not-recorded", 1, `${file} has run, but could not be recorded: the tracker took no row for it`, {
    hint:
      "Did the file, or somebody meanwhile, delete the row of its claim, or does a trigger on the tracker drop rows?",
    file,
  });
}

/** A file that no parser has read begins with a BEGIN: nobody knows where its transaction ends. */
export function unparsedTransaction(place: Place): Failure {
  return new Failure("transaction-control", 1, "A file that is not parsed cannot have its own BEGIN … COMMIT", {
    place,
    hint:
      "Take BEGIN and COMMIT out: pgmigrate runs each file in a transaction of its own. Files are not parsed with " +
      "--no-parse, and above 16 MiB.",
  });
}

/** Another tracker of the same name is in reach, and the first schema has none: the schema came later, or it is new. */
export function trackerElsewhere(first: string, others: readonly string[], table: string): Failure {
  return new Failure(
    "tracker-elsewhere",
    2,
    `There is no ${table} in schema ${first}, but in ${others.join(" and ")}`,
    {
      hint: `The first schema of the search_path is ${first}. Say which is meant: --table ${others[0]}.${table}, or ` +
        `--table ${first}.${table} for a tracker of its own.`,
    },
  );
}

/** The claim before a file or the tracker row after it could not be written, so the file was rolled back with it. */
export function notRecorded(file: string, { message, sqlstate, detail, hint }: Fatal): Failure {
  return new Failure("not-recorded", 1, `${file} could not be recorded: ${message}`, {
    sqlstate,
    ...detail === undefined ? {} : { detail },
    hint: hint ??
      "Does the file change the tracker, or make the transaction read only? May the role write to the tracker?",
    file,
  });
}

/** A warning, not a failure: the file did nothing. */
export function emptyMigration(
  file: string,
): { readonly code: string; readonly message: string; readonly file: string } {
  return { code: "empty-migration", message: `${file} holds no statement`, file };
}

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}

// ---- SQL of a migration, before it runs

const OWN_TRANSACTION_HINT =
  "Take it out: pgmigrate runs each file in a transaction of its own. To commit in between, " +
  "split the file, or make `-- pgmigrate: no-transaction` its first line.";

/** A BEGIN, COMMIT or ROLLBACK that is not the one pair around the whole file. */
export function ownTransaction(place: Place, statement: string): Failure {
  const sentence = `${statement} would interfere with the transaction that holds this migration and its record`;
  return new Failure("transaction-control", 1, sentence, { place, hint: OWN_TRANSACTION_HINT });
}

/** BEGIN … COMMIT around the whole file, with options that pgmigrate's transaction does not have. */
export function transactionOptions(place: Place, statement: string): Failure {
  return new Failure("transaction-options", 1, `pgmigrate cannot run a file as ${statement}`, {
    place,
    hint: "It runs each file in a READ COMMITTED, READ WRITE transaction. Write BEGIN without options, or make " +
      "`-- pgmigrate: no-transaction` the first line: then the file's own BEGIN … COMMIT runs as it is written.",
  });
}

export function preparedTransaction(place: Place): Failure {
  return new Failure(
    "prepared-transaction",
    1,
    "PREPARE TRANSACTION would leave the migration neither done nor undone",
    {
      place,
      hint: "Take it out: pgmigrate commits the migration together with its record.",
    },
  );
}

/** A file with the directive no-transaction that ends inside a transaction it began. */
export function transactionLeftOpen(where: Place | string): Failure {
  return new Failure("transaction-left-open", 1, "This transaction is still open at the end of the file", {
    ...at(where),
    hint: "End it with COMMIT, or the server rolls it back.",
  });
}

/** A statement that PostgreSQL does not run inside a transaction block, in a file that runs in one. */
export function needsDirective(place: Place, statement: string): Failure {
  return new Failure("needs-no-transaction", 1, `${statement} cannot run inside a transaction`, {
    place,
    hint:
      "Make `-- pgmigrate: no-transaction` the first line of the file, without a BEGIN … COMMIT of its own around " +
      "this statement. Best keep it alone in its file.",
  });
}

/** COPY whose data would go through the client. */
export function copyWithClient(where: Place | string, direction: "FROM stdin" | "TO stdout"): Failure {
  return direction === "TO stdout"
    ? new Failure("copy-to-stdout", 1, "COPY … TO stdout has nowhere to send its rows in a migration", {
      ...at(where),
      hint: "Take it out, or run it with psql.",
    })
    : new Failure("copy-from-stdin", 1, "COPY … FROM stdin cannot read its data from a migration yet", {
      ...at(where),
      hint: "Write the rows as INSERT statements, or load the data apart from the migration.",
    });
}

// ---- new

export function emptyTitle(shown: string): Failure {
  return new Failure("empty-name", 2, `A file name cannot be made of ${shown}`, {
    hint: "Use letters a to z, accents allowed, or digits: pgmigrate new add_email_to_users",
  });
}

/** @param newest the file that has the last version there is */
export function versionsExhausted(newest: string): Failure {
  return new Failure("versions-exhausted", 2, `No version comes after that of ${newest}`, {
    hint: "9223372036854775807 is the last one. Give that file a lower number if it was not applied anywhere",
    file: newest,
  });
}

export function versionTaken(version: bigint, file: string): Failure {
  return new Failure("version-taken", 2, `Version ${version} belongs to ${file} already`, {
    hint: "With --timestamp a version is the time in seconds: run the command again",
    file,
  });
}

export function nothingToRevert(version: bigint, directory: string): Failure {
  return new Failure("unknown-version", 2, `There is no migration with version ${version} in ${directory}`, {
    hint: "--revert takes the version of a migration: see pgmigrate status",
  });
}

/** @param line from 1; the line itself is not shown, for it may hold a password */
export function invalidEnvFile(file: string, line: number, problem: string): Failure {
  return new Failure("invalid-env-file", 2, `Cannot read line ${line} of ${file}: ${problem}`, {
    hint: "Write one NAME=value a line; a value with a line end stands in double quotes; # begins a comment.",
    file,
  });
}

/** The place inside a file, or the file alone. */
function at(where: Place | string): FailureDetails {
  return typeof where === "string" ? { file: where } : { place: where };
}
