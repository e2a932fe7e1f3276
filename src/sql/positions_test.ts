import assert from "node:assert/strict";
import fc from "fast-check";
import { indexAt, placeAtIndex, positionAt } from "./positions.ts";

/** Texts rich in line ends, characters outside the BMP and combining marks. */
const anyText = fc.string({
  unit: fc.constantFrom("\n", "\r", "\r\n", "a", "é", "𝒳", "e\u0301", " ", "\t", ";", "\u2028", "\u0085"),
  maxLength: 60,
});

/** What a line end is, said another way: the lines as the split gives them. */
function lines(text: string): readonly string[] {
  return text.split(/\r\n|\n|\r/);
}

Deno.test("placeAtIndex() takes an index inside a surrogate pair for the pair", () => {
  assert.deepEqual(placeAtIndex("a𝒳b", 2), placeAtIndex("a𝒳b", 1));
});

Deno.test("placeAtIndex() keeps indices before and behind the text inside it", () => {
  assert.deepEqual(placeAtIndex("ab", -5), { line: 1, column: 1, sourceLine: "ab" });
  assert.deepEqual(placeAtIndex("ab", 9), { line: 1, column: 3, sourceLine: "ab" });
});

Deno.test("indexAt() and positionAt() are each other's reverse", () => {
  fc.assert(fc.property(anyText, fc.nat(80), (text, seed) => {
    const position = 1 + seed % ([...text].length + 1);
    assert.equal(positionAt(text, indexAt(text, position)), position);
    assert.equal(text.slice(0, indexAt(text, position)), [...text].slice(0, position - 1).join(""));
  }));
});

Deno.test("placeAtIndex() gives the line and column that lead back to the index, but between CR and LF", () => {
  fc.assert(fc.property(anyText, fc.nat(80), (text, seed) => {
    const index = indexAt(text, 1 + seed % ([...text].length + 1));
    fc.pre(!(text[index - 1] === "\r" && text[index] === "\n"));
    const { line, column } = placeAtIndex(text, index);
    const start = text.split(/(\r\n|\n|\r)/).slice(0, 2 * (line - 1)).join("").length;
    assert.equal(start + [...text.slice(start)].slice(0, column - 1).join("").length, index);
  }));
});

Deno.test("placeAtIndex() gives the source line that splitting the text gives", () => {
  fc.assert(fc.property(anyText, fc.nat(80), (text, seed) => {
    const place = placeAtIndex(text, seed % (text.length + 1));
    assert.equal(place.sourceLine, lines(text)[place.line - 1]);
    assert.ok(place.line <= lines(text).length);
  }));
});
