import assert from "node:assert/strict";
import { parse } from "./parser.ts";
import { type Body, readBodies } from "./routine_body.ts";

/** What the first statement of a text runs: kinds, or what stands in the text there; branches in lists. */
async function shownBody(text: string): Promise<unknown> {
  const outcome = await parse(text);
  if (outcome.kind !== "statements") throw new Error(JSON.stringify(outcome));
  const [first] = outcome.statements;
  assert(first?.kind === "DoStmt" || first?.kind === "CreateFunctionStmt");
  const show = (body: Body | undefined): unknown =>
    body?.map((step) => {
      if (step.kind === "branch") return show(step.steps);
      if (step.kind === "commit") return step.kind;
      const { start, end } = step.kind === "statement" ? step.statement : step.span;
      if (step.kind === "statement") assert.equal(step.statement.text.length, end - start);
      return `${step.kind}: ${text.slice(start, end)}`;
    }) ?? null;
  return show((await readBodies(outcome.statements)).get(first.node));
}

Deno.test("readBodies() gives what runs straight apart from what may not run", async () => {
  const text = `SELECT 'é𝒳'; DO $$
DECLARE n int := g();
BEGIN /* DROP TABLE a; */ DROP TABLE a; DROP TABLE a;
  IF n > 1 THEN DROP TABLE b; ELSIF n > 2 THEN NULL; ELSE DROP TABLE c; END IF;
  BEGIN CREATE TABLE "𝒳" (a int); END;
  FOR i IN 1..h() LOOP DROP TABLE d; END LOOP;
  BEGIN DROP TABLE e; EXCEPTION WHEN undefined_table THEN DROP TABLE f; END;
  n := k();
END $$`;
  assert.deepEqual(await shownBody(text.slice("SELECT 'é𝒳'; ".length)), [
    "expression: g()",
    "statement: DROP TABLE a",
    "statement: DROP TABLE a",
    "expression: n > 1",
    "expression: n > 2",
    ["statement: DROP TABLE b"],
    ["statement: DROP TABLE c"],
    'statement: CREATE TABLE "𝒳" (a int)',
    "expression: 1",
    "expression: FOR i IN 1..h() LOOP DROP TABLE d; END LOOP;",
    ["statement: DROP TABLE d"],
    ["statement: DROP TABLE e"],
    ["statement: DROP TABLE f"],
    "expression: n := k()",
  ]);
});

Deno.test("readBodies() tells where a block commits", async () => {
  assert.deepEqual(
    await shownBody("DO $$ BEGIN LOOP DELETE FROM a; EXIT; COMMIT; END LOOP; ROLLBACK; END $$"),
    [["statement: DELETE FROM a", "commit"]],
  );
  assert.deepEqual(
    await shownBody(
      "DO $$ DECLARE r record; BEGIN BEGIN DELETE FROM a; COMMIT; EXCEPTION WHEN others THEN COMMIT; END; FOR r IN DELETE FROM b RETURNING 1 LOOP COMMIT; END LOOP; END $$",
    ),
    [["statement: DELETE FROM a"], ["commit"], "statement: DELETE FROM b RETURNING 1", []],
    "the server refuses it while a block catches errors, and in a loop over what a query changes",
  );
});

Deno.test("readBodies() takes what stands behind a RETURN for something that may not run", async () => {
  assert.deepEqual(
    await shownBody("DO $$ BEGIN DROP TABLE a; IF true THEN RETURN; END IF; DROP TABLE b; DROP TABLE c; END $$"),
    ["statement: DROP TABLE a", "expression: true", [], ["statement: DROP TABLE b", "statement: DROP TABLE c"]],
  );
});

Deno.test("readBodies() reads EXECUTE of a constant, and says where SQL is put together", async () => {
  const text = `DO $do$ DECLARE ü int; BEGIN
  EXECUTE 'DROP TABLE é' INTO ü;
  EXECUTE format('DROP TABLE %I', x) USING y();
  PERFORM g(); SELECT 1 INTO STRICT ü FROM posts;
  EXECUTE 'DO $$ BEGIN NULL; END $$';
  EXECUTE 'DELETE FROM a WHERE b = ''c''';
END $do$`;
  assert.deepEqual(await shownBody(text), [
    "statement: DROP TABLE é",
    "computed: format('DROP TABLE %I', x)",
    "expression: y()",
    "statement: PERFORM g()",
    "statement: SELECT 1 INTO STRICT ü FROM posts",
    "statement: DO $$ BEGIN NULL; END $$",
    "computed: 'DELETE FROM a WHERE b = ''c'''",
  ]);
});

Deno.test("readBodies() puts every location of a body's statements into the file", async () => {
  const text = "DO $$\r\nBEGIN\r\n  PERFORM '😀', g(x) FROM posts;\n END $$";
  const outcome = await parse(text);
  assert(outcome.kind === "statements");
  const [body] = (await readBodies(outcome.statements)).values();
  const [step] = body!;
  assert(step?.kind === "statement" && step.statement.kind === "SelectStmt");
  const [range] = step.statement.node.fromClause!;
  assert("RangeVar" in range!);
  assert.equal(text.slice(range.RangeVar.location!).slice(0, 5), "posts");
});

Deno.test("readBodies() reads functions in SQL and PL/pgSQL, and of no other language", async () => {
  const functions = {
    "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'SELECT 1; SELECT 2'": [
      "statement: SELECT 1",
      "statement: SELECT 2",
    ],
    "CREATE FUNCTION f(a text, b mood) RETURNS SETOF posts AS $$ BEGIN RETURN QUERY SELECT 1; END $$ LANGUAGE plpgsql":
      ["statement: SELECT 1"],
    "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END": [
      "statement: CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END",
    ],
    "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS 'SELECT ''a'''": [
      "statement: CREATE FUNCTION f() RETURNS text LANGUAGE sql AS 'SELECT ''a'''",
    ],
    "DO LANGUAGE plpython3u 'pass'": null,
    "DO 'BEGIN PERFORM ''a''; END'": null,
    "DO $$ BEGIN NONSENSE; END $$": null,
    "DO $$ BEGIN NULL; END $$": [],
  };
  for (const [text, expected] of Object.entries(functions)) assert.deepEqual(await shownBody(text), expected, text);
});
