/** A migration has failed, or went wrong otherwise, while it ran. */

import { count } from "./count.ts";
import { Failure, type FailureDetails, type Fatal } from "./failure.ts";

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
