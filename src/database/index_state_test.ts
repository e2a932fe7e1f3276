import assert from "node:assert/strict";
import fc from "fast-check";
import { fullTransactionId } from "./index_state.ts";

Deno.test("fullTransactionId() finds every id of the last 2^32 from its lower half", () => {
  const cases = fc.bigInt(3n, 2n ** 40n).chain((id) =>
    fc.tuple(fc.constant(id), fc.bigInt(id + 1n, id + 2n ** 32n - 1n))
  );
  fc.assert(fc.property(cases, ([id, next]) => {
    assert.equal(fullTransactionId(BigInt.asUintN(32, id), next), id);
  }));
});
