import assert from "node:assert/strict";
import { cutTo, padTo, textWidth } from "./width.ts";

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
