/** One property, run for `deno task fuzz` where it can be ended if it hangs. */

import fc from "fast-check";
import { ALL } from "./all.ts";
import { checkInTime } from "./fuzzed.ts";

export interface Task {
  /** Which of {@link ALL}. */
  readonly index: number;
  readonly seed: number;
  /** null: as many as fit into the time. */
  readonly runs: number | null;
  readonly seconds: number;
}

export interface Ended {
  /** What failed, with the smallest input that was found; null for nothing. */
  readonly report: string | null;
  readonly made: number;
}

/** Of an input that hangs, this much is shown. */
const SHOWN_CHARACTERS = 2_000;

declare const self: {
  onmessage: (event: MessageEvent<Task>) => void;
  postMessage(message: Ended | string): void;
};

self.onmessage = async ({ data: { index, seed, runs, seconds } }) => {
  const property = ALL[index]!;
  const attempt = fc.asyncProperty(property.arbitrary, async (input) => {
    self.postMessage(fc.stringify(input).slice(0, SHOWN_CHARACTERS));
    await checkInTime(property, input);
  });
  const limit = runs === null
    ? { numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: seconds * 1000, markInterruptAsFailure: false }
    : { numRuns: Math.ceil(runs / (property.oneIn ?? 1)) };
  const details = await fc.check(attempt, { seed, ...limit });
  self.postMessage({
    report: details.failed ? (fc.defaultReportMessage(details) ?? "failed").slice(0, SHOWN_CHARACTERS) : null,
    made: 0,
  });
};
