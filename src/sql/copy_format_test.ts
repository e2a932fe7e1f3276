import assert from "node:assert/strict";
import { columnStart, copyFormat } from "./copy_format.ts";
import { CopyLine } from "./copy_line.ts";

/** Where a column stands in a row of a COPY. */
async function start(copy: string, row: string, column: { readonly name: string; readonly value: string }) {
  return columnStart(row, (await copyFormat(copy))!, column);
}

Deno.test("copyFormat() reads format, delimiter, quote and columns as PostgreSQL does", async () => {
  assert.deepEqual(await copyFormat("COPY t FROM stdin;"), { csv: false, delimiter: "\t", quote: '"', columns: [] });
  assert.deepEqual(await copyFormat(`copy s."T" (a, "B") from stdin with csv delimiter ';' quote '|'`), {
    csv: true,
    delimiter: ";",
    quote: "|",
    columns: ["a", "B"],
  });
  assert.equal((await copyFormat("COPY t FROM stdin (FORMAT CSV)"))!.delimiter, ",");
  assert.equal(await copyFormat("SELECT 1"), null);
  assert.equal(await copyFormat("COPY"), null);
});

Deno.test("columnStart() counts the columns that the statement lists", async () => {
  assert.equal(await start("COPY t (a, b) FROM stdin", "x\\\ty\tz", { name: "b", value: '"z"' }), 5);
  assert.equal(await start("COPY t (a, b) FROM stdin CSV", '"x,""",z', { name: "b", value: '"z"' }), 7);
  assert.equal(await start("COPY t (a, b) FROM stdin", "x", { name: "b", value: '""' }), 0);
});

Deno.test("columnStart() finds the value that the server shows where no columns are listed", async () => {
  assert.equal(await start("COPY t FROM stdin", "1\tx\tlong value", { name: "c", value: '"long va..."' }), 4);
  assert.equal(await start("COPY t FROM stdin CSV", '1,"x",y', { name: "b", value: '"x"' }), 2);
  assert.equal(await start("COPY t FROM stdin", "1\ta\\tb", { name: "b", value: '"a\tb"' }), 0);
  assert.equal(await start("COPY t FROM stdin", "1\t\\N", { name: "b", value: "null input" }), 0);
});

/** The line of a number, with the number of lines before it, read in pieces of any size. */
function line(data: string, wanted: number, csv = false): readonly [string, number] | null {
  const results = [1, 3, data.length].map((size) => {
    const line = new CopyLine(wanted, { csv, quote: '"' });
    const bytes = new TextEncoder().encode(data);
    for (let at = 0; at < bytes.length && !line.read(bytes.subarray(at, at + size)); at += size);
    return line.found ? [line.text, line.linesBefore] as const : null;
  });
  for (const result of results) assert.deepEqual(result, results[0]);
  return results[0]!;
}

Deno.test("CopyLine finds a line by the number that the server gives it", () => {
  assert.deepEqual(line("a\nb\r\né", 1), ["a", 0]);
  assert.deepEqual(line("a\nb\r\né", 2), ["b", 1]);
  assert.deepEqual(line("a\nb\r\né", 3), ["é", 2]);
  assert.equal(line("a\nb\n", 4), null);
  // A line end behind a backslash is a part of its row.
  assert.deepEqual(line("a\\\nb\nc\\\\\nd\n", 2), ["c\\\\", 2]);
  assert.deepEqual(line("a\\\nb\nc\\\\\nd\n", 3), ["d", 3]);
  // In CSV those inside of quotes count, but for the first row.
  assert.deepEqual(line('"a\nb"\nc\n', 2, true), ["c", 2]);
  assert.deepEqual(line('x\n"a\nb"\nc\n', 4, true), ["c", 3]);
});
