import assert from "node:assert/strict";
import { lintTexts, parseTexts, withSafeForm } from "../../../scripts/lint_texts.ts";
import { versionFor } from "../../../scripts/rule_pages.ts";
import { fixFiles } from "../../run/fix_files.ts";
import type { Found } from "../lint.ts";
import type { RuleExample, RuleFacts } from "../rule.ts";
import { ALL_RULES } from "../rule_ids.ts";
import { RULES } from "./mod.ts";

/** The rules that have found something. */
function idsOf(found: readonly Found[]): ReadonlySet<string> {
  return new Set(found.map(({ finding }) => finding.rule));
}

function countOf(found: readonly Found[], rule: RuleFacts): number {
  return found.filter(({ finding }) => finding.rule === rule.id).length;
}

/** What lint finds in the files behind those that come before. */
function lintBehind(example: RuleExample, texts: readonly string[], postgresVersion: number) {
  return lintTexts([...example.before, ...texts], { postgresVersion, before: example.before.length });
}

function assertNoMore(found: readonly Found[], before: readonly Found[], what: string): void {
  const more = found.filter(({ finding }) => !idsOf(before).has(finding.rule));
  assert.deepEqual(more.map(({ finding }) => `${finding.rule}: ${finding.message}`), [], what);
}

Deno.test("the rules are sorted by id, each id is there once, and each has an example", () => {
  const ids = RULES.map(({ id }) => id);
  assert.deepEqual(ids, [...new Set(ids)].toSorted());
  for (const { id, examples } of ALL_RULES) {
    assert.match(id, /^[a-z]+(-[a-z]+)*$/);
    assert(examples.length > 0, id);
  }
});

Deno.test("what is said of a rule is sentences, and what it fires on is none", () => {
  for (const { id, fires, why, instead, source } of ALL_RULES) {
    assert.doesNotMatch(fires, /[.\s]$/, id);
    for (const text of [why, instead]) assert.match(text, /^([A-Z`]|pgmigrate ).*[.)]$/s, id);
    assert.match(source, /^https:\/\/www\.postgresql\.org\/docs\/current\/[\w-]+\.html(#[\w-]+)?$/, id);
  }
});

for (const rule of ALL_RULES) {
  for (const [index, example] of rule.examples.entries()) {
    const version = versionFor(rule);
    const name = rule.examples.length === 1 ? rule.id : `${rule.id}, example ${index + 1}`;

    Deno.test(`${name}: fires on its bad example, and nothing new on the good one`, async () => {
      const bad = await lintBehind(example, [example.bad], version);
      assert(idsOf(bad).has(rule.id), `found: ${[...idsOf(bad)]}`);
      const good = await lintBehind(example, example.good, Math.max(version, example.goodFrom ?? 0));
      assertNoMore(good, bad, "the good example");
      assert.equal(countOf(good, rule), 0);
    });

    Deno.test(`${name}: the safe form that it proposes is safe`, async () => {
      const bad = await lintBehind(example, [example.bad], version);
      for (const one of bad.filter(({ finding }) => finding.rule === rule.id)) {
        const texts = withSafeForm(example.bad, one);
        if (texts === null) continue;
        const safe = await lintBehind(example, texts, version);
        assertNoMore(safe, bad, texts.join("\n---\n"));
        assert(countOf(safe, rule) < countOf(bad, rule), texts.join("\n---\n"));
      }
    });

    Deno.test(`${name}: what --fix makes of it is safe`, async () => {
      const bad = await lintBehind(example, [example.bad], version);
      if (bad.every(({ finding, fix }) => finding.rule !== rule.id || fix === null)) return;
      const texts = [...example.before, example.bad];
      const { found, mended } = await fixFiles(await parseTexts(texts, example.before.length), {
        rules: new Set([rule.id]),
        postgresVersion: version,
        directory: "migrations",
        names: texts.map((_, index) => `${index + 1}_example.sql`),
        mayFix: ({ asked }) => asked,
      });
      assert(mended > 0);
      assert.equal(found.filter(({ fix }) => fix !== null).length, 0);
      assert(countOf(found, rule) < countOf(bad, rule));
    });
  }
}
