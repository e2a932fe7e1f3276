import assert from "node:assert/strict";
import type { Failure } from "../errors/failure.ts";
import { parse } from "./parser.ts";
import { syntaxFailure } from "./syntax_error.ts";

async function failure(text: string): Promise<Failure> {
  const outcome = await parse(text);
  assert.equal(outcome.kind, "syntax-error", text);
  return syntaxFailure({ path: "m/5_e.sql", text }, outcome as Extract<typeof outcome, { kind: "syntax-error" }>);
}

Deno.test("syntaxFailure() says what and where", async () => {
  const { code, exitCode, message, details } = await failure("select '𝒳';\r\nselec 1;\r\n");
  assert.deepEqual([code, exitCode, message], ["syntax-error", 1, 'Syntax error at or near "selec"']);
  assert.equal(details.sqlstate, "42601");
  assert.deepEqual(details.place, { file: "m/5_e.sql", line: 2, column: 1, sourceLine: "selec 1;" });
  // plan and rehearse say so too, and have no such option.
  assert.match(details.hint ?? "", /pgmigrate up --no-parse/);
});

Deno.test("syntaxFailure() places the end of input on the last line that has text", async () => {
  const { message, details } = await failure("create table t (\n  id int\n\n");
  assert.equal(message, "Syntax error at end of input");
  assert.deepEqual([details.place?.line, details.place?.column], [2, 9]);
});

Deno.test("syntaxFailure() does not print the rest of the file for an open quote", async () => {
  assert.equal((await failure("select 'a\nb\nc")).message, `Unterminated quoted string at or near "'a…"`);
  const { message } = await failure(`select $$${"𝒳".repeat(99)}`);
  assert.equal(message, `Unterminated dollar-quoted string at or near "$$${"𝒳".repeat(58)}…"`);
});
