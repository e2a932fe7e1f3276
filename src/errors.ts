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

/** What others who hold locks have brought about, and the server's words for it. */
export interface Contention {
  readonly kind: "lock-timeout" | "deadlock";
  readonly message: string;
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
  /** Others held what the migration needed: it may be tried again. */
  readonly contention?: Contention;
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

/** @param directory where a file was expected */
export function directoryAsFile(directory: string): Failure {
  return new Failure("file-unreadable", 2, `${directory} is a directory, not a file`, {
    hint: `Name it with --migrations ${directory}`,
    file: directory,
  });
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

/**
 * What is wrong with a directive. `misspelt`: a comment that means a directive and is none, `-- pgmigrate no-transaction`
 * without its colon. `contradictory`: it says how often to try again, in a file that is never tried again.
 */
export type DirectiveFault =
  | "unknown"
  | "has-value"
  | "needs-value"
  | "bad-value"
  | "repeated"
  | "misspelt"
  | "contradictory";

export function badDirective(
  { comment, reason, hint, known, place }: {
    readonly comment: string;
    readonly reason: DirectiveFault;
    readonly hint?: string | undefined;
    /** Every directive, as an example. */
    readonly known: readonly string[];
    readonly place: Place;
  },
): Failure {
  const sentence = {
    "unknown": `Unknown directive: ${comment}`,
    "has-value": `This directive takes no value: ${comment}`,
    "needs-value": `This directive needs a value: ${comment}`,
    "bad-value": `This directive has a value that cannot be used: ${comment}`,
    "repeated": `This directive stands twice: ${comment}`,
    "misspelt": `This looks like a directive and is none: ${comment}`,
    "contradictory": `A file with no-transaction is never tried again, so this has no meaning: ${comment}`,
  }[reason];
  const all = known.map((example) => `-- pgmigrate: ${example}`).join(", ");
  return new Failure("bad-directive", 2, sentence, {
    hint: reason === "contradictory"
      ? "Take it out: what a statement outside a transaction did before it stopped stays."
      : hint ?? `A directive is a comment at the top of the file: ${all}`,
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

/** Neither the URL nor a variable names one, and the operating system does not say whose process this is. */
export function noUser(): Failure {
  return new Failure("no-user", 2, "No user was given", {
    hint: "Write the user before the host, postgres://user@host/database, or user=…, or set PGUSER.",
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

/** The lists of hosts, addresses and ports do not go together. */
export function invalidServerList(setting: string, hosts: number): Failure {
  return new Failure(
    "invalid-connection-parameter",
    2,
    `${setting} does not go with ${count(hosts, "host", "hosts")}`,
    { hint: "Give one port for all hosts or one for each, and an address for each host or none." },
  );
}

/** @param wanted the value of target_session_attrs */
export function replicaWanted(wanted: string): Failure {
  return new Failure(
    "unsupported-connection-parameter",
    2,
    `target_session_attrs=${wanted} asks for a server that cannot be written to, and this command writes`,
    { hint: "Take it out, or write target_session_attrs=read-write; status and verify take it as it is." },
  );
}

/** @param line from 1; null when the file cannot be read at all. The line itself is not shown: it may hold a password */
export function invalidServiceFile(file: string, line: number | null, problem: string): Failure {
  const what = line === null ? "the service file" : `line ${line} of the service file`;
  return new Failure("invalid-service-file", 2, `Cannot use ${what}: ${problem}`, {
    hint: "A service is [name] on a line, and below it settings such as host=db.example.com, without white space " +
      "around the = and without quotes.",
    file,
  });
}

/** @param setting where the service was named: its name may be anything */
export function unknownService(setting: string, files: readonly string[]): Failure {
  return new Failure("unknown-service", 2, `${setting} names a service that is not defined`, {
    hint: "Define it in ~/.pg_service.conf, or name another file with PGSERVICEFILE.",
    ...files.length === 0 ? {} : { items: files.map((file) => `not in ${file}`) },
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

/** With TLS 1.3 a server refuses the client's certificate only after the handshake, and may say nothing of it. */
export function certificateNotTaken(server: string, reason: string): Failure {
  return new Failure(
    "tls-failed",
    4,
    `Cannot make an encrypted connection to ${server}: it ended the connection behind the handshake`,
    {
      detail: reason,
      hint:
        "Does the server accept the client's certificate? Its log says why not. The certificate is that of sslcert, " +
        "else ~/.postgresql/postgresql.crt.",
    },
  );
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

/** SARIF is a format for findings in files. */
export function findsNothing(command: string): Failure {
  return new Failure("unknown-choice", 2, `pgmigrate ${command} cannot write SARIF`, {
    hint: "--format sarif is for lint and check; this command takes human, json and github.",
  });
}

export function noSuchRule(rule: string, nearest: string | null): Failure {
  return new Failure("unknown-rule", 2, `There is no rule ${rule}`, {
    hint: didYouMean(nearest, "The rules are listed in docs/rules/README.md."),
  });
}

/** Whatever stands in the files, nothing would be found. */
export function noRuleLeft(): Failure {
  return new Failure("no-rule-left", 2, "No rule is left to apply: --disable names all of them", {
    hint: "Leave out --disable for the rules that --rule names.",
  });
}

export function badDuration(setting: string, shown: string, hint: string): Failure {
  return new Failure("bad-duration", 2, `${setting} is not a duration: ${shown}`, { hint });
}

export function badAttempts(setting: string, shown: string, hint: string): Failure {
  return new Failure("bad-attempts", 2, `${setting} is not a number of attempts: ${shown}`, { hint });
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

/** What to do about a reason that the server or a pooler gives. */
interface Advice {
  readonly sqlstate: string;
  /** What the message has to say, in English; a server that speaks another language gets the advice without one. */
  readonly says?: RegExp;
  readonly hint: string;
}

const WRONG_PASSWORD = "Check user and password: in the URL, in PGPASSWORD, or in ~/.pgpass";
const WRONG_OPTIONS = "It comes from options (PGOPTIONS), where a setting is written -cNAME=VALUE";
const STARTING = "The server is starting or stopping. Wait for it with --wait 1min";

/** For the refusals that people meet most (PostgreSQL documentation, "PostgreSQL Error Codes"); the first that fits. */
const LOGIN_ADVICE: readonly Advice[] = [
  { sqlstate: "28P01", hint: WRONG_PASSWORD },
  {
    sqlstate: "28000",
    says: /(no encryption|SSL off)$/,
    hint:
      "The server's pg_hba.conf lets this user in only with TLS, or not at all from here. Try sslmode=require, or " +
      "have a line added for this user, database and address",
  },
  {
    sqlstate: "28000",
    says: /pg_hba\.conf/,
    hint: "Have a line added to the server's pg_hba.conf for this user, database and address",
  },
  {
    sqlstate: "28000",
    says: /^role .* does not exist$/,
    hint: "Create the role first (createuser NAME), or correct the name: in the URL, or in PGUSER",
  },
  {
    sqlstate: "28000",
    says: /not permitted to log in$/,
    hint: "Use another role, or let this one log in: ALTER ROLE NAME LOGIN",
  },
  {
    sqlstate: "28000",
    says: /^certificate authentication failed/,
    hint: "The client's certificate is for another name. Its common name has to be the user's, unless the server's " +
      "pg_ident.conf maps it",
  },
  {
    sqlstate: "28000",
    says: /certificate/i,
    hint:
      "The server lets this user in by a client certificate: name it with sslcert=FILE and its key with sslkey=FILE",
  },
  {
    sqlstate: "28000",
    says: /^(Peer|Ident) /i,
    hint: "The server lets this user in only from the system's user of that name. Run pgmigrate as that user, or " +
      "connect to a host name with a password",
  },
  { sqlstate: "28000", hint: "The server's pg_hba.conf or the role's rights do not let this user in from here" },
  {
    sqlstate: "3D000",
    hint: "pgmigrate does not create databases. Create it first (createdb NAME), or correct the name",
  },
  { sqlstate: "42501", hint: "Let the role in: GRANT CONNECT ON DATABASE NAME TO ROLE" },
  {
    sqlstate: "53300",
    says: /for (role|database) /,
    hint: "It has a CONNECTION LIMIT, and pgmigrate needs two connections. Raise it, or wait for them with --wait 1min",
  },
  {
    sqlstate: "53300",
    hint: "The server has no connection left. pgmigrate needs two. Try again, or wait for one with --wait 1min",
  },
  { sqlstate: "55000", hint: "Let people in again: ALTER DATABASE NAME ALLOW_CONNECTIONS true" },
  { sqlstate: "57P01", hint: STARTING },
  { sqlstate: "57P02", hint: STARTING },
  { sqlstate: "57P03", hint: STARTING },
  { sqlstate: "42704", hint: WRONG_OPTIONS },
  { sqlstate: "42601", hint: WRONG_OPTIONS },
  { sqlstate: "22023", hint: WRONG_OPTIONS },
  { sqlstate: "0A000", hint: "Is it a PostgreSQL 14 or newer?" },
  // So PgBouncer says everything.
  { sqlstate: "08P01", says: /password authentication failed|no such user/, hint: WRONG_PASSWORD },
  { sqlstate: "08P01", says: /^no such database/, hint: "The pooler does not know it. Add it to its [databases]" },
  {
    sqlstate: "08P01",
    says: /^unsupported startup parameter/,
    hint: "The pooler takes no options. Leave them out, or name them in its ignore_startup_parameters; a setting can " +
      "be the role's own: ALTER ROLE NAME SET …",
  },
  { sqlstate: "08P01", says: /^SSL required/, hint: "Write sslmode=require" },
  {
    sqlstate: "08P01",
    says: /query_wait_timeout|no more connections|max_client_conn/,
    hint: "The pooler has no connection left, or cannot reach its server. pgmigrate needs two at a time: give it a " +
      "pool_size of 2 or more, or wait for them with --wait 1min",
  },
  { sqlstate: "08P01", hint: "A pooler answers there. Its log may say more, and whether it can reach its server" },
];

/** The timeouts of a server that end a session, by the reason that they give. */
const TIMEOUTS: Readonly<Record<string, string>> = {
  "25P03": "idle_in_transaction_session_timeout",
  "25P04": "transaction_timeout",
  "57P05": "idle_session_timeout",
};

const LOSS_ADVICE: readonly Advice[] = [
  { sqlstate: "57P01", hint: "Somebody ended the session, or the server is being stopped. Run the command again" },
  {
    sqlstate: "57P02",
    hint: "The server has crashed and recovers, and its log says why. Run the command again when it is back",
  },
  { sqlstate: "57P03", hint: "The server is starting or stopping. Run the command again when it is back" },
  { sqlstate: "57P04", hint: "Somebody has dropped the database" },
  { sqlstate: "08P01", hint: "A pooler sits between, and ended it; its log may say why. Run the command again" },
  ...Object.entries(TIMEOUTS).map(([sqlstate, setting]) => ({
    sqlstate,
    hint: `The server's ${setting} ended it. Switch that off for the role: ALTER ROLE NAME SET ${setting} = 0`,
  })),
];

function adviceOn({ message, sqlstate }: Fatal, advice: readonly Advice[]): string | undefined {
  return advice.find((one) => one.sqlstate === sqlstate && (one.says?.test(message) ?? true))?.hint;
}

/** The server answered, and would not let the connection in. @param hasPassword whether one was given */
export function loginRefused(
  server: string,
  fatal: Fatal,
  { hasPassword }: { readonly hasPassword: boolean },
): Failure {
  const { message, sqlstate, detail, hint } = fatal;
  const advice = adviceOn(fatal, LOGIN_ADVICE) ?? hint ?? "The server's log may say more";
  return new Failure("login-refused", 4, `${server} refused the connection: ${message}`, {
    sqlstate,
    ...detail === undefined ? {} : { detail },
    hint: advice === WRONG_PASSWORD && !hasPassword
      ? "No password was given. Set PGPASSWORD, put it into ~/.pgpass, or write it into the URL"
      : advice,
  });
}

/** The connection was made, and went before the server was ready. */
export function noAnswer(server: string, reason: string): Failure {
  return new Failure("no-answer", 4, `${server} took the connection and did not answer as a PostgreSQL: ${reason}`, {
    hint: "Is there a PostgreSQL on this host and port, and does it expect TLS (sslmode)?",
  });
}

/** The login was answered, and the first query was not, within the connect timeout. */
export function notServed(server: string): Failure {
  return new Failure("not-served", 4, `${server} let the connection in, and then did not answer in time`, {
    hint:
      "If a pooler is there, other clients have all its connections to the server: try again, or give it a larger " +
      "pool. The limit is connect_timeout, in seconds.",
  });
}

export function poolTooSmall(): Failure {
  return new Failure("pool-too-small", 2, "A pooler is there that has a pool of 1, and two connections are needed", {
    hint: "One holds the lock while the other runs the migrations. Set the pooler's pool_size to 2 or more " +
      "(default_pool_size, max_db_connections), or connect to the server itself",
    state: "Nothing was applied.",
  });
}

export function poolsStatements(): Failure {
  return new Failure("pools-statements", 2, "A pooler is there that pools statements, and allows no transactions", {
    hint: "Set its pool_mode to transaction or session, or connect to the server itself",
    state: "Nothing was applied.",
  });
}

/** Something that a session keeps, in a file that runs outside a transaction. */
export function pooledSession(place: Place): Failure {
  const sentence = "Through a pooler this would stay with a connection that others are given next";
  return new Failure("pooled-session", 2, sentence, {
    place,
    hint:
      "Connect to the server itself for this file. Or put it into a BEGIN … COMMIT of the file's own, with what it " +
      "is for, and write SET LOCAL or ON COMMIT DROP",
    state: "Nothing was applied.",
  });
}

/** A timeout of a file that runs outside a transaction. */
export function pooledDirective(place: Place, key: string): Failure {
  const sentence = `Through a pooler the directive ${key} cannot be kept outside a transaction`;
  return new Failure("pooled-directive", 2, sentence, {
    place,
    hint: "Connect to the server itself for this file, or take the directive out: then the settings of the role count",
    state: "Nothing was applied.",
  });
}

export function connectionLost(reason: string, fatal: Fatal | null, file?: string): Failure {
  const hint = fatal === null
    ? "Did the server, a pooler or a firewall end it? The server's log may say why. Run the command again"
    : adviceOn(fatal, LOSS_ADVICE) ?? fatal.hint;
  return new Failure("connection-lost", 4, `The connection to the server was lost: ${reason}`, {
    ...fatal === null ? {} : { sqlstate: fatal.sqlstate },
    ...fatal?.detail === undefined ? {} : { detail: fatal.detail },
    ...hint === undefined ? {} : { hint },
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

/** @param servers each that was asked, with what is against it, where there are several */
export function isReplica(servers: readonly string[] = []): Failure {
  const message = servers.length === 0
    ? "This server is a replica: it cannot be changed"
    : "Only replicas were found, and they cannot be changed";
  return new Failure("is-replica", 4, message, {
    sqlstate: "25006",
    hint: "Connect to the primary server. If one is being promoted now, wait for it with --wait 1min",
    ...servers.length === 0 ? {} : { items: servers },
  });
}

/** The servers can be reached, and none is of the kind that was asked for. */
export function noSuchServer(kind: string, servers: readonly string[]): Failure {
  return new Failure("no-such-server", 4, `No server that is ${kind} was found`, {
    hint: kind === "read-write"
      ? "target_session_attrs=primary takes a primary whose default_transaction_read_only is on as well"
      : "The kind is that of target_session_attrs",
    items: servers,
  });
}

/** None of several servers takes connections. */
export function noneReached(servers: readonly string[]): Failure {
  return new Failure("cannot-connect", 4, `Cannot connect to any of ${servers.length} servers`, {
    hint: "Is one of them running, and can this machine reach it?",
    items: servers,
  });
}

/** Two connections of one run have come to different servers. */
export function serverChanged(server: string): Failure {
  return new Failure("server-changed", 4, `${server} is another server now than when this run began`, {
    hint: "A run needs all its connections on one server. Has it just been restarted or failed over? Then run the " +
      "command again. If the name stands for several servers, name the one that can be written to",
  });
}

/** A warning, not a failure: of several servers, none that can be written to was found for a command that only reads. */
export function readFromReplica(
  server: string,
): { readonly event: "warning"; readonly code: string; readonly message: string } {
  return {
    event: "warning",
    code: "read-from-replica",
    message: `${server} is a replica, and may lag behind: no server that can be written to was found`,
  };
}

/** `--wait` is over. */
export function waitedInVain(failure: Failure, { waitedMs }: { readonly waitedMs: number }): Failure {
  return failure.with({ detail: `Waited ${(waitedMs / 1000).toFixed(1)} s for it (--wait)` });
}

/** What a role needs of the tracker, which another one may own. */
const TRACKER_RIGHTS = "The role needs USAGE on the tracker's schema, and SELECT on schema_migrations and " +
  "schema_migrations_unfinished to read them; to apply migrations and to record checksums, INSERT, UPDATE and DELETE " +
  "too. Their owner grants it: GRANT SELECT ON schema_migrations, schema_migrations_unfinished TO ROLE";

/** The server refused a query of pgmigrate's own. */
export function queryRefused({ message, sqlstate, detail, hint }: Fatal): Failure {
  const missing = sqlstate === "42501" ? TRACKER_RIGHTS : hint;
  return new Failure("query-refused", 1, `The server refused a query of pgmigrate's own: ${message}`, {
    sqlstate,
    ...detail === undefined ? {} : { detail },
    ...missing === undefined ? {} : { hint: missing },
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

/** @param halfWay whether a migration stops between two of its statements: how to go on is then said with its state */
export function lockLost({ halfWay }: { readonly halfWay: boolean }): Failure {
  const hint = "Run pgmigrate up again: it goes on where this run stopped";
  const sentence = "The connection that holds the lock was lost, so nothing new is started";
  return new Failure("lock-lost", 4, sentence, halfWay ? {} : { hint });
}

/** A rehearsal tries once. */
export const REHEARSAL_LOCK_HINT =
  "Another transaction uses the table. Rehearse again when it has ended, or wait longer with --lock-timeout 30s";

/** @param tries after which it was given up: `in 10 attempts`; empty where there was one */
export function lockTimeout(message: string, details: FailureDetails, tries = ""): Failure {
  return new Failure("lock-timeout", 5, `A lock on a table could not be had in time${tries}: ${message}`, {
    hint:
      "Another transaction uses the table. Try again when it has ended, wait longer with --lock-timeout 30s, or try " +
      "more often with --lock-attempts 20",
    ...details,
  });
}

/** @param tries as with {@link lockTimeout} */
export function deadlock(message: string, details: FailureDetails, tries = ""): Failure {
  return new Failure("deadlock", 5, `A deadlock with other transactions ended the migration${tries}: ${message}`, {
    hint: "It takes locks in another order than they do. Run it when they are not at work, or split it so that each " +
      "migration locks one table",
    ...details,
  });
}

/** lock_not_available, and not by lock_timeout. */
export function lockRefused(message: string, details: FailureDetails): Failure {
  return new Failure("lock-refused", 5, `A lock could not be had: ${message}`, {
    hint: "The migration itself gave up (NOWAIT, or an error that its code raises), so it is not tried again. Run " +
      "pgmigrate up again when the other transaction has ended",
    ...details,
  });
}

// ---- Tracker

/** @param blockers who is in the way, each in words; none where they have ended meanwhile */
export function trackerLocked(tracker: string, { message, sqlstate }: Fatal, blockers: readonly string[]): Failure {
  return new Failure("lock-timeout", 5, `The tracker ${tracker} is locked by another transaction: ${message}`, {
    sqlstate,
    items: blockers.length === 0 ? ["who was in the way was not seen"] : blockers,
    hint: "Try again when it has ended. If its client is dead, ending its backend frees the tracker: " +
      "SELECT pg_terminate_backend(PID)",
  });
}

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

/** Row-level security would leave rows out, and a migration whose row cannot be seen would run again. */
export function rowsHidden(table: string, role: string): Failure {
  return new Failure("rows-hidden", 2, `Row-level security may hide rows of ${table} from ${role}`, {
    hint:
      "A migration whose row is hidden would run again. Take the policies off the table, or let the role see all of " +
      "it: make it the owner, or grant it BYPASSRLS",
  });
}

/** Triggers, defaults and checks of a table run as the role that writes to it, with all that this role may do. */
export function trackerNotTrusted(table: string, { owner, writer }: { owner: string; writer: string }): Failure {
  return new Failure("tracker-not-trusted", 2, `${table} belongs to ${owner}, who could run code as ${writer}`, {
    hint: `The owner of a table decides what runs when ${writer} writes to it. If ${owner} did not make it for ` +
      `pgmigrate, find out who put it there. Give it to ${writer} or to the owner of the database with ALTER TABLE … ` +
      "OWNER TO, or keep the tracker elsewhere with --table SCHEMA.NAME",
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

/** @param canRestore whether the tracker has the text of every one of them */
export function editedMigrations(names: readonly string[], canRestore: boolean): Failure {
  const how = canRestore
    ? "delete the file, and pgmigrate verify --restore writes it as it was applied"
    : "the file as it was applied is in version control";
  return new Failure("edited", 3, `${count(names.length, "applied migration was", "applied migrations were")} edited`, {
    items: names,
    hint:
      `See what changed with pgmigrate verify. Take the edit back (${how}), and make the change in a new migration.`,
    state: "Nothing was applied.",
  });
}

/** @param canRestore whether the tracker has the text of every one of them */
export function missingMigrations(names: readonly string[], canRestore: boolean): Failure {
  const where = `version control${canRestore ? ", or from the tracker: pgmigrate verify --restore" : ""}`;
  return new Failure(
    "missing",
    3,
    `The ${names.length === 1 ? "file" : "files"} of ${
      count(names.length, "applied migration is", "applied migrations are")
    } missing`,
    {
      items: names,
      hint: `Bring them back from ${where}. Is --migrations the right directory, and this the right database?`,
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

/** What is known of a migration that was begun and not ended. */
interface Stopped {
  readonly version: bigint;
  readonly name: string;
  readonly done: number;
  /** null where it is not known. */
  readonly total: number | null;
  /** Line of the first statement that is not known to be done; null where there is none, or nobody knows. */
  readonly line: number | null;
  /** Its statements, and what is known of each. */
  readonly items: readonly string[];
  /** When it was begun, and what stopped it. */
  readonly detail: string;
  /** Temporary objects that it made, and that ended with its session. */
  readonly gone: readonly string[];
  readonly place: Place | null;
}

export function unfinishedMigration(
  question: "edited" | "half-way" | "uncertain" | "temporary" | "unknown",
  { version, name, done, total, line, items, detail, gone, place }: Stopped,
): Failure {
  const sentence = {
    "edited": `${name} has begun and not ended, and was edited since`,
    "half-way": `${name} has begun and not ended: ${done} of ${
      count(total ?? 0, "statement is", "statements are")
    } done`,
    "uncertain": `${name} has begun and not ended: whether the statement at line ${line} was done is not known`,
    "temporary": `${name} has begun and not ended, and cannot go on: what it made for its session is gone`,
    "unknown": `${name} has begun and not ended: how much of it was done is not known`,
  }[question];
  const retry = `pgmigrate up --retry ${version}`;
  const record = `pgmigrate up --mark-applied ${version}`;
  const from = line === null ? "" : `, from line ${line}`;
  const hint = {
    "edited": `To go on with the file as it is now, behind what is done: ${retry}. When all of it is there: ${record}`,
    "half-way": `To go on at line ${line}: ${retry}. When you have done the rest by hand: ${record}`,
    "uncertain": `Look at the database. If that statement is not done, or may run a second time: ${retry}. ` +
      `When all of the migration is there: ${record}`,
    "temporary":
      `With its session went ${gone.join(", ")}. Do the rest by hand${from}, with that made anew; then record ` +
      `it: ${record}`,
    "unknown": `Look at the database. To run the whole of it again: ${retry}. When all of it is there: ${record}`,
  }[question];
  const where = place === null ? {} : { place };
  return new Failure("unfinished", 1, sentence, { hint, items, detail, state: "Nothing was applied.", ...where });
}

/** Its file is gone, so nothing can be said of its statements. */
export function unfinishedWithoutFile(name: string, version: bigint): Failure {
  return new Failure("unfinished", 1, `${name} has begun and not ended, and its file is missing`, {
    hint:
      "Bring the file back from version control; the table of unfinished migrations has its text too. When all of " +
      `it is there in the database: pgmigrate up --mark-applied ${version}`,
    state: "Nothing was applied.",
  });
}

export function doneStatementEdited(name: string, { place, version }: {
  readonly place: Place | null;
  readonly version: bigint;
}): Failure {
  return new Failure("cannot-retry", 1, `${name} cannot go on: a statement that is done was edited`, {
    ...place === null ? {} : { place },
    hint: "Take that edit back: what is done would not run again. Or do the rest by hand and record it: " +
      `pgmigrate up --mark-applied ${version}`,
    state: "Nothing was applied.",
  });
}

export function cannotGoOnInTransaction(name: string, { file, done }: {
  readonly file: string;
  readonly done: number;
}): Failure {
  const are = count(done, "of its statements is", "of its statements are");
  return new Failure("cannot-retry", 1, `${name} cannot go on in a transaction: ${are} done without one`, {
    file,
    hint: "Bring the directive back: `-- pgmigrate: no-transaction`",
    state: "Nothing was applied.",
  });
}

/** @param state what the version is instead; null where there is no such version */
export function notUnfinished(option: string, version: bigint, state: string | null): Failure {
  const is = state === null ? "there is no migration with that version" : `it is ${state.replaceAll("_", " ")}`;
  return new Failure("not-unfinished", 2, `${option} ${version}: ${is}, not unfinished`, {
    hint: "The option is for a migration that has begun and not ended: see pgmigrate status",
  });
}

export function retryAndMark(version: bigint): Failure {
  return new Failure("retry-and-mark", 2, `--retry and --mark-applied both name version ${version}`, {
    hint: "Give one of them",
  });
}

export function retryLeftOut(version: bigint, to: bigint): Failure {
  return new Failure("retry-left-out", 2, `--retry ${version} is left out by --to ${to}`, {
    hint: `Give --to ${version} or a later version`,
  });
}

/** The backend of a run that is gone is still at work, and what it does cannot be known before it has ended. */
export function stillRunning(name: string, { backends, waitedMs }: {
  readonly backends: readonly { readonly pid: number; readonly who: string }[];
  readonly waitedMs: number;
}): Failure {
  const waited = waitedMs === 0 ? "" : ` after ${waitedMs / 1000} s`;
  return new Failure("still-running", 5, `The backend that runs ${name} for an earlier run is still there${waited}`, {
    items: backends.map(({ who }) => who),
    hint: "Wait longer with --lock-wait 10min. If that run is dead, end its backend: " +
      `SELECT pg_terminate_backend(${backends[0]?.pid ?? "PID"})`,
    state: "Nothing was applied.",
  });
}

/** Recording a migration whose indexes no query can use would hide them for good. */
export function indexesNotValid(name: string, indexes: readonly string[], version: bigint): Failure {
  return new Failure("invalid-index", 1, `${name} is not all there: PostgreSQL calls an index of it INVALID`, {
    items: indexes,
    hint: `Have it dropped and built again: pgmigrate up --retry ${version}. Or do that by hand first`,
    state: "Nothing was applied.",
  });
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

const NEEDS_NONE = "Make `-- pgmigrate: no-transaction` the first line of the file: pgmigrate runs each file in a " +
  "transaction otherwise";

/**
 * What to do about errors that come of running in a transaction, which the parser cannot foresee: they depend on what is
 * in the database. By SQLSTATE: active_sql_transaction (CLUSTER or REINDEX of a partitioned table, procedures of
 * extensions), invalid_transaction_termination (COMMIT in a procedure or DO block).
 */
export const TRANSACTION_HINTS: Readonly<Record<string, string>> = {
  "25001": NEEDS_NONE,
  "2D000": NEEDS_NONE,
};

/** Beside the file's own transaction control, a COMMIT inside a procedure does this. */
export function transactionEnded(file: string): Failure {
  return new Failure("transaction-ended", 1, `${file} ended the transaction that it ran in`, {
    hint: "Remove COMMIT, ROLLBACK and BEGIN from it, or run it outside a transaction: -- pgmigrate: no-transaction",
    file,
    kept: "part",
  });
}

export function invalidIndexLeft(file: string, indexes: readonly string[]): Failure {
  const sentence = `${file} left ${count(indexes.length, "index", "indexes")} that PostgreSQL calls INVALID`;
  return new Failure("invalid-index", 1, sentence, {
    items: indexes,
    hint: "Drop it with DROP INDEX CONCURRENTLY, and build it again where it is wanted",
    file,
  });
}

/** `CREATE INDEX CONCURRENTLY IF NOT EXISTS` does nothing, and succeeds, where an INVALID index has the name. */
export function invalidIndexInTheWay(file: string, index: string, quoted: string): Failure {
  return new Failure(
    "invalid-index",
    1,
    `The index ${index} was there before ${file}, and PostgreSQL calls it INVALID`,
    {
      hint: `IF NOT EXISTS did nothing. If nobody is building it, drop it, and run pgmigrate up again: ` +
        `DROP INDEX CONCURRENTLY ${quoted}`,
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

/**
 * A statement that PostgreSQL does not run inside a transaction block, in a file that runs in one.
 *
 * @param file.others how many more statements it has
 * @param file.paired whether a BEGIN … COMMIT of its own stands around them
 */
export function needsDirective(
  place: Place,
  statement: string,
  { others, paired }: { readonly others: number; readonly paired: boolean },
): Failure {
  const line = "`-- pgmigrate: no-transaction`";
  const pair = paired ? ", and take its BEGIN and COMMIT out" : "";
  return new Failure("needs-no-transaction", 1, `${statement} cannot run inside a transaction`, {
    place,
    hint: others === 0
      ? `Make ${line} the first line of the file${pair}`
      : `Put it into a file of its own, and make ${line} the first line of that one: a failure here then still takes ` +
        `back ${others === 1 ? "the other statement" : `all ${others} other statements`}. Or make it the first line ` +
        `of this file${pair}`,
  });
}

/** COMMIT AND CHAIN in a file without a transaction: behind it the file could not be gone on with. */
export function chainedTransaction(place: Place): Failure {
  return new Failure("transaction-control", 1, "COMMIT AND CHAIN leaves no point at which this file could go on", {
    place,
    hint: "Write COMMIT and BEGIN instead",
  });
}

export function copyToStdout(where: Place | string): Failure {
  return new Failure("copy-to-stdout", 1, "COPY … TO stdout has nowhere to send its rows in a migration", {
    ...at(where),
    hint: "Take it out, or run it with psql.",
  });
}

/** A migration is text, and what ends the data is a line of text. */
export function binaryCopy(place: Place): Failure {
  return new Failure("copy-binary", 1, "COPY … FROM stdin cannot read binary data from a migration", {
    place,
    hint: "Write the data in the text or csv format.",
  });
}

/** Where the data begins is not certain: psql's rules, PostgreSQL's parser and the server do not agree on the COPY. */
export function copyUnclear(where: Place | string): Failure {
  return new Failure("copy-unclear", 1, "It is not clear where the data of this COPY … FROM stdin begins", {
    ...at(where),
    hint: "Write the COPY alone on its lines, with its `;` at the end of the line above the data, and without SET " +
      "standard_conforming_strings = off above it.",
  });
}

/** The server asks for data where the file has no COPY … FROM stdin, or asks for binary data. */
export function copyUnexpected(file: string): Failure {
  return new Failure("copy-unclear", 1, `The server asks for data that ${file} does not have`, {
    hint:
      "COPY … FROM stdin finds its data in the lines below it, in the text or csv format. Write it as a statement " +
      "of its own, outside of functions.",
    file,
  });
}

/** A warning, not a failure: as psql does, the end of the file is taken for that of the data. */
export function unclosedCopy(
  { file, line }: Place,
): { readonly code: string; readonly message: string; readonly hint: string; readonly file: string } {
  return {
    code: "unclosed-copy",
    message: `The data of the COPY at line ${line} of ${file} goes to the end of the file, without a line \\.`,
    hint: "Is the file whole? Whatever was cut off its end is not there.",
    file,
  };
}

/** A backslash outside of quotes and comments. @param instead what to write instead */
export function psqlCommand(place: Place, command: string, instead: string): Failure {
  return new Failure("psql-command", 1, `${command} is a command of psql, not SQL`, { place, hint: instead });
}

/** The file is UTF-8, and its own SET client_encoding says something else. */
export function foreignEncoding(place: Place, encoding: string): Failure {
  return new Failure("client-encoding", 1, `This file is UTF-8, and tells the server that it is ${encoding}`, {
    place,
    hint:
      "The server would read every character that is not ASCII as something else. Take the line out, or write UTF8.",
  });
}

/** It is not what was checked any more. */
export function fileChanged(file: string): Failure {
  return new Failure("file-changed", 1, `${file} was changed while it was being read`, {
    hint: "Run pgmigrate up again when nothing writes to the file any more.",
    file,
  });
}

/** @param limit such as `512 MB` */
export function tooMuchSql(file: string, limit: string): Failure {
  return new Failure(
    "too-large",
    2,
    `${file} holds more than ${limit} of SQL, which is more than one message can hold`,
    {
      hint: "Split the file, or write its rows as data of COPY … FROM stdin, as pg_dump does without --inserts.",
      file,
    },
  );
}

// ---- new

export function emptyTitle(shown: string): Failure {
  return new Failure("empty-name", 2, `A file name cannot be made of ${shown}`, {
    hint: "Use letters a to z, accents allowed, or digits: pgmigrate new add_email_to_users",
  });
}

/** @param newest the file that has the last version there is, and its path */
export function versionsExhausted(newest: string, path: string): Failure {
  return new Failure("versions-exhausted", 2, `No version comes after that of ${newest}`, {
    hint: "9223372036854775807 is the last one. Give that file a lower number if it was not applied anywhere",
    file: path,
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

/** Its statements would stand as comments in the new file. */
export function tooLargeToRevert(file: string): Failure {
  return new Failure("too-large", 2, `${file} is too large to be reverted statement by statement`, {
    hint: "Write what takes it back by hand: pgmigrate new NAME",
    file,
  });
}

/** @param line from 1; the line itself is not shown, for it may hold a password */
export function invalidEnvFile(file: string, line: number, problem: string): Failure {
  return new Failure("invalid-env-file", 2, `Cannot read line ${line} of ${file}: ${problem}`, {
    hint: "Write one NAME=value a line; a value with a line end stands in double quotes; # begins a comment.",
    file,
  });
}

// ---- check

/** A line of a file of checksums that cannot be taken. */
export function badSums(place: Place, problem: string): Failure {
  return new Failure("bad-sums", 2, `Cannot read line ${place.line} of ${place.file}: ${problem}`, {
    place,
    hint: "After a merge, keep the lines of both sides. pgmigrate check --write-sums FILE writes such a file anew.",
  });
}

/** A file that was cut off, or another one: everything would agree with it. */
export function noSums(file: string): Failure {
  return new Failure("bad-sums", 2, `${file} holds no checksum of a migration`, {
    hint: "pgmigrate check --write-sums FILE writes such a file.",
    file,
  });
}

export function noBase(path: string): Failure {
  return new Failure("no-base", 2, `There is nothing at ${path} to compare with`, {
    hint: "--base takes the migrations directory of the branch that the change goes into, or a file that " +
      "pgmigrate check --write-sums FILE has written. For a branch that has no migrations yet, leave it out.",
  });
}

/** The files agree with themselves, whatever was done to them. */
export function baseIsItself(path: string): Failure {
  return new Failure("base-is-itself", 2, `${path} is the migrations directory itself, and no base to hold it to`, {
    hint: "--base takes the directory as the branch has it that the change goes into: git worktree add ../main main, " +
      "then pgmigrate check --base ../main/migrations.",
  });
}

/** @param change what changed: `the SQL changed`; null where that is not known */
export function editedSinceBase(file: string, { name, base, change, lines }: {
  readonly name: string;
  readonly base: string;
  readonly change: string | null;
  /** The lines that changed, each with its sign. */
  readonly lines: readonly string[];
}): Failure {
  const what = change === null ? "" : `: ${change}`;
  return new Failure("base-edited", 7, `${name} is in ${base}, and was edited${what}`, {
    file,
    ...lines.length === 0 ? {} : { detail: lines.join("\n") },
    hint: "Take the edit back, and make the change in a new migration: pgmigrate new NAME",
  });
}

export function removedSinceBase(file: string, { name, base }: {
  readonly name: string;
  readonly base: string;
}): Failure {
  return new Failure("base-removed", 7, `${name} is in ${base}, and was removed`, {
    file,
    hint:
      "Bring the file back: what takes back what it did is a new migration (pgmigrate new --revert VERSION). If it " +
      "came to the base after this branch began, merge the base first",
  });
}

export function renamedSinceBase(file: string, { name, base, to, edited }: {
  readonly name: string;
  readonly base: string;
  readonly to: string;
  readonly edited: boolean;
}): Failure {
  const what = edited ? "renamed and edited" : "renamed";
  return new Failure("base-renamed", 7, `${name} is in ${base}, and was ${what}: it is ${to} now`, {
    file,
    hint: edited
      ? `Bring ${name} back as it was. If ${to} is another migration, give it the next free number`
      : `Name it ${name} again`,
  });
}

export function numberedAround(file: string, { name, base, last }: {
  readonly name: string;
  readonly base: string;
  readonly last: string;
}): Failure {
  return new Failure("numbered-around", 7, `${name} is new, and ${base} is at ${last} already`, {
    file,
    hint: `Give it the next free number: a database that has ${last} would find it out of order`,
  });
}

/** `--database-url embedded:DIR` names a database that is there; what is checked starts from nothing. */
export function notForScratch(): Failure {
  return new Failure("not-for-scratch", 2, "check cannot work on an embedded database that is kept", {
    hint: "Leave --database-url out: check has an embedded PostgreSQL of its own, in memory. Or name a server, on " +
      "which it creates a database and drops it again.",
  });
}

export function scratchNotMade(
  database: string,
  { message, sqlstate, detail }: { readonly message: string; readonly sqlstate: string; readonly detail?: string },
): Failure {
  return new Failure("scratch-not-made", 2, `Cannot create the database ${database}: ${message}`, {
    sqlstate,
    ...detail === undefined ? {} : { detail },
    hint: "Let the role do it: ALTER ROLE NAME CREATEDB. Or leave --database-url out, for the embedded PostgreSQL",
  });
}

/** A warning, not a failure: a database of ours could not be dropped. @param statement what drops it */
export function scratchLeft(
  database: string,
  { reason, statement }: { readonly reason: string; readonly statement: string },
): { readonly event: "warning"; readonly code: string; readonly message: string; readonly hint: string } {
  return {
    event: "warning",
    code: "scratch-left",
    message: `The database ${database} is left on the server: ${reason}`,
    hint: `Drop it: ${statement}`,
  };
}

// ---- Rehearsals

export function copyInUse(database: string, users: readonly string[]): Failure {
  return new Failure("copy-in-use", 5, `Cannot copy ${database}: a database is copied only while nobody uses it`, {
    items: users,
    hint: "End these sessions (SELECT pg_terminate_backend(PID)) and try again. Or rehearse on a copy that you have " +
      "restored, with --copy URL; or on the database itself, with --in-place",
  });
}

export function copyNotMade(
  database: string,
  { message, sqlstate, detail, hint }: Fatal,
): Failure {
  const denied = sqlstate === "42501"
    ? "The role needs CREATEDB, and must own the database that is copied: ALTER ROLE NAME CREATEDB"
    : hint;
  const others = "Or rehearse on a copy that you have restored, with --copy URL; or on the database itself, with " +
    "--in-place";
  return new Failure("copy-not-made", 2, `Cannot copy ${database}: ${message}`, {
    sqlstate,
    ...detail === undefined ? {} : { detail },
    hint: denied === undefined ? others : `${denied.replace(/\.$/, "")}. ${others}`,
  });
}

/** What a report says until its rehearsal has ended. */
export function rehearsalNotEnded(): Failure {
  return new Failure("rehearsal-not-ended", 1, "The rehearsal has not ended", {
    hint: "It is still at work, or was killed on its way. Look again when it has ended",
  });
}

export function copyIsTarget(database: string): Failure {
  return new Failure("copy-is-the-target", 2, `--copy names the database ${database} itself, not a copy of it`, {
    hint: "Restore a copy and name that one. To rehearse on the database itself: --in-place",
  });
}

export function copyOrInPlace(): Failure {
  return new Failure("copy-and-in-place", 2, "--copy and --in-place exclude each other", {
    hint: "Choose where to rehearse: on a copy, or on the database itself",
  });
}

export function inPlaceWithoutTimeout(option: string): Failure {
  return new Failure("in-place-without-timeout", 2, `--in-place needs ${option}, and not 0`, {
    hint: "Whoever uses the tables waits while the rehearsal holds them; the timeouts bound that: --in-place " +
      "--lock-timeout 2s --statement-timeout 10s",
  });
}

export function embeddedInPlaceOnly(): Failure {
  return new Failure("embedded-in-place-only", 2, "The embedded database has no copies", {
    hint: "Rehearse on itself, with --in-place",
  });
}

export function needsCopy(names: readonly string[]): Failure {
  return new Failure("needs-a-copy", 2, "Migrations without a transaction cannot be rolled back", {
    items: names,
    hint: "Rehearse them on a copy: leave --in-place out, or name one with --copy URL. Or stop before: --to VERSION",
  });
}

/** @param reached what it has changed: catalogs of the whole server, foreign tables */
export function reachesOutside(name: string, reached: readonly string[]): Failure {
  return new Failure("reaches-outside", 1, `${name} changes more than its database, so it cannot be kept on the copy`, {
    items: reached,
    hint: "What comes behind it and runs outside a transaction cannot be rehearsed. Stop before: --to VERSION",
  });
}

/** A warning, not a failure: sequences do not roll back. */
export function sequencesMoved(
  names: readonly string[],
): { readonly event: "warning"; readonly code: string; readonly message: string; readonly hint: string } {
  return {
    event: "warning",
    code: "sequences-moved",
    message: `Sequences do not roll back, and stay where the rehearsal has moved them: ${names.join(", ")}`,
    hint: "The numbers that it took are left out; nothing else comes of it.",
  };
}

/** The place inside a file, or the file alone. */
function at(where: Place | string): FailureDetails {
  return typeof where === "string" ? { file: where } : { place: where };
}
