import assert from "node:assert/strict";
import { distance, nearest } from "./nearest.ts";

Deno.test("distance() counts insertions, deletions, substitutions and swaps of neighbours as one each", () => {
  const cases: [string, string, number][] = [
    ["", "", 0],
    ["", "abc", 3],
    ["up", "upp", 1],
    ["status", "statsu", 1],
    ["verify", "verfiy", 1],
    ["kitten", "sitting", 3],
    ["ab", "ba", 1],
  ];
  for (const [a, b, expected] of cases) {
    assert.equal(distance(a, b), expected, `${a} ${b}`);
    assert.equal(distance(b, a), expected, `${b} ${a}`);
  }
});

Deno.test("nearest() offers a word only when little of it would change", () => {
  const commands = ["up", "status", "verify", "new", "help"];
  assert.equal(nearest("statsu", commands), "status");
  assert.equal(nearest("Verify", commands), "verify");
  assert.equal(nearest("upp", commands), "up");
  assert.equal(nearest("stat", commands), "status");
  assert.equal(nearest("rollback", commands), null);
  assert.equal(nearest("", commands), null);
});

Deno.test("nearest() takes the beginning of an option for it", () => {
  assert.equal(nearest("--allow", ["--to", "--allow-out-of-order"]), "--allow-out-of-order");
  assert.equal(nearest("--dryrun", ["--to", "--dry-run"]), "--dry-run");
});

Deno.test("nearest() does not compare a word that is too long to be one", () => {
  assert.equal(nearest("s".repeat(1_000_000), ["status"]), null);
});
