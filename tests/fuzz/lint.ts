/** Migrations of every kind that the rules of `lint` know, one behind the other in any order. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { fixTexts, lintTexts } from "../../scripts/lint_texts.ts";
import { ALL_RULES } from "../../src/lint/rule_ids.ts";
import { parse } from "../../src/sql/parser.ts";
import { fuzzed } from "./fuzzed.ts";

/** Every statement of the rules' examples. */
const STATEMENTS: readonly string[] = [
  ...new Set(
    await statementsOf(
      ALL_RULES.flatMap(({ examples }) => examples.flatMap(({ before, bad, good }) => [...before, bad, ...good])),
    ),
  ),
];

async function statementsOf(texts: readonly string[]): Promise<readonly string[]> {
  const parsed = await Promise.all(texts.map((text) => parse(text)));
  return parsed.flatMap((one) => one.kind === "statements" ? one.statements.map(({ text }) => text) : []);
}

/** How many new files a statement may lead to. */
const MOST_NEXT = 5;

/** What may stand between statements, lines and comments of all kinds. */
const between = fc.constantFrom(
  "\n",
  "\r\n",
  " ",
  "\n\n",
  " -- behind é\n",
  "\n-- above 🎉\n",
  "\n-- above\r\n  -- and more\r\n",
  "/* a /* b */ */",
  "\n-- pgmigrate: ignore=drop-column because\n",
  " -- pgmigrate: ignore=add-fk-valid\n",
  "\n-- pgmigrate: ignore\n",
);

const head = fc.constantFrom(
  "",
  "",
  "-- A file.\n\n",
  "-- pgmigrate: no-transaction\n",
  "-- pgmigrate: ignore=cluster\n",
);

const statement = fc.tuple(fc.constantFrom(...STATEMENTS), between, between).map(([sql, above, below]) =>
  `${above}${sql};${below}`
);

const file = fc.tuple(head, fc.array(statement, { maxLength: 5 })).map(([head, all]) => head + all.join(""));

const migrations = fc.record({
  texts: fc.array(file, { minLength: 1, maxLength: 4 }),
  postgresVersion: fc.constantFrom(14, 16, 18),
});

export const LINT = [
  fuzzed({
    name: "lint finds inside of the file, and --fix comes to an end",
    arbitrary: migrations,
    corpus: [
      { texts: ["REINDEX TABLE posts;\nREINDEX TABLE posts;\nCREATE TABLE a (id int);\n"], postgresVersion: 14 },
      {
        texts: ["ALTER TABLE a ALTER COLUMN b SET NOT NULL;\nCREATE TABLE a (b bigint);\n"],
        postgresVersion: 14,
      },
    ],
    oneIn: 50,
    async check({ texts, postgresVersion }) {
      for (const { finding: { span, message }, migration } of await lintTexts(texts, { postgresVersion })) {
        const lines = migration.sql.text.split(/\r\n|\n|\r/);
        assert.ok(span.line < span.endLine || (span.line === span.endLine && span.column < span.endColumn), message);
        assert.ok(span.endLine <= lines.length, message);
        assert.equal(span.sourceLine, lines[span.line - 1]);
        assert.ok(span.column <= Array.from(span.sourceLine).length, message);
      }
      const fixed = await fixTexts(texts, { postgresVersion });
      const statements = await statementsOf(texts);
      assert.ok(fixed.length - texts.length <= MOST_NEXT * statements.length, fixed.join("\n---\n"));
    },
  }),
];
