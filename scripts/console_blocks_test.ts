import assert from "node:assert/strict";
import { isShown, shownCommands } from "./console_blocks.ts";

const MARKDOWN = [
  "```sh",
  "$ not this",
  "```",
  "text",
  "```console",
  "$ cat >a <<'EOF'",
  "> SELECT 1;",
  "> EOF",
  "",
  "$ pgmigrate up",
  "  1/1  a.sql   1 ms",
  "",
  "> not a command",
  "",
  "```",
  "```json",
  "$ nor this",
  "```",
].join("\n");

Deno.test("shownCommands() takes commands, their continuation and output from console blocks only", () => {
  assert.deepEqual(shownCommands(MARKDOWN), [
    { line: 6, command: "cat >a <<'EOF'\nSELECT 1;\nEOF", output: [] },
    { line: 10, command: "pgmigrate up", output: ["  1/1  a.sql   1 ms", "", "> not a command"] },
  ]);
});

Deno.test("shownCommands() refuses output before any command", () => {
  assert.throws(() => shownCommands("```console\nhello\n```"), /Line 2/);
});

Deno.test("isShown() takes any duration, time, digest and width", () => {
  assert.ok(isShown(["a   12 ms", "at 2026-11-22 10:11:12 UTC"], ["a 5 ms", "at 2025-01-02 03:04:05 UTC"]));
  assert.ok(isShown(["took 1.25 s"], ["took 90 ms"]));
  assert.ok(isShown([`digest ${"a1".repeat(32)}`], [`digest ${"00".repeat(32)}`]));
  assert.ok(isShown(['{"duration_ms":12}'], ['{"duration_ms":4}']));
});

Deno.test("isShown() sees every other difference", () => {
  assert.ok(!isShown(["at version 5"], ["at version 4"]));
  assert.ok(!isShown(["a", "b"], ["a"]));
  assert.ok(!isShown(["a"], ["a", "b"]));
  assert.ok(!isShown(["12 ms"], ["12 files"]));
  assert.ok(!isShown(["1/3 a.sql"], ["1/4 a.sql"]));
});

Deno.test("isShown() takes a line of three dots for any number of lines", () => {
  assert.ok(isShown(["a", "b", "c"], ["a", "...", "c"]));
  assert.ok(isShown(["a", "c"], ["a", "...", "c"]));
  assert.ok(isShown(["a", "b"], ["a", "…"]));
  assert.ok(!isShown(["a", "b"], ["...", "c"]));
});
