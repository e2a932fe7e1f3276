import assert from "node:assert/strict";
import { lintTexts } from "../../scripts/lint_texts.ts";
import { safeFormParts } from "./safe_form.ts";

/** Key, bound, and the condition that holds for the rows of the partition. */
const BOUNDS: readonly (readonly [key: string, bound: string, condition: string])[] = [
  ["RANGE (a)", "FROM (1) TO (5)", "a IS NOT NULL AND a >= 1 AND a < 5"],
  ["RANGE (a)", "FROM (MINVALUE) TO (5)", "a IS NOT NULL AND a < 5"],
  ["RANGE (a)", "FROM (5) TO (MAXVALUE)", "a IS NOT NULL AND a >= 5"],
  [
    "RANGE (a, b)",
    "FROM (1, 2) TO (3, 4)",
    "a IS NOT NULL AND b IS NOT NULL AND (a > 1 OR a = 1 AND b >= 2) AND (a < 3 OR a = 3 AND b < 4)",
  ],
  ["RANGE (a, b)", "FROM (1, MINVALUE) TO (3, MINVALUE)", "a IS NOT NULL AND b IS NOT NULL AND a >= 1 AND a < 3"],
  ["RANGE (a, b)", "FROM (1, MAXVALUE) TO (3, MAXVALUE)", "a IS NOT NULL AND b IS NOT NULL AND a > 1 AND a <= 3"],
  ["LIST (c)", "IN ('x, y', 'z')", "c IS NOT NULL AND c IN ('x, y', 'z')"],
  ["LIST (c)", "IN ('x', NULL)", "c IS NULL OR c IN ('x')"],
  ["LIST (c)", "IN (NULL)", "c IS NULL"],
];

function before(key: string): string {
  return `CREATE TABLE t (a int, b int, c text) PARTITION BY ${key};
CREATE TABLE rest PARTITION OF t DEFAULT;
CREATE TABLE one (a int, b int, c text);`;
}

for (const [key, bound, condition] of BOUNDS) {
  Deno.test(`a partition by ${key} ${bound} is proven by its CHECK, and by the opposite on the default partition`, async () => {
    const texts = [before(key), `ALTER TABLE t ATTACH PARTITION one FOR VALUES ${bound};`];
    const rules = new Set(["attach-partition-unproven"]);
    const [found, ...others] = await lintTexts(texts, { postgresVersion: 14, before: 1, rules });
    assert.deepEqual(others, []);
    const safeForm = found!.finding.safeForm!;
    assert(safeForm.includes(`CHECK (${condition}) NOT VALID`), safeForm);
    assert(safeForm.includes(`CHECK (NOT (${condition})) NOT VALID`), safeForm);
    const parts = safeFormParts(safeForm);
    assert.deepEqual(await lintTexts([texts[0]!, ...parts], { postgresVersion: 14, before: 1, rules }), []);
    // Either proof alone is not enough.
    for (const [one] of [[parts.slice(0, 2)], [parts.slice(2, 4)]]) {
      const half = await lintTexts([texts[0]!, ...one!, texts[1]!], { postgresVersion: 14, before: 1, rules });
      assert.equal(half.length, 1);
    }
  });
}

for (const [key, bound] of [["RANGE ((a + 1))", "FROM (1) TO (5)"], ["HASH (a)", "WITH (MODULUS 2, REMAINDER 0)"]]) {
  Deno.test(`a partition by ${key} ${bound} has no CHECK that lint could write`, async () => {
    const text = `ALTER TABLE t ATTACH PARTITION one FOR VALUES ${bound};`;
    const tables = before(key!).replace("CREATE TABLE rest PARTITION OF t DEFAULT;\n", "");
    const [found] = await lintTexts([tables, text], { postgresVersion: 14, before: 1 });
    assert.equal(found!.finding.rule, "attach-partition-unproven");
    assert.equal(found!.finding.safeForm, null);
  });
}
