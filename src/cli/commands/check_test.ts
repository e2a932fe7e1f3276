import assert from "node:assert/strict";
import { verdict } from "./check.ts";

for (
  const [what, found, relaxed, strict] of [
    ["nothing", {}, 0, 0],
    ["an error", { error: 1 }, 7, 7],
    ["a warning", { warning: 1 }, 0, 7],
    ["a note", { info: 1 }, 0, 0],
    ["an inconclusive migration", { inconclusive: [2n] }, 0, 7],
  ] as const
) {
  Deno.test(`check exits with ${relaxed} for ${what}, and with ${strict} when it is strict`, () => {
    const { inconclusive = [], ...findings } = { inconclusive: [], ...found };
    const answer = {
      versions: { passed: [1n], failed: [], inconclusive },
      findings: { error: 0, warning: 0, info: 0, ...findings },
    };
    assert.deepEqual([verdict(answer, false), verdict(answer, true)], [relaxed, strict]);
  });
}
