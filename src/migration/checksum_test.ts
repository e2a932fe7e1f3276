import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { checksum, withoutBom } from "./checksum.ts";

const BOM = [0xef, 0xbb, 0xbf];
const CR = 0x0d;
const LF = 0x0a;

const utf8 = (text: string) => new TextEncoder().encode(text);
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** Bytes of any kind, line ends and parts of a BOM among them far more often than by chance. */
const anyByte = fc.oneof(fc.constantFrom(CR, LF, ...BOM), fc.nat(255));
const anyBytes = fc.array(anyByte, { maxLength: 40 }).map((bytes) => Uint8Array.from(bytes));

/** Files as an editor on Linux writes them: no CR, no BOM in front. */
const lfBytes = fc.array(anyByte.filter((byte) => byte !== CR), { maxLength: 40 })
  .map((bytes) => Uint8Array.from(bytes))
  .filter((bytes) => !BOM.every((byte, index) => bytes[index] === byte));

function withCrlf(bytes: Uint8Array, every: readonly boolean[]): Uint8Array {
  let line = 0;
  return Uint8Array.from([...bytes].flatMap((byte) => byte === LF && every[line++ % every.length] ? [CR, LF] : [byte]));
}

Deno.test("checksum() of an LF file is what sha256sum prints", () => {
  // printf 'SELECT 1;\n' | sha256sum
  assert.equal(checksum(utf8("SELECT 1;\n")), "b4e0497804e46e0a0b0b8c31975b062152d551bac49c3c2e80932567b4085dcd");
  // sha256sum /dev/null
  assert.equal(checksum(new Uint8Array()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  fc.assert(fc.property(lfBytes, (bytes) => assert.equal(checksum(bytes), sha256(bytes))));
});

Deno.test("checksum() stays the same when any line ends become CRLF and a BOM comes in front", () => {
  const lineEnds = fc.array(fc.boolean(), { minLength: 1, maxLength: 5 });
  fc.assert(fc.property(lfBytes, lineEnds, fc.boolean(), (bytes, every, bom) => {
    const changed = withCrlf(bytes, every);
    assert.equal(checksum(bom ? Uint8Array.from([...BOM, ...changed]) : changed), checksum(bytes));
  }));
});

Deno.test("checksum() changes with any other byte", () => {
  const changedByte = fc.record({ at: fc.nat(40), to: anyByte });
  fc.assert(
    fc.property(lfBytes, changedByte, fc.constantFrom("replace", "insert", "remove"), (bytes, { at, to }, how) => {
      const changed = [...bytes];
      if (how === "insert") changed.splice(at % (bytes.length + 1), 0, to);
      else if (bytes.length > 0) changed.splice(at % bytes.length, 1, ...how === "replace" ? [to] : []);
      const other = Uint8Array.from(changed);
      // What the two endings of a line and a BOM make of the same text is the test above.
      fc.pre(sha256(other) !== sha256(bytes));
      fc.pre(!changed.some((byte, index) => byte === CR && changed[index + 1] === LF));
      fc.pre(!BOM.every((byte, index) => changed[index] === byte));
      assert.notEqual(checksum(other), checksum(bytes));
    }),
  );
});

Deno.test("checksum() takes a lone CR, a BOM inside and a second BOM for what they are", () => {
  for (
    const [one, other] of [["a\rb", "a\nb"], ["a\rb", "ab"], ["a\r\r\n", "a\r\n"], ["a\uFEFF", "a"], [
      "\uFEFF\uFEFFa",
      "\uFEFFa",
    ]]
  ) {
    assert.notEqual(checksum(utf8(one!)), checksum(utf8(other!)), JSON.stringify([one, other]));
  }
});

Deno.test("checksum() does not change the bytes it is given", () => {
  fc.assert(fc.property(anyBytes, (bytes) => {
    const before = [...bytes];
    checksum(bytes);
    assert.deepEqual([...bytes], before);
  }));
});

Deno.test("withoutBom() drops one BOM from the front, and nothing else", () => {
  assert.deepEqual([...withoutBom(Uint8Array.from([...BOM, ...BOM, 0x61]))], [...BOM, 0x61]);
  assert.deepEqual([...withoutBom(Uint8Array.from(BOM))], []);
  assert.deepEqual([...withoutBom(Uint8Array.from(BOM.slice(0, 2)))], BOM.slice(0, 2));
  assert.deepEqual([...withoutBom(Uint8Array.from([0x61, ...BOM]))], [0x61, ...BOM]);
});
