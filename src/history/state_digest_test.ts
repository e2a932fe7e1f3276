import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import type { AppliedRow } from "./compare.ts";
import { stateDigest } from "./state_digest.ts";

function row(version: bigint, checksum: string | null): AppliedRow {
  return { version, name: "a.sql", appliedAt: null, checksum, hasSource: true };
}

const anyRows = fc.uniqueArray(
  fc.record({ version: fc.bigInt(1n, 30n), checksum: fc.constantFrom("aa", "bb", null) }),
  { selector: ({ version }) => version, maxLength: 6 },
).map((rows) => rows.map(({ version, checksum }) => row(version, checksum)));

Deno.test("stateDigest() is SHA-256 over lines of version and checksum in order of versions", () => {
  const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
  assert.equal(stateDigest([]), sha256(""));
  assert.equal(stateDigest([row(10n, "b"), row(9n, "a"), row(2n ** 62n, null)]), sha256(`9 a\n10 b\n${2n ** 62n} -\n`));
});

Deno.test("stateDigest() depends on versions and checksums only, not on order, names or times", () => {
  fc.assert(fc.property(anyRows, (rows) => {
    const others = rows.toReversed().map((row) => ({ ...row, name: "b.sql", appliedAt: new Date(5) }));
    assert.equal(stateDigest(others), stateDigest(rows));
  }));
});

Deno.test("stateDigest() differs for any two states that differ", () => {
  const canonical = (rows: readonly AppliedRow[]) =>
    JSON.stringify(rows.map(({ version, checksum }) => [Number(version), checksum]).sort((a, b) => +a[0]! - +b[0]!));
  fc.assert(fc.property(anyRows, anyRows, (one, other) => {
    assert.equal(stateDigest(one) === stateDigest(other), canonical(one) === canonical(other));
  }));
  assert.notEqual(stateDigest([row(1n, "1"), row(2n, "2")]), stateDigest([row(1n, "2"), row(2n, "1")]));
  assert.notEqual(stateDigest([row(11n, "1")]), stateDigest([row(1n, "11")]));
});

Deno.test("stateDigest() leaves the rows in their order", () => {
  const rows = [row(2n, null), row(1n, null)];
  stateDigest(rows);
  assert.deepEqual(rows.map(({ version }) => version), [2n, 1n]);
});
