/** Other transactions hold what a migration needs. */

import { Failure, type FailureDetails } from "./failure.ts";

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
