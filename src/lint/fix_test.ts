import assert from "node:assert/strict";
import { parse } from "../sql/parser.ts";
import { applyFixes } from "./fix.ts";
import type { Fix } from "./rule.ts";

const KEEP: Fix = { statement: null, noTransaction: false, next: [] };

/** Applies fixes to the statements of a text, by their index. */
async function fixed(text: string, fixes: Readonly<Record<number, Partial<Fix>>>) {
  const parsed = await parse(text);
  assert.equal(parsed.kind, "statements");
  const { statements } = parsed as Extract<typeof parsed, { kind: "statements" }>;
  return applyFixes(
    text,
    Object.entries(fixes).map(([index, fix]) => ({ statement: statements[Number(index)]!, fix: { ...KEEP, ...fix } })),
  );
}

Deno.test("applyFixes() replaces statements, and leaves all else as it is", async () => {
  const text = "-- One.\nSELECT 1 ; -- one\n/* two */ SELECT 2;SELECT 3\n";
  assert.deepEqual(await fixed(text, { 0: { statement: "SELECT 'é';" }, 2: { statement: "SELECT 33" } }), {
    text: "-- One.\nSELECT 'é' ; -- one\n/* two */ SELECT 2;SELECT 33\n",
    next: [],
  });
});

Deno.test("applyFixes() takes a statement out with its lines and the comments above it", async () => {
  const text = "-- The file.\nSELECT 1;\n\n-- Two\n  -- lines.\nSELECT\n  2;\n\nSELECT 3;\n";
  const next = [{ title: "two", sql: "SELECT 2;", noTransaction: true }];
  assert.deepEqual(await fixed(text, { 1: { next } }), {
    text: "-- The file.\nSELECT 1;\n\nSELECT 3;\n",
    next: [{ title: "two", text: "-- pgmigrate: no-transaction\n-- Two\n  -- lines.\nSELECT 2;\n" }],
  });
  assert.equal((await fixed(text, { 2: {} })).text, text.slice(0, text.indexOf("\nSELECT 3")));
  assert.equal((await fixed(text, { 0: {} })).text, "-- The file.\n\n-- Two\n  -- lines.\nSELECT\n  2;\n\nSELECT 3;\n");
  assert.equal((await fixed("BEGIN;\nSELECT 1;\nCOMMIT;\n", { 0: {}, 2: {} })).text, "SELECT 1;\n");
  assert.equal((await fixed("SELECT 1; SELECT 2; SELECT 3", { 1: {} })).text, "SELECT 1;  SELECT 3");
});

Deno.test("applyFixes() takes the comment behind a statement along, unless another one stands on the line", async () => {
  const next = [{ title: "a", sql: "SELECT 2", noTransaction: false }];
  const fixes = { 1: { next } };
  assert.deepEqual(await fixed("SELECT 1;\nSELECT\n2; -- two\nSELECT 3;\n", fixes), {
    text: "SELECT 1;\nSELECT 3;\n",
    next: [{ title: "a", text: "SELECT 2; -- two\n" }],
  });
  assert.deepEqual(await fixed("SELECT 1;\n-- two, three\nSELECT 2; SELECT 3; -- three\n", fixes), {
    text: "SELECT 1;\n-- two, three\n SELECT 3; -- three\n",
    next: [{ title: "a", text: "SELECT 2;\n" }],
  });
});

Deno.test("applyFixes() writes the directive once, with the file's own line ends", async () => {
  const outside = { noTransaction: true };
  assert.equal(
    (await fixed("-- a\r\nSELECT 1;\r\n", { 0: { ...outside, statement: "SELECT\n2" } })).text,
    "-- pgmigrate: no-transaction\r\n-- a\r\nSELECT\r\n2;\r\n",
  );
  const has = "-- pgmigrate: no-transaction\nSELECT 1;\n";
  assert.equal((await fixed(has, { 0: { ...outside, statement: "SELECT 1" } })).text, has);
});
