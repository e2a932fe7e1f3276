import assert from "node:assert/strict";
import fc from "fast-check";
import { parse, type Statement } from "./parser.ts";

async function statements(text: string): Promise<readonly Statement[]> {
  const outcome = await parse(text);
  assert.equal(outcome.kind, "statements", JSON.stringify(outcome));
  return outcome.kind === "statements" ? outcome.statements : [];
}

async function texts(text: string): Promise<readonly string[]> {
  return (await statements(text)).map((statement) => statement.text);
}

/** Statements of every kind of quoting, none of which ends in a comment. */
const HARD = [
  "select 1",
  "select 'é𝒳;--', \"ü;\" from t",
  "select E'it\\'s;' || U&'\\00e9' || $a$ ; $b$ -- $a$",
  "create function f() returns int begin atomic; select 1; select 2; end",
  "create rule r as on insert to t do (select 1; select 2)",
  "do $$ begin; perform 1; end -- ;\n$$",
  "select /* a /* nested; */ b */ 1 -- inner;\n + 2",
  "begin",
];

Deno.test("parse() gives kind, tree and extent of each statement", async () => {
  const text = "select 'é𝒳';\r\n-- note\r\ncreate table t (id int)";
  const [first, second] = await statements(text);
  assert.equal(first?.kind, "SelectStmt");
  assert.equal(second?.kind, "CreateStmt");
  assert.equal(second.node.relation?.relname, "t");
  assert.equal(second.text, "create table t (id int)");
  assert.equal(text.slice(second.start, second.end), second.text);
});

Deno.test("parse() starts a statement behind the comments before it and ends it before those behind", async () => {
  assert.deepEqual(
    await texts("/* é */ -- a\n select 1 -- b\n ;;; ; /* c */ select 2 /* d */ -- 𝒳\n; select '--' -- e\n-- f"),
    ["select 1", "select 2", "select '--'"],
  );
});

Deno.test("parse() keeps comments inside a statement", async () => {
  assert.deepEqual(await texts("select 1 -- one\n, 2 /* two */ , '*/'"), ["select 1 -- one\n, 2 /* two */ , '*/'"]);
});

Deno.test("parse() finds no statement in empty, blank, comment-only and semicolon-only texts", async () => {
  for (const text of ["", " ", "\r\n", "-- x", "/* x */\n-- y\n", ";;;\n;"]) assert.deepEqual(await texts(text), []);
});

Deno.test("parse() splits any mix of hard statements where they end", async () => {
  const between = fc.constantFrom(";", ";\r\n", " -- ; é\n;", "/* ; 𝒳 */;", ";;\n\n", " ;--'\n");
  const parts = fc.array(fc.tuple(fc.constantFrom(...HARD), between), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(parts, async (parts) => {
      const text = parts.map(([sql, end]) => sql + end).join("");
      const found = await statements(text);
      assert.deepEqual(found.map((statement) => statement.text), parts.map(([sql]) => sql));
      for (const { start, end, text: own } of found) assert.equal(text.slice(start, end), own);
    }),
    { numRuns: 60 },
  );
});

Deno.test("parse() gives locations inside a tree as UTF-16 indices", async () => {
  const filler = "-- é𝒳\n".repeat(100);
  const text = `${filler}select '𝒳é', here`;
  const [statement] = await statements(text);
  assert.ok(statement?.kind === "SelectStmt");
  const target = statement.node.targetList?.[1];
  assert.ok(target !== undefined && "ResTarget" in target);
  assert.equal(target.ResTarget.location, text.indexOf("here"));
});

Deno.test("parse() leaves the location of CREATE TABLESPACE, which is a directory, alone", async () => {
  const [statement] = await statements("create tablespace é location '/é'");
  assert.ok(statement?.kind === "CreateTableSpaceStmt");
  assert.equal(statement.node.location, "/é");
});

Deno.test("parse() gives a syntax error with its position in characters", async () => {
  assert.deepEqual(await parse("select '𝒳𝒳', nonsense nonsense nonsense"), {
    kind: "syntax-error",
    message: 'syntax error at or near "nonsense"',
    position: 32,
  });
  assert.deepEqual(await parse("selec"), {
    kind: "syntax-error",
    message: 'syntax error at or near "selec"',
    position: 1,
  });
});

Deno.test("parse() gives an unterminated string, dollar quote, comment or list as a syntax error", async () => {
  for (
    const [text, position] of [["select 'a", 8], ["select $$ a", 8], ["/* a", 1], ["create table t (", 17]] as const
  ) {
    const outcome = await parse(text);
    assert.equal(outcome.kind === "syntax-error" && outcome.position, position, text);
  }
});

Deno.test("parse() does not stop silently at a NUL character", async () => {
  assert.deepEqual(await parse("select '𝒳';\0 drop table t"), {
    kind: "syntax-error",
    message: 'invalid byte sequence for encoding "UTF8": 0x00',
    position: 12,
  });
});

Deno.test("parse() says that a text is too large for it, and is usable afterwards", async () => {
  for (const text of [`select 1${"+1".repeat(500_000)}`, "select 1;".repeat(1_000_000), "x".repeat(17_000_000)]) {
    assert.deepEqual(await parse(text), { kind: "too-large" });
    assert.deepEqual(await texts("select 1"), ["select 1"]);
  }
});

Deno.test("parse() serves callers at the same time", async () => {
  const found = await Promise.all(HARD.map(texts));
  assert.deepEqual(found, HARD.map((sql) => [sql]));
});

Deno.test("parse() never throws, whatever the text", async () => {
  const hostile = fc.string({
    unit: fc.constantFrom("'", '"', "$", "a", "/*", "*/", "--", "\n", ";", "\\", "𝒳", "\ud800", "("),
  });
  await fc.assert(fc.asyncProperty(hostile, async (text) => assert.ok((await parse(text)).kind)), { numRuns: 300 });
});
