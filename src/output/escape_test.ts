import assert from "node:assert/strict";
import { defuseCommands, escapeLine, escapeLines, escapeSourceLine } from "./escape.ts";

Deno.test("escapeLine() shows control characters, line ends and direction overrides instead of obeying them", () => {
  assert.equal(escapeLine("a\nb\r\tc"), "a\\nb\\r\\tc");
  assert.equal(escapeLine("\x1b[2K\x07\x9b31m\x7f"), "\\u{1b}[2K\\u{7}\\u{9b}31m\\u{7f}");
  assert.equal(escapeLine("\u202egnp.exe\u2066"), "\\u{202e}gnp.exe\\u{2066}");
  assert.equal(escapeLine("a\u2028b\ufeff\u200b"), "a\\u{2028}b\\u{feff}\\u{200b}");
  assert.equal(escapeLine("\ud800"), "\\u{d800}");
  assert.equal(escapeLine("\u{e0041}"), "\\u{e0041}");
});

Deno.test("escapeLine() leaves text of every script alone", () => {
  const text = 'naïve "Größe" 日本語 हिन्दी فارسی‌ها 👩‍👩‍👧 e\u0301';
  assert.equal(escapeLine(text), text);
});

Deno.test("escapeSourceLine() keeps tabs", () => {
  assert.equal(escapeSourceLine("\tSELECT\x00\t1"), "\tSELECT\\u{0}\t1");
});

Deno.test("escapeLines() splits at every kind of line end and drops those at the end", () => {
  assert.deepEqual(escapeLines("a\r\nb\rc\n\td\n\n"), ["a", "b", "c", "  d"]);
  assert.deepEqual(escapeLines(""), [""]);
});

Deno.test("defuseCommands() leaves no line that a CI server takes for a command", () => {
  const hostile =
    "::error::x\n  ::add-mask::x\n\t::stop\nx ##[error]y ##vso[task.setvariable]z ##VSO[x]\n\u00a0::set-env";
  const defused = defuseCommands(hostile);
  for (const line of defused.split("\n")) {
    assert(!line.trim().startsWith("::"), line);
    assert.doesNotMatch(line, /##(\[|vso\[)/i);
  }
  assert.equal(defused.split("\n").length, 5);
});

Deno.test("defuseCommands() leaves casts and identity columns alone", () => {
  const text = "SELECT '1'::int; -- ## heading\n7 | ::int";
  assert.equal(defuseCommands(text), text);
});
