/** Another run is at work on the same database. */

import { Failure } from "./failure.ts";

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
