import fc from "fast-check";
import { ALL } from "./fuzz/all.ts";
import { checkInTime } from "./fuzz/fuzzed.ts";

/** `deno task fuzz` makes more. */
const RUNS = 10_000;

/** Of what failed; an input may be long, and its seed and path are enough to have it again. */
const SHOWN_CHARACTERS = 3_000;

for (const property of ALL) {
  const { name, arbitrary, corpus, oneIn = 1 } = property;

  for (const [index, input] of corpus.entries()) {
    Deno.test(`fuzz: ${name}: case ${index + 1} that was found`, () => checkInTime(property, input));
  }

  Deno.test(`fuzz: ${name}`, async () => {
    const runs = Math.ceil(RUNS / oneIn);
    const details = await fc.check(fc.asyncProperty(arbitrary, (input) => checkInTime(property, input)), {
      numRuns: runs,
    });
    if (details.failed) {
      throw new Error(fc.defaultReportMessage(details)?.slice(0, SHOWN_CHARACTERS), { cause: details.errorInstance });
    }
  });
}
