import assert from "node:assert/strict";
import { codeFrame } from "./code_frame.ts";
import { style } from "./style.ts";
import { textWidth } from "./width.ts";

function frame(sourceLine: string, column: number, columns: number | null = null): readonly string[] {
  return codeFrame({ file: "m/004_x.sql", line: 7, column, sourceLine }, { columns, style: style(false) });
}

/** The column of the screen at which a text stands or begins, tabs counted to the next multiple of eight. */
function screenColumn(line: string, index: number): number {
  let column = 0;
  for (const character of line.slice(0, index)) {
    column = character === "\t" ? column + 8 - column % 8 : column + textWidth(character);
  }
  return column;
}

function assertCaretUnder(lines: readonly string[], text: string): void {
  const [, , source, caret] = lines as [string, string, string, string];
  assert.equal(screenColumn(caret, caret.indexOf("^")), screenColumn(source, source.indexOf(text)), lines.join("\n"));
}

Deno.test("codeFrame() draws the line with a caret under the place", () => {
  assert.deepEqual(frame("UPDATE posts SET created_at = nonsense;", 31), [
    "  --> m/004_x.sql:7:31",
    "   |",
    " 7 | UPDATE posts SET created_at = nonsense;",
    "   |                               ^",
  ]);
});

Deno.test("codeFrame() puts the caret right after tabs, wide, combining and escaped characters", () => {
  assertCaretUnder(frame("\tSELECT\tx;", 9), "x;");
  assertCaretUnder(frame("SELECT '日本語', x;", 15), "x;");
  assertCaretUnder(frame("SELECT 'e\u0301😀', x;", 15), "x;");
  assertCaretUnder(frame("SELECT '\x1b[31m', x;", 17), "x;");
});

Deno.test("codeFrame() puts the caret after the line where the place is its end, or past it", () => {
  for (const column of [10, 11, 400]) {
    const [, , source, caret] = frame("SELECT (1", column) as [string, string, string, string];
    assert.equal(caret.indexOf("^"), source.length);
  }
});

Deno.test("codeFrame() underlines a stretch of the line, as wide as it is shown", () => {
  const underlined = (sourceLine: string, column: number, endColumn: number, columns: number | null = null) =>
    codeFrame({ file: "m/004_x.sql", line: 7, column, endColumn, sourceLine }, { columns, style: style(false) })[3];
  assert.equal(underlined("ALTER TABLE t ADD c int;", 15, 24), "   |               ^^^^^^^^^");
  assert.equal(underlined("SELECT '日本語';", 8, 13), "   |        ^^^^^^^^");
  assert.equal(underlined("a\tb", 1, 4), "   | ^");
  assert.equal(underlined("SELECT 1", 8, 400), "   |        ^");
  const cut = underlined(`${"a, ".repeat(100)}b${", c".repeat(100)}`, 301, 400, 60)!;
  assert.match(cut, /^ {3}\| +\^{10,}$/);
  assert(cut.length <= 60, cut);
});

Deno.test("codeFrame() cuts a long line around the caret, and stays within the terminal", () => {
  const before = "INSERT INTO t VALUES " + "(1, 'abc'), ".repeat(5000);
  const after = ", (1, 'abc')".repeat(5000);
  for (const columns of [20, 40, 80, 200]) {
    const lines = frame(`${before}nonsense${after}`, before.length + 1, columns);
    assertCaretUnder(lines, "nonsense".slice(0, 2));
    assert(lines[2]!.startsWith(" 7 | …") && lines[2]!.endsWith("…"), lines[2]);
    if (columns >= 40) assert(lines.every((line) => textWidth(line) <= columns), `${columns}: ${lines[2]}`);
  }
});

Deno.test("codeFrame() cuts only the side that is long", () => {
  const long = "x".repeat(300);
  assert.match(frame(`nonsense ${long}`, 1, 80)[2]!, /^ 7 \| nonsense x+…$/);
  assert.match(frame(`${long} nonsense`, 302, 80)[2]!, /^ 7 \| …x+ nonsense$/);
});

Deno.test("codeFrame() cuts wide characters and tabs within the terminal too", () => {
  const lines = frame("日\t".repeat(200) + "nonsense" + "本".repeat(200), 401, 60);
  assertCaretUnder(lines, "nonsense");
  assert(lines.every((line) => textWidth(line) <= 60));
});

Deno.test("codeFrame() escapes the file's name and lines up longer line numbers", () => {
  const lines = codeFrame({ file: "a\n::error::b.sql", line: 1234, column: 1, sourceLine: "x" }, {
    columns: null,
    style: style(false),
  });
  assert.deepEqual(lines, [
    "     --> a\\n::error::b.sql:1234:1",
    "      |",
    " 1234 | x",
    "      | ^",
  ]);
});

Deno.test("codeFrame() looks at no more of a line of megabytes than it shows, and shows no password in it", () => {
  const long = "(1, '🎉'), ".repeat(500_000);
  const lines = frame(`${long}nonsense${long}`, Array.from(long).length + 1, 80);
  assertCaretUnder(lines, "nonsense".slice(0, 2));
  assert.deepEqual(frame("ALTER ROLE app PASSWORD 'hunter2' nonsense", 35).slice(2), [
    " 7 | ALTER ROLE app PASSWORD '*******' nonsense",
    "   |                                   ^",
  ]);
});
