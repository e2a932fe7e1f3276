import assert from "node:assert/strict";
import { Failure } from "../errors/failure.ts";
import { parseDuration } from "./duration.ts";

Deno.test("parseDuration() reads every unit as milliseconds", () => {
  const cases = {
    "0": 0,
    "0s": 0,
    "500ms": 500,
    "5s": 5_000,
    "2min": 120_000,
    "1h": 3_600_000,
    "1d": 86_400_000,
    "5 s": 5_000,
  };
  for (const [text, milliseconds] of Object.entries(cases)) {
    assert.equal(parseDuration(text, "--wait"), milliseconds, text);
  }
});

Deno.test("parseDuration() refuses what PostgreSQL would read otherwise or not at all", () => {
  for (
    const text of ["", "s", "-1s", "+1s", "1.5s", "5m", "5S", "5sec", "1h30min", " 5s", "5s ", "٥s", "0x5s", "1e3ms"]
  ) {
    assert.throws(() => parseDuration(text, "--wait"), { code: "bad-duration" }, text);
  }
});

Deno.test("parseDuration() says how a number without a unit is written", () => {
  assert.throws(() => parseDuration("30", "--lock-wait"), (error) => {
    assert(error instanceof Failure);
    assert.equal(error.message, '--lock-wait is not a duration: "30"');
    assert.match(error.details.hint!, /Write 30s for seconds or 30ms/);
    return true;
  });
});

Deno.test("parseDuration() refuses more than the server's timeouts can hold", () => {
  assert.equal(parseDuration("2147483647ms", "--wait"), 2_147_483_647);
  for (const text of ["2147483648ms", "25d", `${"9".repeat(400)}s`]) {
    assert.throws(() => parseDuration(text, "--wait"), { code: "bad-duration" }, text);
  }
});
