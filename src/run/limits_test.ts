import assert from "node:assert/strict";
import { type Limits, limitsOf, lockTimeoutWithin } from "./limits.ts";

const OPTIONS: Limits = { lockTimeoutMs: 5_000, lockAttempts: 10, lockBudgetMs: 600_000, statementTimeoutMs: 0 };

Deno.test("limitsOf() takes the options where the file says nothing, and the file's word where it does", () => {
  assert.deepEqual(limitsOf({ noTransaction: false }, OPTIONS), OPTIONS);
  const own = { lockTimeoutMs: 0, lockAttempts: 1, lockBudgetMs: 0, statementTimeoutMs: 1 };
  assert.deepEqual(limitsOf({ noTransaction: false, ...own }, OPTIONS), own);
});

Deno.test("limitsOf() gives a file outside a transaction one attempt, and no lock_timeout but its own", () => {
  const limits = { lockAttempts: 1, lockBudgetMs: 0, statementTimeoutMs: 7 };
  const options = { ...OPTIONS, statementTimeoutMs: 7 };
  assert.deepEqual(limitsOf({ noTransaction: true }, options), { ...limits, lockTimeoutMs: 0 });
  assert.deepEqual(limitsOf({ noTransaction: true, lockTimeoutMs: 200 }, options), { ...limits, lockTimeoutMs: 200 });
});

Deno.test("lockTimeoutWithin() ends an attempt with the budget, and never shortens a wait that has no limit", () => {
  const cases:
    readonly (readonly [lockTimeoutMs: number, lockBudgetMs: number, elapsedMs: number, expected: number])[] = [
      [5_000, 600_000, 0, 5_000],
      [5_000, 600_000, 597_000, 3_000],
      [5_000, 1_000, 0, 1_000],
      // 0 would be for no limit.
      [5_000, 1_000, 1_000, 1],
      [5_000, 1_000, 9_000, 1],
      [0, 1_000, 500, 0],
      [5_000, 0, 1e9, 5_000],
    ];
  for (const [lockTimeoutMs, lockBudgetMs, elapsedMs, expected] of cases) {
    assert.equal(lockTimeoutWithin({ lockTimeoutMs, lockBudgetMs }, elapsedMs), expected);
  }
});
