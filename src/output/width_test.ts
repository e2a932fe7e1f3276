import assert from "node:assert/strict";
import { cutTo, padTo, textWidth, wrapTo } from "./width.ts";

Deno.test("textWidth() counts wide characters twice and combining ones not at all", () => {
  const cases = { "abc": 3, "日本": 4, "e\u0301": 1, "😀": 2, "한글": 4, "ｆｕ": 4, "é": 1, "": 0 };
  for (const [text, width] of Object.entries(cases)) assert.equal(textWidth(text), width, text);
});

Deno.test("padTo() pads by width and never cuts", () => {
  assert.equal(padTo("日", 4), "日  ");
  assert.equal(padTo("abcdef", 4), "abcdef");
});

Deno.test("cutTo() never takes more columns than it is given", () => {
  assert.equal(cutTo("abcdef", 6), "abcdef");
  assert.equal(cutTo("abcdefg", 6), "abcde…");
  assert.equal(cutTo("日本語", 4), "日…");
});

Deno.test("wrapTo() breaks between words, and words that are wider than a line", () => {
  assert.deepEqual(wrapTo("one two three", 7), ["one two", "three"]);
  assert.deepEqual(wrapTo("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
  assert.deepEqual(wrapTo("漢字漢字", 5), ["漢字", "漢字"]);
  assert.deepEqual(wrapTo("", 5), []);
  for (const line of wrapTo("a bb ccc dddd 漢 字字 eeeeeeeeeeee", 4)) assert.ok(textWidth(line) <= 4, line);
});
