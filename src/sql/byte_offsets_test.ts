import assert from "node:assert/strict";
import fc from "fast-check";
import { byteOffsets, convertLocations } from "./byte_offsets.ts";

Deno.test("byteOffsets() gives the UTF-16 index of every character of any text", () => {
  const long = fc.string({ unit: fc.constantFrom("a", "é", "€", "𝒳", "\n"), minLength: 0, maxLength: 900 });
  fc.assert(
    fc.property(long, (text) => {
      const offsets = byteOffsets(new TextEncoder().encode(text));
      let [byte, index] = [0, 0];
      for (const character of text) {
        assert.equal(offsets.index(byte), index);
        byte += new TextEncoder().encode(character).length;
        index += character.length;
      }
      assert.equal(offsets.index(byte), index);
    }),
    { numRuns: 50 },
  );
});

Deno.test("convertLocations() converts locations only, at any depth, and keeps -1 for unknown", () => {
  const tree = { location: 2, list_start: 2, rexpr_list_end: 4, ival: 2, deep: [{ name_location: 4, location: -1 }] };
  convertLocations(tree, byteOffsets(new TextEncoder().encode("éé")));
  assert.deepEqual(tree, {
    location: 1,
    list_start: 1,
    rexpr_list_end: 2,
    ival: 2,
    deep: [{ name_location: 2, location: -1 }],
  });
});

Deno.test("convertLocations() takes a tree that is nested more deeply than the stack", () => {
  let tree: Record<string, unknown> = { location: 2 };
  for (let depth = 0; depth < 100_000; depth++) tree = { next: tree };
  convertLocations(tree, byteOffsets(new TextEncoder().encode("é")));
  while (tree.next !== undefined) tree = tree.next as Record<string, unknown>;
  assert.equal(tree.location, 1);
});
