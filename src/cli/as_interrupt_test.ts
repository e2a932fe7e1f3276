import assert from "node:assert/strict";
import { Failure } from "../errors/failure.ts";
import { interrupted } from "../errors/program.ts";
import { asInterrupt } from "./as_interrupt.ts";

const AFTER = AbortSignal.abort(interrupted("SIGTERM"));
const PLACE = { file: "m/1_a.sql", line: 1, column: 1, sourceLine: "SELECT pg_sleep(9);" };
const CANCELED = new Failure("migration-failed", 1, "canceling statement due to user request", {
  sqlstate: "57014",
  place: PLACE,
  state: "Nothing of 1_a.sql was kept.",
});

Deno.test("asInterrupt() takes what was cancelled for the interrupt, and keeps the state of the database", () => {
  const { code, exitCode, details } = asInterrupt(CANCELED, AFTER);
  assert.deepEqual({ code, exitCode, details }, {
    code: "interrupted",
    exitCode: 143,
    details: { file: "m/1_a.sql", state: "Nothing of 1_a.sql was kept." },
  });
  assert.equal(asInterrupt(new Failure("connection-lost", 4, "lost"), AFTER).exitCode, 143);
});

Deno.test("asInterrupt() leaves a failure alone that the interrupt did not bring about", () => {
  const before = new AbortController().signal;
  const unknown = new Failure("outcome-unknown", 4, "not known");
  assert.equal(asInterrupt(CANCELED, before), CANCELED);
  assert.equal(asInterrupt(unknown, AFTER), unknown);
});
