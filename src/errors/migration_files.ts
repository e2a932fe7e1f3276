/** The migrations directory and its files cannot be read or written, or are not what they should be. */

import { Failure, type Place } from "./failure.ts";

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
