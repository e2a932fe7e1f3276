import assert from "node:assert/strict";
import fc from "fast-check";
import type { ProgressRow } from "../database/look.ts";
import { estimate, measure, type Measured } from "./progress_rate.ts";

function row(done: number, more: Partial<ProgressRow> = {}): ProgressRow {
  return { command: "CREATE INDEX", phase: "building index", done, total: 1000, rows: null, ...more };
}

function measureAll(samples: readonly (readonly [atMs: number, row: ProgressRow])[]): Measured {
  return samples.reduce<Measured | null>((before, [atMs, row]) => measure(before, row, atMs), null)!;
}

Deno.test("estimate() gives the part that is done, and the time left once there is enough to go by", () => {
  assert.deepEqual(estimate(measureAll([[0, row(100)]])), { percent: 10, secondsLeft: null });
  assert.deepEqual(estimate(measureAll([[0, row(100)], [1_000, row(200)]])), { percent: 20, secondsLeft: null });
  assert.deepEqual(estimate(measureAll([[0, row(100)], [4_000, row(500)]])), { percent: 50, secondsLeft: 5 });
});

Deno.test("estimate() goes by the speed of the last half minute", () => {
  const measured = measureAll([[0, row(0)], [10_000, row(500)], [20_000, row(510)], [40_000, row(530)]]);
  assert.deepEqual(estimate(measured), { percent: 53, secondsLeft: 470 });
});

Deno.test("estimate() says nothing of what cannot be known", () => {
  assert.deepEqual(estimate(measureAll([[0, row(5, { total: 0 })]])), { percent: null, secondsLeft: null });
  assert.deepEqual(estimate(measureAll([[0, row(5)], [9_000, row(5)]])), { percent: 0.5, secondsLeft: null });
});

Deno.test("measure() begins anew with another phase, another command, and a count that goes back", () => {
  const before = measureAll([[0, row(100)], [4_000, row(500)]]);
  for (
    const next of [row(600, { phase: "sorting" }), row(600, { command: "VACUUM" }), row(600, { total: 999 }), row(1)]
  ) {
    assert.equal(measure(before, next, 5_000).samples.length, 1);
  }
  assert.equal(measure(before, row(500), 5_000).samples.length, 3);
});

Deno.test("estimate() stays within 0 and 100 per cent and never counts on less than no time, whatever the server says", () => {
  const samples = fc.array(fc.tuple(fc.nat(2e12), fc.nat(2e12)), { minLength: 1, maxLength: 20 });
  fc.assert(fc.property(samples, (samples) => {
    const { percent, secondsLeft } = estimate(
      measureAll(samples.map(([done, total], index) => [index * 1_000, row(done, { total })])),
    );
    assert.ok(percent === null || (percent >= 0 && percent <= 100));
    assert.ok(secondsLeft === null || (Number.isInteger(secondsLeft) && secondsLeft >= 0));
  }));
});
