import assert from "node:assert/strict";
import { parse } from "../sql/parser.ts";
import { statementEffect } from "../sql/statement_effect.ts";
import { sessionStatements } from "./settle.ts";

async function settings(text: string, before: number): Promise<readonly string[]> {
  const parsed = await parse(text);
  assert.ok(parsed.kind === "statements");
  const statements = parsed.statements.map((one) => ({ start: one.start, end: one.end, effect: statementEffect(one) }));
  return sessionStatements(statements, before).map(([index, { start, end }]) => `${index} ${text.slice(start, end)}`);
}

Deno.test("sessionStatements() gives what set the session up before a statement, in order", async () => {
  const text = "set a.b = 1; create table t (); select set_config('a.c', '2', false); set a.d = 3";
  assert.deepEqual(await settings(text, 3), ["0 set a.b = 1", "2 select set_config('a.c', '2', false)"]);
  assert.deepEqual(await settings(text, 0), []);
});

Deno.test("sessionStatements() leaves out what a ROLLBACK took back, and keeps what a COMMIT kept", async () => {
  const text = "begin; set a.b = 1; rollback; begin; set a.c = 2; savepoint s; set a.d = 3; commit; set a.e = 4";
  assert.deepEqual(await settings(text, 9), ["4 set a.c = 2", "6 set a.d = 3", "8 set a.e = 4"]);
});

Deno.test("sessionStatements() leaves out what ended with its transaction", async () => {
  const text = "begin; lock table t; set constraints all deferred; set local a.b = 1; set transaction read write; " +
    "declare c cursor for select 1; set a.c = 2; commit; show a.c";
  assert.deepEqual(await settings(text, 9), ["6 set a.c = 2"]);
});
