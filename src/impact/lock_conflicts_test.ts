import assert from "node:assert/strict";
import { LOCK_MODES } from "./impact.ts";
import { blockedBy, conflicts } from "./lock_conflicts.ts";

Deno.test("a conflict of two lock modes is one both ways round", () => {
  for (const one of LOCK_MODES) {
    for (const other of LOCK_MODES) assert.equal(conflicts(one, other), conflicts(other, one), `${one} ${other}`);
  }
});

Deno.test("what a lock keeps from its table is what the documentation says", () => {
  assert.deepEqual(LOCK_MODES.map(blockedBy), [
    "nobody",
    "nobody",
    "nobody",
    "nobody",
    "writes",
    "writes",
    "writes",
    "reads-and-writes",
  ]);
});
