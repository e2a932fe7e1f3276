import assert from "node:assert/strict";
import { parseAttempts } from "./attempts.ts";

Deno.test("parseAttempts() reads a whole number from 1", () => {
  assert.deepEqual(["1", "10", "999999"].map((text) => parseAttempts(text, "--lock-attempts")), [1, 10, 999_999]);
});

Deno.test("parseAttempts() refuses what is no number of attempts", () => {
  for (const text of ["", "0", "-1", "+1", "1.5", "1e3", "0x5", " 1", "1000000", "٥", "10s", "many"]) {
    assert.throws(() => parseAttempts(text, "--lock-attempts"), { code: "bad-attempts", exitCode: 2 }, text);
  }
});
