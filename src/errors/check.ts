/** Files have changed since their base, or there is no place to check them. */

import { Failure, type Place } from "./failure.ts";

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
