/** The settings that name a database cannot be used. */

import { count } from "./count.ts";
import { Failure } from "./failure.ts";

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
