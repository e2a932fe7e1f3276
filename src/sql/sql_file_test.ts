import assert from "node:assert/strict";
import { positionInFile } from "./sql_file.ts";

function placeAt(text: string, position: number) {
  const { line, column, sourceLine } = positionInFile({ path: "1_a.sql", text }, { start: 0, position });
  return { line, column, sourceLine };
}

Deno.test("positionInFile() counts lines and columns from 1", () => {
  assert.deepEqual(placeAt("select 1;\nselect x;", 18), { line: 2, column: 8, sourceLine: "select x;" });
  assert.deepEqual(placeAt("select 1;\nselect x;", 1), { line: 1, column: 1, sourceLine: "select 1;" });
});

Deno.test("positionInFile() counts CRLF as one line end and keeps it out of the source line", () => {
  assert.deepEqual(placeAt("a\r\n\r\nbc\r\n", 7), { line: 3, column: 2, sourceLine: "bc" });
});

Deno.test("positionInFile() takes a lone CR for a line end, as PostgreSQL's scanner does", () => {
  assert.deepEqual(placeAt("-- a\rselect", 6), { line: 2, column: 1, sourceLine: "select" });
});

Deno.test("positionInFile() does not take U+2028, U+0085, form feed or vertical tab for line ends", () => {
  assert.deepEqual(placeAt("a\u2028b\u0085c\fd\ve", 9), { line: 1, column: 9, sourceLine: "a\u2028b\u0085c\fd\ve" });
});

Deno.test("positionInFile() counts a character outside the BMP as one", () => {
  assert.deepEqual(placeAt("select '𝒳𝒳', x", 13), { line: 1, column: 13, sourceLine: "select '𝒳𝒳', x" });
});

Deno.test("positionInFile() puts a position past the end after the last character that is not white space", () => {
  assert.deepEqual(placeAt("create table t (\n\n  \n", 22), { line: 1, column: 17, sourceLine: "create table t (" });
  assert.deepEqual(placeAt("", 1), { line: 1, column: 1, sourceLine: "" });
  assert.deepEqual(placeAt("\n\n", 99), { line: 1, column: 1, sourceLine: "" });
});
