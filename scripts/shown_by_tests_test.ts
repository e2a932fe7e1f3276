import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { ALL_LINES, cellsOf, findTests, NONE, table, testsIn, withTable } from "./shown_by_tests.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

Deno.test("testsIn() reads the names of tests in quotes of every kind", () => {
  const text = `Deno.test("failures 3: a \\"b\\" c", f);\nDeno.test(\`failures 12: on \${server.version} | x\`, f);\n` +
    `name: 'failures 1: it'; // failures 9: not a name\nDeno.test("no line", f);`;
  assert.deepEqual(testsIn(text, "a_test.ts"), [
    { line: 3, test: 'a "b" c', file: "a_test.ts" },
    { line: 12, test: "on … | x", file: "a_test.ts" },
    { line: 1, test: "it", file: "a_test.ts" },
  ]);
});

Deno.test("withTable() puts the table between its marks, again and again", () => {
  const document = "a\n\n<!-- tests -->\n\nold\n\n<!-- end of tests -->\n\nb\n";
  const once = withTable(document, table([{ line: 1, test: "x | y", file: "f" }]));
  assert.deepEqual(cellsOf(once).slice(2, 4), [["1", "x \\| y", "`f`"], ["2", NONE, ""]]);
  assert.equal(withTable(once, table([{ line: 1, test: "x | y", file: "f" }])), once);
  assert.throws(() => withTable("no marks", ""), /no place/);
});

Deno.test("docs/reliability.md has every line, and no test that is not there: make it with scripts/reliability.ts", async () => {
  const document = await Deno.readTextFile(`${ROOT}docs/reliability.md`);
  const there = await findTests(ROOT);
  assert.deepEqual(there.filter(({ line }) => !ALL_LINES.includes(line)), [], "lines that there are not");
  const told = cellsOf(document.split("## Security")[0]!).map(([line]) => Number(line)).filter((line) => line > 0);
  assert.deepEqual(told, ALL_LINES);

  const rows = cellsOf(document.split("<!-- tests -->")[1]!).slice(2);
  assert.deepEqual(rows.filter(([, test]) => test === NONE), [], "every line is shown by a test");
  assert.deepEqual([...new Set(rows.map(([line]) => Number(line)))], ALL_LINES);
  // Tests that were added since it was made are no mistake; for a line that had none, they are news.
  const possible = new Set(cellsOf(table(there)).map((cells) => cells.join("|")));
  for (const row of rows) assert.ok(possible.has(row.join("|")), `not in the tests: ${row.join(" | ")}`);
});
