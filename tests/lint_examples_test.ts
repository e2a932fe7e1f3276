/** The examples of the rules of `lint` run on a real PostgreSQL: SQL that nobody can run would be no example. */

import assert from "node:assert/strict";
import { fixTexts, lintTexts, withSafeForm } from "../scripts/lint_texts.ts";
import { versionFor } from "../scripts/rule_pages.ts";
import { openEmbedded } from "../src/database/embedded.ts";
import type { RuleExample, RuleFacts } from "../src/lint/rule.ts";
import { ALL_RULES } from "../src/lint/rule_ids.ts";
import { readDirectives } from "../src/migration/directives.ts";
import { parse } from "../src/sql/parser.ts";
import { CATALOG_QUERY } from "./catalog.ts";
import { ask, exchange, startup } from "./embedded_client.ts";

/** What becomes of migrations. */
interface Applied {
  /** The SQLSTATE of the first error; null for none. */
  readonly error: string | null;
  /** What the database then holds. */
  readonly catalog: readonly string[];
}

/** Applies migrations to an empty schema, as pgmigrate would, up to the first error. */
type Apply = (texts: readonly string[], options?: { readonly withCatalog: boolean }) => Promise<Applied>;

/** PostgreSQL leaves a CHECK on a partition that is detached CONCURRENTLY, in place of its bound. */
const LEAVES_CHECK = "detach-nonconcurrent";

/** What can be said of a rule's example by running it. */
async function complaints(apply: Apply, rule: RuleFacts, example: RuleExample) {
  const { before, bad, badFails = null, good } = example;
  const said: string[] = [];
  const say = (what: string, texts: readonly string[]) => said.push(`${rule.id}, ${what}\n${texts.join("\n\n")}`);
  const postgresVersion = versionFor(rule);
  const original = [...before, bad];
  const texts = await fixTexts(original, { postgresVersion, before: before.length, rules: new Set([rule.id]) });
  const withCatalog = texts.join() !== original.join() && badFails === null && rule.id !== LEAVES_CHECK;

  const asItIs = await apply(original, { withCatalog });
  if (asItIs.error !== badFails) say(`the bad example: ${asItIs.error ?? "no error"}`, [bad]);
  const better = await apply([...before, ...good]);
  if (better.error !== null) say(`the good example: ${better.error}`, good);

  const found = await lintTexts(original, { postgresVersion, before: before.length });
  for (const one of found.filter(({ finding }) => finding.rule === rule.id)) {
    const safe = withSafeForm(bad, one);
    // Where another statement of the bad example fails, it still does.
    if (safe === null || badFails !== null) continue;
    const { error } = await apply([...before, ...safe]);
    if (error !== null) say(`the safe form: ${error}`, safe);
  }

  if (texts.join() === original.join()) return said;
  const fixed = await apply(texts, { withCatalog });
  if (fixed.error !== null) say(`with --fix: ${fixed.error}`, texts);
  // It must come to the same, for nobody has asked for anything else.
  if (fixed.catalog.join("\n") !== asItIs.catalog.join("\n")) {
    say("with --fix another schema:", [...texts, ...difference(asItIs.catalog, fixed.catalog)]);
  }
  return said;
}

const OWN_SCHEMAS =
  "SELECT quote_ident(nspname) FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname NOT IN ('public', 'information_schema')";

function difference(before: readonly string[], after: readonly string[]): readonly string[] {
  return [
    ...before.filter((line) => !after.includes(line)).map((line) => `- ${line}`),
    ...after.filter((line) => !before.includes(line)).map((line) => `+ ${line}`),
  ];
}

Deno.test("the examples of all rules, the safe forms and what --fix writes run on PostgreSQL 18", async () => {
  await using database = await openEmbedded({ kind: "embedded", directory: null });
  const socket = await database.dial();
  await exchange(socket, startup());
  const run = async (sql: string) =>
    (await ask(socket, sql)).find((line) => line.startsWith("error "))?.slice("error ".length) ?? null;
  const applyOne = async (text: string) => {
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
  const apply: Apply = async (texts, { withCatalog } = { withCatalog: false }) => {
    await run("CREATE SCHEMA example");
    await run("SET search_path = example");
    let error: string | null = null;
    for (const text of texts) error ??= await applyOne(text);
    await run("ROLLBACK");
    await run("DISCARD ALL");
    const catalog = withCatalog ? (await ask(socket, CATALOG_QUERY)).toSorted() : [];
    for (const schema of await ask(socket, OWN_SCHEMAS)) assert.equal(await run(`DROP SCHEMA ${schema} CASCADE`), null);
    return { error, catalog };
  };
  const said: string[] = [];
  for (const rule of ALL_RULES) {
    for (const example of rule.examples) said.push(...await complaints(apply, rule, example));
  }
  socket.destroy();
  assert.equal(said.join("\n\n"), "");
});
