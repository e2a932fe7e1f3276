/** The examples of the rules of `lint` run on a real PostgreSQL: SQL that nobody can run would be no example. */

import assert from "node:assert/strict";
import { lintTexts, withSafeForm } from "../scripts/lint_texts.ts";
import { OLDEST } from "../scripts/rule_pages.ts";
import { openEmbedded } from "../src/database/embedded.ts";
import type { RuleExample, RuleFacts } from "../src/lint/rule.ts";
import { ALL_RULES } from "../src/lint/rule_ids.ts";
import { readDirectives } from "../src/migration/directives.ts";
import { parse } from "../src/sql/parser.ts";
import { ask, exchange, startup } from "./embedded_client.ts";

/** Runs one as pgmigrate would, up to its first error. @returns its SQLSTATE; null for none */
type Apply = (text: string) => Promise<string | null>;

/** What can be said of a rule's example by running it. */
async function complaints(
  apply: (texts: readonly string[]) => Promise<string | null>,
  rule: RuleFacts,
  example: RuleExample,
) {
  const { before, bad, badFails, good } = example;
  const said: string[] = [];
  const ended = await apply([...before, bad]);
  if (ended !== (badFails ?? null)) said.push(`the bad example: ${ended ?? "no error"}\n${bad}`);
  const better = await apply([...before, ...good]);
  if (better !== null) said.push(`the good example: ${better}\n${good.join("\n\n")}`);
  const found = await lintTexts([...before, bad], { postgresVersion: rule.from ?? OLDEST, before: before.length });
  for (const one of found.filter(({ finding }) => finding.rule === rule.id)) {
    const texts = withSafeForm(bad, one);
    // Where another statement of the bad example fails, it still does.
    const safe = texts === null || badFails !== undefined ? null : await apply([...before, ...texts]);
    if (safe !== null) said.push(`the safe form: ${safe}\n${texts!.join("\n\n")}`);
  }
  return said.map((text) => `${rule.id}: ${text}`);
}

Deno.test("the examples of all rules, and the safe forms that they lead to, run on PostgreSQL 18", async () => {
  await using database = await openEmbedded({ kind: "embedded", directory: null });
  const socket = await database.dial();
  await exchange(socket, startup());
  const run: Apply = async (sql) =>
    (await ask(socket, sql)).find((line) => line.startsWith("error "))?.slice("error ".length) ?? null;
  const applyOne: Apply = async (text) => {
    const parsed = await parse(text);
    assert(parsed.kind === "statements");
    const isOutside = readDirectives(text).directives.noTransaction;
    const parts = isOutside ? parsed.statements.map((statement) => statement.text) : ["BEGIN", text, "COMMIT"];
    for (const part of parts) {
      const error = await run(part);
      if (error === null) continue;
      await run("ROLLBACK");
      return error;
    }
    return null;
  };
  const apply = async (texts: readonly string[]) => {
    await run("CREATE SCHEMA example");
    await run("SET search_path = example");
    let ended: string | null = null;
    for (const text of texts) ended ??= await applyOne(text);
    await run("ROLLBACK");
    await run("DISCARD ALL");
    assert.equal(await run("DROP SCHEMA example CASCADE"), null);
    // The one schema that an example makes itself.
    assert.equal(await run("DROP SCHEMA IF EXISTS app CASCADE"), null);
    return ended;
  };
  const said: string[] = [];
  for (const rule of ALL_RULES) {
    for (const example of rule.examples) said.push(...await complaints(apply, rule, example));
  }
  socket.destroy();
  assert.deepEqual(said, []);
});
