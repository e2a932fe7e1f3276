import assert from "node:assert/strict";
import { parseVersion } from "./version_number.ts";

Deno.test("parseVersion() takes leading zeros and every version of the tracker", () => {
  assert.equal(parseVersion("004", "--to"), 4n);
  assert.equal(parseVersion("20261122151000", "--to"), 20261122151000n);
  assert.equal(parseVersion("9223372036854775807", "--to"), 2n ** 63n - 1n);
});

Deno.test("parseVersion() refuses zero, what is too large, and what is no number", () => {
  const texts = [
    "",
    "0",
    "000",
    "9223372036854775808",
    "-1",
    "+1",
    "1.0",
    "0x1",
    "1n",
    " 1",
    "٤",
    "004_a.sql",
    "9".repeat(9999),
  ];
  for (const text of texts) assert.throws(() => parseVersion(text, "--to"), { code: "bad-version", exitCode: 2 }, text);
});
