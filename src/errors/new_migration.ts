/** A new migration cannot be made. */

import { Failure } from "./failure.ts";

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
