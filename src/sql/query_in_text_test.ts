import assert from "node:assert/strict";
import { positionAt } from "./positions.ts";
import { indexInText } from "./query_in_text.ts";

const at = (query: string, piece: string) => ({ query, position: positionAt(query, query.indexOf(piece)) });

Deno.test("indexInText() finds a place in a body, behind characters outside the BMP", () => {
  const text = "do /* 🎉 */ $$ begin 🐘 selct 1 end $$";
  assert.equal(indexInText(text, at(" begin 🐘 selct 1 end ", "selct")), text.indexOf("selct"));
});

Deno.test("indexInText() finds a query that stands in a string, with its quotes doubled", () => {
  const text = "do $$ begin execute 'select ''é'', nope, ''x'''; end $$";
  assert.equal(indexInText(text, at("select 'é', nope, 'x'", "nope")), text.indexOf("nope"));
});

Deno.test("indexInText() finds the end of a query", () => {
  assert.equal(indexInText("do $$ a $$", { query: " a ", position: 4 }), "do $$ a ".length);
});

Deno.test("indexInText() knows no place where the text has the query twice, overlapping too, or not at all", () => {
  assert.equal(indexInText("do $$ a $$ do $$ a $$", at(" a ", "a")), null);
  assert.equal(indexInText("aaa", at("aa", "a")), null);
  assert.equal(indexInText("select f()", at("select nope", "nope")), null);
  assert.equal(indexInText("select f()", { query: "", position: 1 }), null);
});
