import assert from "node:assert/strict";
import { count, duration, list, time } from "./wording.ts";

Deno.test("duration() never rounds up to a number that the next unit should have", () => {
  const cases: [number, string][] = [
    [0, "0 ms"],
    [0.4, "0 ms"],
    [999.4, "999 ms"],
    [999.6, "1.0 s"],
    [1_549, "1.5 s"],
    [59_949, "59.9 s"],
    [59_950, "1 min 0 s"],
    [3_599_499, "59 min 59 s"],
    [3_599_500, "1 h 0 min"],
    [90_061_000, "25 h 1 min"],
  ];
  for (const [milliseconds, text] of cases) assert.equal(duration(milliseconds), text, String(milliseconds));
});

Deno.test("count() and list() read as a sentence does", () => {
  assert.equal(count(1, "migration"), "1 migration");
  assert.equal(count(0, "migration"), "0 migrations");
  assert.equal(list([]), "");
  assert.equal(list(["a"]), "a");
  assert.equal(list(["a", "b", "c"]), "a, b and c");
});

Deno.test("time() is in UTC wherever it is read", () => {
  assert.equal(time(new Date("2026-11-22T15:10:00.999+02:00")), "2026-11-22 13:10:00 UTC");
});
