import assert from "node:assert/strict";
import fc from "fast-check";
import { afterAttempt, pauseAfter } from "./retry_policy.ts";

Deno.test("pauseAfter() is a random part of a time that doubles up to half a minute", () => {
  assert.deepEqual([1, 2, 3, 6, 7, 8, 999_999].map((attempt) => pauseAfter(attempt, 1)), [
    500,
    1_000,
    2_000,
    16_000,
    30_000,
    30_000,
    30_000,
  ]);
  assert.equal(pauseAfter(5, 0), 0);
  assert.equal(pauseAfter(1, 0.5), 250);
});

Deno.test("afterAttempt() stops at the number of attempts, and before a pause that the budget does not hold", () => {
  const limits = { lockAttempts: 3, lockBudgetMs: 10_000, random: 1 };
  assert.deepEqual(afterAttempt({ attempt: 2, elapsedMs: 0 }, limits), { pauseMs: 1_000 });
  assert.deepEqual(afterAttempt({ attempt: 3, elapsedMs: 0 }, limits), { exhausted: "attempts" });
  assert.deepEqual(afterAttempt({ attempt: 1, elapsedMs: 0 }, { ...limits, lockAttempts: 1 }), {
    exhausted: "attempts",
  });
  assert.deepEqual(afterAttempt({ attempt: 2, elapsedMs: 9_000 }, limits), { exhausted: "budget" });
  assert.deepEqual(afterAttempt({ attempt: 2, elapsedMs: 1e9 }, { ...limits, lockBudgetMs: 0 }), { pauseMs: 1_000 });
});

Deno.test("afterAttempt() comes to an end, whatever the limits, and never pauses past the budget", () => {
  const limits = fc.record({
    lockAttempts: fc.integer({ min: 1, max: 50 }),
    lockBudgetMs: fc.nat(100_000),
    random: fc.double({ min: 0, max: 1, noNaN: true }),
    tookMs: fc.nat(5_000),
  });
  fc.assert(fc.property(limits, ({ tookMs, ...limits }) => {
    let elapsedMs = 0;
    for (let attempt = 1;; attempt++) {
      elapsedMs += tookMs;
      const next = afterAttempt({ attempt, elapsedMs }, limits);
      if ("exhausted" in next) break;
      elapsedMs += next.pauseMs;
      assert.ok(attempt < limits.lockAttempts);
      assert.ok(limits.lockBudgetMs === 0 || elapsedMs < limits.lockBudgetMs);
    }
  }));
});
