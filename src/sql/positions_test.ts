import assert from "node:assert/strict";
import fc from "fast-check";
import { indexAt, indexOfPlace, placeAt, placeAtIndex, positionAt } from "./positions.ts";

/** Texts rich in line ends, characters outside the BMP and combining marks. */
const anyText = fc.string({
  unit: fc.constantFrom("\n", "\r", "\r\n", "a", "é", "𝒳", "e\u0301", " ", "\t", ";", "\u2028", "\u0085"),
  maxLength: 60,
});

/** What a line end is, said another way: the lines as the split gives them. */
function lines(text: string): readonly string[] {
  return text.split(/\r\n|\n|\r/);
}

Deno.test("placeAt() counts lines and columns from 1", () => {
  assert.deepEqual(placeAt("select 1;\nselect x;", 18), { line: 2, column: 8, sourceLine: "select x;" });
  assert.deepEqual(placeAt("select 1;\nselect x;", 1), { line: 1, column: 1, sourceLine: "select 1;" });
});

Deno.test("placeAt() counts CRLF as one line end and keeps it out of the source line", () => {
  assert.deepEqual(placeAt("a\r\n\r\nbc\r\n", 7), { line: 3, column: 2, sourceLine: "bc" });
});

Deno.test("placeAt() takes a lone CR for a line end, as PostgreSQL's scanner does", () => {
  assert.deepEqual(placeAt("-- a\rselect", 6), { line: 2, column: 1, sourceLine: "select" });
});

Deno.test("placeAt() does not take U+2028, U+0085, form feed or vertical tab for line ends", () => {
  assert.deepEqual(placeAt("a\u2028b\u0085c\fd\ve", 9), { line: 1, column: 9, sourceLine: "a\u2028b\u0085c\fd\ve" });
});

Deno.test("placeAt() counts a character outside the BMP as one", () => {
  assert.deepEqual(placeAt("select '𝒳𝒳', x", 13), { line: 1, column: 13, sourceLine: "select '𝒳𝒳', x" });
  assert.equal(indexAt("select '𝒳𝒳', x", 13), 14);
});

Deno.test("placeAt() puts a position past the end after the last character that is not white space", () => {
  assert.deepEqual(placeAt("create table t (\n\n  \n", 22), { line: 1, column: 17, sourceLine: "create table t (" });
  assert.deepEqual(placeAt("", 1), { line: 1, column: 1, sourceLine: "" });
  assert.deepEqual(placeAt("\n\n", 99), { line: 1, column: 1, sourceLine: "" });
});

Deno.test("placeAtIndex() takes an index inside a surrogate pair for the pair", () => {
  assert.deepEqual(placeAtIndex("a𝒳b", 2), placeAtIndex("a𝒳b", 1));
});

Deno.test("placeAtIndex() keeps indices before and behind the text inside it", () => {
  assert.deepEqual(placeAtIndex("ab", -5), { line: 1, column: 1, sourceLine: "ab" });
  assert.deepEqual(placeAtIndex("ab", 9), { line: 1, column: 3, sourceLine: "ab" });
});

Deno.test("indexOfPlace() keeps a column past the line's end on its line, and a line past the last at the end", () => {
  assert.equal(indexOfPlace("ab\r\ncd", { line: 1, column: 9 }), 2);
  assert.equal(indexOfPlace("ab\r\ncd", { line: 7, column: 1 }), 6);
});

Deno.test("indexAt() and positionAt() are each other's reverse", () => {
  fc.assert(fc.property(anyText, fc.nat(80), (text, seed) => {
    const position = 1 + seed % ([...text].length + 1);
    assert.equal(positionAt(text, indexAt(text, position)), position);
    assert.equal(text.slice(0, indexAt(text, position)), [...text].slice(0, position - 1).join(""));
  }));
});

Deno.test("placeAtIndex() and indexOfPlace() are each other's reverse but between CR and LF", () => {
  fc.assert(fc.property(anyText, fc.nat(80), (text, seed) => {
    const index = indexAt(text, 1 + seed % ([...text].length + 1));
    fc.pre(!(text[index - 1] === "\r" && text[index] === "\n"));
    assert.equal(indexOfPlace(text, placeAtIndex(text, index)), index);
  }));
});

Deno.test("placeAtIndex() gives the source line that splitting the text gives", () => {
  fc.assert(fc.property(anyText, fc.nat(80), (text, seed) => {
    const place = placeAtIndex(text, seed % (text.length + 1));
    assert.equal(place.sourceLine, lines(text)[place.line - 1]);
    assert.ok(place.line <= lines(text).length);
  }));
});
