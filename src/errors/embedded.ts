/** The embedded PostgreSQL and its directory cannot be used. */

import { Failure } from "./failure.ts";

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
