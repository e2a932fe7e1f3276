/** A rehearsal cannot be begun, or cannot go on. */

import { Failure, type Fatal } from "./failure.ts";

export function copyInUse(database: string, users: readonly string[]): Failure {
  return new Failure("copy-in-use", 5, `Cannot copy ${database}: a database is copied only while nobody uses it`, {
    items: users,
    hint: "End these sessions (SELECT pg_terminate_backend(PID)) and try again. Or rehearse on a copy that you have " +
      "restored, with --copy URL; or on the database itself, with --in-place",
  });
}

export function copyNotMade(
  database: string,
  { message, sqlstate, detail, hint }: Fatal,
): Failure {
  const denied = sqlstate === "42501"
    ? "The role needs CREATEDB, and must own the database that is copied: ALTER ROLE NAME CREATEDB"
    : hint;
  const others = "Or rehearse on a copy that you have restored, with --copy URL; or on the database itself, with " +
    "--in-place";
  return new Failure("copy-not-made", 2, `Cannot copy ${database}: ${message}`, {
    sqlstate,
    ...detail === undefined ? {} : { detail },
    hint: denied === undefined ? others : `${denied.replace(/\.$/, "")}. ${others}`,
  });
}

/** What a report says until its rehearsal has ended. */
export function rehearsalNotEnded(): Failure {
  return new Failure("rehearsal-not-ended", 1, "The rehearsal has not ended", {
    hint: "It is still at work, or was killed on its way. Look again when it has ended",
  });
}

export function copyIsTarget(database: string): Failure {
  return new Failure("copy-is-the-target", 2, `--copy names the database ${database} itself, not a copy of it`, {
    hint: "Restore a copy and name that one. To rehearse on the database itself: --in-place",
  });
}

export function inPlaceWithoutTimeout(option: string): Failure {
  return new Failure("in-place-without-timeout", 2, `--in-place needs ${option}, and not 0`, {
    hint: "Whoever uses the tables waits while the rehearsal holds them; the timeouts bound that: --in-place " +
      "--lock-timeout 2s --statement-timeout 10s",
  });
}

export function embeddedInPlaceOnly(): Failure {
  return new Failure("embedded-in-place-only", 2, "The embedded database has no copies", {
    hint: "Rehearse on itself, with --in-place",
  });
}

export function needsCopy(names: readonly string[]): Failure {
  return new Failure("needs-a-copy", 2, "Migrations without a transaction cannot be rolled back", {
    items: names,
    hint: "Rehearse them on a copy: leave --in-place out, or name one with --copy URL. Or stop before: --to VERSION",
  });
}

/** @param reached what it has changed: catalogs of the whole server, foreign tables */
export function reachesOutside(name: string, reached: readonly string[]): Failure {
  return new Failure("reaches-outside", 1, `${name} changes more than its database, so it cannot be kept on the copy`, {
    items: reached,
    hint: "What comes behind it and runs outside a transaction cannot be rehearsed. Stop before: --to VERSION",
  });
}

/** A warning, not a failure: sequences do not roll back. */
export function sequencesMoved(
  names: readonly string[],
): { readonly event: "warning"; readonly code: string; readonly message: string; readonly hint: string } {
  return {
    event: "warning",
    code: "sequences-moved",
    message: `Sequences do not roll back, and stay where the rehearsal has moved them: ${names.join(", ")}`,
    hint: "The numbers that it took are left out; nothing else comes of it.",
  };
}
