import assert from "node:assert/strict";
import { tokens } from "./tokens.ts";

function read(text: string): readonly string[] {
  return [...tokens(text, { start: 0, end: text.length })].map(({ kind, start, end }) =>
    `${kind} ${text.slice(start, end)}`
  );
}

Deno.test("tokens() reads names, words, numbers and signs", () => {
  assert.deepEqual(read('a."B ""c""",1.5e-3+x$1 /0'), [
    "word a",
    "sign .",
    'name "B ""c"""',
    "sign ,",
    "number 1.5e-3",
    "sign +",
    "word x$1",
    "sign /",
    "number 0",
  ]);
});

Deno.test("tokens() keeps what stands in quotes and comments together", () => {
  assert.deepEqual(read("'it''s, a' E'\\', b' $$,$$ $t$ $$, $t$ U&'\\0061' /* , /* , */ ' */ -- , '\n,"), [
    "string 'it''s, a'",
    "string E'\\', b'",
    "string $$,$$",
    "string $t$ $$, $t$",
    "string U&'\\0061'",
    "comment /* , /* , */ ' */",
    "comment -- , '",
    "sign ,",
  ]);
});

Deno.test("tokens() takes characters beyond ASCII for parts of names", () => {
  assert.deepEqual(read("größe = '🙂'"), ["word größe", "sign =", "string '🙂'"]);
});
