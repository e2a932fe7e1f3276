import assert from "node:assert/strict";
import fc from "fast-check";
import { identifier, literal, Sql, sql } from "./sql.ts";

Deno.test("sql quotes strings, and writes every other value as SQL has it", () => {
  const query = sql`SELECT ${"it's"}, ${null}, ${true}, ${false}, ${42}, ${0.5}, ${9223372036854775807n}`;
  assert.equal(query.text, "SELECT 'it''s', NULL, TRUE, FALSE, 42, 0.5, 9223372036854775807");
});

Deno.test("sql takes SQL as it is, its own results among it", () => {
  const table = sql`${identifier("a b")}.${identifier("c")}`;
  assert.equal(
    sql`SELECT 1 FROM ${table} WHERE x = ${"'; DROP TABLE t; --"}`.text,
    `SELECT 1 FROM "a b"."c" WHERE x = '''; DROP TABLE t; --'`,
  );
  assert.equal(`${new Sql("now()")}`, "now()");
});

Deno.test("sql without values is its text, backslashes of the template included", () => {
  assert.equal(sql`SELECT '\\x00'`.text, "SELECT '\\x00'");
});

Deno.test("literal() doubles quotes, and writes backslashes so that they mean the same in every session", () => {
  assert.equal(literal(""), "''");
  assert.equal(literal("O'Reilly's"), "'O''Reilly''s'");
  assert.equal(literal("a\nb\tc; -- é 🎉"), "'a\nb\tc; -- é 🎉'");
  assert.equal(literal("C:\\it's"), " E'C:\\\\it''s'");
});

Deno.test("identifier() doubles quotes, and writes what is not ASCII by its numbers", () => {
  assert.equal(identifier("Mixed Case").text, '"Mixed Case"');
  assert.equal(identifier('a"b\\c').text, '"a""b\\c"');
  assert.equal(identifier('\\é"🎉').text, 'U&"\\\\\\+0000e9""\\+01f389"');
});

Deno.test("identifier() is ASCII whatever the name", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (name) => {
    // deno-lint-ignore no-control-regex
    assert.match(identifier(name).text, /^[\x00-\x7f]*$/);
  }));
});

/** What PostgreSQL's scanner makes of a string literal: an independent reading of what was quoted. */
function readBack(quoted: string): { readonly text: string; readonly rest: string } {
  const escapes = quoted.startsWith(" E'");
  let text = "";
  for (let at = escapes ? 3 : 1; at < quoted.length; at++) {
    if (escapes && quoted[at] === "\\") text += quoted[++at];
    else if (quoted[at] !== "'") text += quoted[at];
    else if (quoted[at + 1] === "'") text += quoted[at++];
    else return { text, rest: quoted.slice(at + 1) };
  }
  return { text, rest: "the literal does not end" };
}

Deno.test("literal() ends where it should, whatever it holds", () => {
  const hostile = fc.string({
    unit: fc.constantFrom("'", "\\", "''", "\\'", "E'", "$$", "--", "é", "a", "\n"),
    maxLength: 12,
  });
  fc.assert(fc.property(hostile, (text) => assert.deepEqual(readBack(literal(text)), { text, rest: "" })));
});
