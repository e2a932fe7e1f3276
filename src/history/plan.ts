/** What to run: the whole decision of `up`, as a function of what files and tracker say. */

import {
  editedMigrations,
  type Failure,
  missingMigrations,
  outOfOrderMigrations,
  together,
  unfinishedMigrations,
  unknownTarget,
} from "../errors.ts";
import type { State } from "../events.ts";
import type { Migration } from "../migration/migration.ts";
import type { Entry } from "./compare.ts";

export interface PlanOptions {
  /** Up to and with this version; null for all. */
  readonly to: bigint | null;
  readonly allowOutOfOrder: boolean;
  /** The statements that end an unfinished migration by hand. */
  readonly waysOut: (version: bigint) => WaysOut;
}

/** What to run by hand when a migration stopped half-way, once somebody has looked at the database. */
export interface WaysOut {
  /** Nothing of it is left: this lets `up` run it again. */
  readonly forget: string;
  /** All of it is there: this records it as applied. */
  readonly record: string;
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
export function plan(entries: readonly Entry[], { to, allowOutOfOrder, waysOut }: PlanOptions): Plan {
  const inState = (state: State) => entries.filter((entry) => entry.state === state);
  const failures: Failure[] = [];
  if (to !== null && !entries.some((entry) => entry.version === to)) failures.push(unknownTarget(to));
  if (inState("edited").length > 0) failures.push(editedMigrations(inState("edited").map(label)));
  if (inState("missing").length > 0) failures.push(missingMigrations(inState("missing").map(label)));
  if (inState("out_of_order").length > 0 && !allowOutOfOrder) {
    failures.push(outOfOrderMigrations(inState("out_of_order").map(label)));
  }
  const [unfinished] = inState("unfinished");
  if (unfinished !== undefined) {
    failures.push(unfinishedMigrations(inState("unfinished").map(label), waysOut(unfinished.version)));
  }
  const failure = together(failures);
  if (failure !== null) throw failure;

  const waiting = entries.filter(({ state }) => state === "pending" || state === "out_of_order");
  const within = (entry: Entry) => to === null || entry.version <= to;
  return {
    run: waiting.filter(within).map((entry) => entry.migration!),
    rest: waiting.filter((entry) => !within(entry)).map((entry) => entry.version),
  };
}

function label({ name, unfinished }: Entry): string {
  if (unfinished === null) return name;
  const { statementsDone, startedAt } = unfinished;
  const done = `${statementsDone} ${statementsDone === 1 ? "statement" : "statements"}`;
  return `${name}: begun ${startedAt.toISOString()}, ${done} done`;
}
