/** A migration has begun and not ended, and cannot simply go on. */

import { count } from "./count.ts";
import { Failure, type Place } from "./failure.ts";

/** What is known of a migration that was begun and not ended. */
interface Stopped {
  readonly version: bigint;
  readonly name: string;
  readonly done: number;
  /** null where it is not known. */
  readonly total: number | null;
  /** Line of the first statement that is not known to be done; null where there is none, or nobody knows. */
  readonly line: number | null;
  /** Its statements, and what is known of each. */
  readonly items: readonly string[];
  /** When it was begun, and what stopped it. */
  readonly detail: string;
  /** Temporary objects that it made, and that ended with its session. */
  readonly gone: readonly string[];
  readonly place: Place | null;
}

export function unfinishedMigration(
  question: "edited" | "half-way" | "uncertain" | "temporary" | "unknown",
  { version, name, done, total, line, items, detail, gone, place }: Stopped,
): Failure {
  const sentence = {
    "edited": `${name} has begun and not ended, and was edited since`,
    "half-way": `${name} has begun and not ended: ${done} of ${
      count(total ?? 0, "statement is", "statements are")
    } done`,
    "uncertain": `${name} has begun and not ended: whether the statement at line ${line} was done is not known`,
    "temporary": `${name} has begun and not ended, and cannot go on: what it made for its session is gone`,
    "unknown": `${name} has begun and not ended: how much of it was done is not known`,
  }[question];
  const retry = `pgmigrate up --retry ${version}`;
  const record = `pgmigrate up --mark-applied ${version}`;
  const from = line === null ? "" : `, from line ${line}`;
  const hint = {
    "edited": `To go on with the file as it is now, behind what is done: ${retry}. When all of it is there: ${record}`,
    "half-way": `To go on at line ${line}: ${retry}. When you have done the rest by hand: ${record}`,
    "uncertain": `Look at the database. If that statement is not done, or may run a second time: ${retry}. ` +
      `When all of the migration is there: ${record}`,
    "temporary":
      `With its session went ${gone.join(", ")}. Do the rest by hand${from}, with that made anew; then record ` +
      `it: ${record}`,
    "unknown": `Look at the database. To run the whole of it again: ${retry}. When all of it is there: ${record}`,
  }[question];
  const where = place === null ? {} : { place };
  return new Failure("unfinished", 1, sentence, { hint, items, detail, state: "Nothing was applied.", ...where });
}

/** Its file is gone, so nothing can be said of its statements. */
export function unfinishedWithoutFile(name: string, version: bigint): Failure {
  return new Failure("unfinished", 1, `${name} has begun and not ended, and its file is missing`, {
    hint:
      "Bring the file back from version control; the table of unfinished migrations has its text too. When all of " +
      `it is there in the database: pgmigrate up --mark-applied ${version}`,
    state: "Nothing was applied.",
  });
}

export function doneStatementEdited(name: string, { place, version }: {
  readonly place: Place | null;
  readonly version: bigint;
}): Failure {
  return new Failure("cannot-retry", 1, `${name} cannot go on: a statement that is done was edited`, {
    ...place === null ? {} : { place },
    hint: "Take that edit back: what is done would not run again. Or do the rest by hand and record it: " +
      `pgmigrate up --mark-applied ${version}`,
    state: "Nothing was applied.",
  });
}

export function cannotGoOnInTransaction(name: string, { file, done }: {
  readonly file: string;
  readonly done: number;
}): Failure {
  const are = count(done, "of its statements is", "of its statements are");
  return new Failure("cannot-retry", 1, `${name} cannot go on in a transaction: ${are} done without one`, {
    file,
    hint: "Bring the directive back: `-- pgmigrate: no-transaction`",
    state: "Nothing was applied.",
  });
}

/** @param state what the version is instead; null where there is no such version */
export function notUnfinished(option: string, version: bigint, state: string | null): Failure {
  const is = state === null ? "there is no migration with that version" : `it is ${state.replaceAll("_", " ")}`;
  return new Failure("not-unfinished", 2, `${option} ${version}: ${is}, not unfinished`, {
    hint: "The option is for a migration that has begun and not ended: see pgmigrate status",
  });
}

export function retryAndMark(version: bigint): Failure {
  return new Failure("retry-and-mark", 2, `--retry and --mark-applied both name version ${version}`, {
    hint: "Give one of them",
  });
}

export function retryLeftOut(version: bigint, to: bigint): Failure {
  return new Failure("retry-left-out", 2, `--retry ${version} is left out by --to ${to}`, {
    hint: `Give --to ${version} or a later version`,
  });
}

/** The backend of a run that is gone is still at work, and what it does cannot be known before it has ended. */
export function stillRunning(name: string, { backends, waitedMs }: {
  readonly backends: readonly { readonly pid: number; readonly who: string }[];
  readonly waitedMs: number;
}): Failure {
  const waited = waitedMs === 0 ? "" : ` after ${waitedMs / 1000} s`;
  return new Failure("still-running", 5, `The backend that runs ${name} for an earlier run is still there${waited}`, {
    items: backends.map(({ who }) => who),
    hint: "Wait longer with --lock-wait 10min. If that run is dead, end its backend: " +
      `SELECT pg_terminate_backend(${backends[0]?.pid ?? "PID"})`,
    state: "Nothing was applied.",
  });
}

/** Recording a migration whose indexes no query can use would hide them for good. */
export function indexesNotValid(name: string, indexes: readonly string[], version: bigint): Failure {
  return new Failure("invalid-index", 1, `${name} is not all there: PostgreSQL calls an index of it INVALID`, {
    items: indexes,
    hint: `Have it dropped and built again: pgmigrate up --retry ${version}. Or do that by hand first`,
    state: "Nothing was applied.",
  });
}
