/** What `up` works on, and what it says became of it. */

import type { Database } from "../database/database.ts";
import { findTracker } from "../database/find_tracker.ts";
import type { Session } from "../database/session.ts";
import { readTracker } from "../database/tracker.ts";
import { Failure } from "../errors/failure.ts";
import type { MigrationOutcome, UpResult } from "../events.ts";
import { compare, type Entry, highest } from "../history/compare.ts";
import { isWaiting } from "../history/plan.ts";
import type { Migration } from "../migration/migration.ts";
import type { UpOptions } from "./options.ts";
import type { Seen } from "./settle_unfinished.ts";
import { ownFailure } from "./with_session.ts";

export type Outcome = Pick<UpResult, "migrations" | "applied" | "pending" | "marked" | "version" | "failure">;

export interface Work {
  readonly options: UpOptions;
  readonly migrations: readonly Migration[];
  readonly database: Database;
  readonly first: Session;
}

/** Tracker and files side by side, as they are now. */
export async function readEntries(session: Session, { options, migrations }: Work): Promise<Seen> {
  const tracker = await findTracker(session, options.table);
  return { tracker, entries: compare(migrations, await readTracker(session, tracker, options.lockTimeoutMs)) };
}

/** The failure that some work ends with, or null. Anything else that it throws is a defect and goes on. */
export async function failureOf(signal: AbortSignal, work: () => Promise<void>): Promise<Failure | null> {
  try {
    await work();
    return null;
  } catch (error) {
    const failure = ownFailure(error, signal);
    if (failure instanceof Failure) return failure;
    throw failure;
  }
}

export function outcomeOf(
  entries: readonly Entry[],
  { done, failure }: { readonly done: readonly MigrationOutcome[]; readonly failure: Failure | null },
): Omit<Outcome, "marked"> {
  const waiting = entries.filter(isWaiting);
  const ended = new Map(done.map((outcome) => [outcome.version, outcome]));
  const migrations = waiting.map(({ version, name }) =>
    ended.get(version) ?? { version, name, outcome: "not_run" as const, durationMs: null }
  );
  const applied = migrations.filter(({ outcome }) => outcome === "applied").map(({ version }) => version);
  const pending = migrations.filter(({ outcome }) => outcome !== "applied").map(({ version }) => version);
  const before = versionOf(entries);
  return { migrations, applied, pending, version: highest(before === null ? applied : [before, ...applied]), failure };
}

/** The highest version that the tracker has. */
export function versionOf(entries: readonly Entry[]): bigint | null {
  return highest(entries.filter(({ row }) => row !== null).map(({ version }) => version));
}
