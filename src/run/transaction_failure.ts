/** Why a migration that ran in a transaction was refused, by the part of it that the server refused. */

import { NO_ROW } from "../database/claim.ts";
import type { ServerError } from "../database/session.ts";
import type { Failure } from "../errors/failure.ts";
import { claimedElsewhere, claimLost } from "../errors/other_runs.ts";
import type { CheckedFile } from "./check_files.ts";
import { commitFailure, explain, recordFailure } from "./explain.ts";

/** The claim before the file, the file, the tracker row after it, or COMMIT. */
export type Part = "claim" | "file" | "row" | "commit";

/**
 * @param error with its position and its count of statements from the start of the part
 */
export function transactionFailure(error: ServerError, { part, file }: {
  readonly part: Part;
  readonly file: CheckedFile;
}): Failure {
  const { migration } = file;
  const none = error.server.sqlstate === NO_ROW;
  switch (part) {
    case "claim":
      return none ? claimedElsewhere(migration.name, migration.path) : recordFailure(error, migration);
    case "file":
      return explain(error, { file, start: 0, statement: error.completed });
    case "row":
      // The first statement behind the file is the check of the constraints that it deferred.
      if (error.completed === 0) return explain(error, { file, start: 0, statement: null });
      return none ? claimLost(migration.path) : recordFailure(error, migration);
    case "commit":
      return commitFailure(error, migration);
  }
}
