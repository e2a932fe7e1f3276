/** What to run: the whole decision of `up`, as a function of what files and tracker say. */

import { type Failure, together } from "../errors/failure.ts";
import { editedMigrations, missingMigrations, outOfOrderMigrations, unknownTarget } from "../errors/history.ts";
import type { State } from "../events.ts";
import type { Migration } from "../migration/migration.ts";
import type { Entry } from "./compare.ts";

export interface PlanOptions {
  /** Up to and with this version; null for all. */
  readonly to: bigint | null;
  readonly allowOutOfOrder: boolean;
  /** Why an unfinished migration does not go on; null for one that does. */
  readonly stopped: (version: bigint) => Failure | null;
}

export interface Plan {
  /** What to run, in order. */
  readonly run: readonly Migration[];
  /** Versions that stay pending when all of `run` was applied. */
  readonly rest: readonly bigint[];
}

/**
 * Decides what `up` runs.
 *
 * @throws {Failure} when history does not match the files. It names every migration that does not, not the first.
 */
export function plan(entries: readonly Entry[], { to, allowOutOfOrder, stopped }: PlanOptions): Plan {
  const inState = (state: State) => entries.filter((entry) => entry.state === state);
  const names = (state: State) => inState(state).map(({ name }) => name);
  const canRestore = (state: State) => inState(state).every(({ row }) => row!.hasSource);
  const failures: Failure[] = [];
  if (to !== null && !entries.some((entry) => entry.version === to)) failures.push(unknownTarget(to));
  if (inState("edited").length > 0) failures.push(editedMigrations(names("edited"), canRestore("edited")));
  if (inState("missing").length > 0) failures.push(missingMigrations(names("missing"), canRestore("missing")));
  if (inState("out_of_order").length > 0 && !allowOutOfOrder) {
    failures.push(outOfOrderMigrations(names("out_of_order")));
  }
  for (const { version } of inState("unfinished")) {
    const failure = stopped(version);
    if (failure !== null) failures.push(failure);
  }
  const failure = together(failures);
  if (failure !== null) throw failure;

  const waiting = entries.filter(isWaiting);
  const within = (entry: Entry) => to === null || entry.version <= to;
  return {
    run: waiting.filter(within).map((entry) => entry.migration!),
    rest: waiting.filter((entry) => !within(entry)).map((entry) => entry.version),
  };
}

/** Whether a migration is to be run: on disk, and not in the tracker. */
export function isWaiting({ state }: Entry): boolean {
  return state === "pending" || state === "out_of_order" || state === "unfinished";
}
