/** What was applied does not go with the files. */

import { count } from "./count.ts";
import { Failure } from "./failure.ts";

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

export function unknownTarget(version: bigint): Failure {
  return new Failure("unknown-version", 2, `There is no migration with version ${version}`, {
    hint: "--to takes the version of a migration: see pgmigrate status",
  });
}
