import assert from "node:assert/strict";
import { parse } from "../sql/parser.ts";
import { readIgnores } from "./ignores.ts";

/** Each directive as its rule, its reason, and the number of the statement that it is about. */
async function ignores(text: string) {
  const parsed = await parse(text);
  assert.equal(parsed.kind, "statements");
  const { statements } = parsed as Extract<typeof parsed, { kind: "statements" }>;
  return readIgnores(text, statements).map(({ rule, reason, about }) => [
    rule,
    reason,
    about === "file" || about === null ? about : statements.indexOf(about) + 1,
  ]);
}

Deno.test("readIgnores() tells the file's directives from those of one statement", async () => {
  const text = `-- pgmigrate: ignore=a for the file
/* more */ -- PGMIGRATE : ignore = b  too é
SELECT 1; -- pgmigrate: ignore=c behind one
-- pgmigrate: ignore=d above two
-- and a comment

SELECT /* -- pgmigrate: ignore=no */
  '-- pgmigrate: ignore=no', -- pgmigrate: ignore=e inside two
  $$ -- pgmigrate: ignore=no $$
  ; -- pgmigrate: ignore=f below two
SELECT 3 -- pgmigrate: ignore=g behind three
; SELECT 4; SELECT 5; -- pgmigrate: ignore=h behind five
-- pgmigrate: ignore=i below all`;
  assert.deepEqual(await ignores(text), [
    ["a", "for the file", "file"],
    ["b", "too é", "file"],
    ["c", "behind one", 1],
    ["d", "above two", 2],
    ["e", "inside two", 2],
    ["f", "below two", 2],
    ["g", "behind three", 3],
    ["h", "behind five", 5],
    ["i", "below all", null],
  ]);
});

Deno.test("readIgnores() takes a directive without a rule or a reason as it is", async () => {
  const text =
    "SELECT 1;\n-- pgmigrate: ignore=a\n-- pgmigrate: ignore\n-- pgmigrate: ignore=\n--pgmigrate:ignore=b:\nSELECT 2;";
  assert.deepEqual(await ignores(text), [["a", "", 2], ["", "", 2], ["", "", 2], ["b:", "", 2]]);
  assert.deepEqual(await ignores("-- pgmigrate: ignored=a\nSELECT 1; -- ignore=a"), []);
});
