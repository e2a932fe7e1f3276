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
  /** What the state of the database now is. */
  readonly state?: string;
  /** More failures found at the same time, each to be reported as well. */
  readonly others?: readonly Failure[];
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
    readonly reason: "unknown" | "has-value" | "repeated" | "misspelt" | "misplaced";
    readonly known: readonly string[];
    readonly place: Place;
  },
): Failure {
  const sentence = {
    "unknown": `Unknown directive: ${comment}`,
    "has-value": `This directive takes no value: ${comment}`,
    "repeated": `This directive stands twice: ${comment}`,
    "misspelt": `This looks like a directive and is none: ${comment}`,
    "misplaced": `A directive must stand above the first statement: ${comment}`,
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
