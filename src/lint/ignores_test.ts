import assert from "node:assert/strict";
import { parse } from "../sql/parser.ts";
import { readBodies } from "../sql/routine_body.ts";
import { readIgnores } from "./ignores.ts";

/** Each directive as its rule, its reason, and the number of the statement that it is about. */
async function ignores(text: string) {
  const parsed = await parse(text);
  assert.equal(parsed.kind, "statements");
  const { statements } = parsed as Extract<typeof parsed, { kind: "statements" }>;
  const shown = ({ start, end }: { readonly start: number; readonly end: number }) =>
    statements.findIndex((one) => one.start === start && one.end === end) + 1 || text.slice(start, end);
  const bodies = await readBodies(statements);
  return readIgnores(text, { statements, bodies }).map(({ rule, reason, about }) => [
    rule,
    reason,
    about === "file" || about === null ? about : shown(about),
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

Deno.test("readIgnores() reads directives in a DO block, each about a statement of it", async () => {
  const text = `-- pgmigrate: ignore=a above the block
DO LANGUAGE 'plpgsql' $do$ -- pgmigrate: ignore=b above the first
BEGIN
  DROP TABLE x; -- pgmigrate: ignore=c behind one
  IF f() THEN
    -- pgmigrate: ignore=d above one
    DROP TABLE y;
    -- pgmigrate: ignore=e above what is put together
    EXECUTE 'DROP' || z;
  END IF;
  -- pgmigrate: ignore=f below all
END $do$; -- pgmigrate: ignore=g behind the block
CREATE FUNCTION h() RETURNS void LANGUAGE plpgsql AS $$ BEGIN -- pgmigrate: ignore=h is part of the function
  DROP TABLE x;
END $$;`;
  assert.deepEqual(await ignores(`SELECT 1;\n${text}`), [
    ["a", "above the block", 2],
    ["b", "above the first", "DROP TABLE x"],
    ["c", "behind one", "DROP TABLE x"],
    ["d", "above one", "DROP TABLE y"],
    ["e", "above what is put together", "'DROP' || z"],
    ["f", "below all", null],
    ["g", "behind the block", 2],
  ]);
});

Deno.test("readIgnores() reads directives wherever a statement of a block stands, and nowhere else in its strings", async () => {
  const text = `DO E'BEGIN
  DROP TABLE x; -- pgmigrate: ignore=a in a string with a letter in front
END';
DO $a$ BEGIN
  RAISE NOTICE $b$ -- pgmigrate: ignore=no $b$;
  EXECUTE $b$ DROP TABLE y; -- pgmigrate: ignore=b in the text of EXECUTE
  $b$;
  PERFORM f('-- pgmigrate: ignore=no');
END $a$;`;
  assert.deepEqual(await ignores(`SELECT 1;\n${text}`), [
    ["a", "in a string with a letter in front", "DROP TABLE x"],
    ["b", "in the text of EXECUTE", "DROP TABLE y"],
  ]);
});
