import assert from "node:assert/strict";
import { isVersion1 } from "./certificate_version.ts";

function pem(...der: readonly number[]): string {
  return `-----BEGIN CERTIFICATE-----\n${btoa(String.fromCharCode(...der))}\n-----END CERTIFICATE-----\n`;
}

Deno.test("isVersion1() finds a certificate that does not say its version, however long it is", () => {
  const serial = [0x02, 0x01, 0x01];
  const version3 = [0xa0, 0x03, 0x02, 0x01, 0x02];
  for (
    const lengths of [[0x30, 0x10, 0x30, 0x08], [0x30, 0x82, 1, 0, 0x30, 0x81, 0xf0], [
      0x30,
      0x83,
      1,
      0,
      0,
      0x30,
      0x82,
      1,
      0,
    ]]
  ) {
    assert.equal(isVersion1(pem(...lengths, ...serial)), true);
    assert.equal(isVersion1(pem(...lengths, ...version3, ...serial)), false);
  }
});

Deno.test("isVersion1() takes anything that is no certificate for an old one", () => {
  for (const text of ["", "-----BEGIN CERTIFICATE-----\n", pem()]) assert.equal(isVersion1(text), true);
});
