/**
 * The rules of lint on columns and constraints against the server's own words: with client_min_messages at debug1 it says
 * which tables it rewrites, verifies and builds indexes of.
 */

import assert from "node:assert/strict";
import postgres from "postgres";
import { lintTexts } from "../scripts/lint_texts.ts";
import { BEFORE, CASES } from "./lint_cases.ts";
import { type Server, sharedServer } from "./servers/mod.ts";

/** Those that say that the server reads or writes a table whole, where its messages say so too. */
const WHOLE: ReadonlySet<string> = new Set([
  "add-check-valid",
  "add-column-constrained-domain",
  "add-column-serial-identity",
  "add-column-volatile-default",
  "add-exclusion",
  "add-fk-valid",
  "add-generated-stored",
  "add-pk",
  "add-unique",
  "change-column-type",
  "rewrite-table",
  "set-not-null",
  "validate-same-transaction",
]);

/** Those that say nothing of reading, or of reading that the server does not tell of. */
const OTHERS: ReadonlySet<string> = new Set([
  "add-required-column",
  "domain-constraint",
  "drop-column",
  "drop-not-null",
  "enum-value-used",
  "rename-column",
]);

const RULES = WHOLE.union(OTHERS);

const ALL = Object.entries(CASES).flatMap(([rules, statements]) =>
  statements.map((sql) => ({ sql, rules: rules === "" ? [] : rules.split(", ") }))
);

/** What PostgreSQL 18 alone can parse or run. */
const NEEDS_18 =
  /VIRTUAL|SET EXPRESSION|SET ACCESS METHOD|NOT ENFORCED|AS \(i \+ 1\)$|NOT NULL tx|ev ADD FOREIGN KEY .* NOT VALID|uuidv7/;

Deno.test("each statement on columns and constraints is found by its own rules, and by no others", async () => {
  for (const { sql, rules } of ALL) {
    const found = await lintTexts([BEFORE, `${sql};`], { postgresVersion: 18, before: 1, rules: RULES });
    assert.deepEqual([...new Set(found.map(({ finding }) => finding.rule))].toSorted(), rules, sql);
  }
});

for (const version of ["14", "18"] as const) {
  Deno.test(`rules fire where PostgreSQL ${version} reads or writes a table whole, and nowhere else`, async () => {
    const server = await sharedServer(version);
    const cases = ALL.filter(({ sql }) => version === "18" || !NEEDS_18.test(sql));
    const told = await tellings(server, cases.map(({ sql }) => sql));
    for (const [index, { sql, rules }] of cases.entries()) {
      // What a file does to its own tables is no finding, and these statements do nothing else.
      if (/^CREATE (TEMP )?TABLE/.test(sql) || rules.some((rule) => OTHERS.has(rule))) continue;
      assert.equal(told[index]!.length > 0, rules.length > 0, `${sql}: ${told[index]!.join("; ")}`);
    }
  });
}

const TELLS = /^(rewriting table|verifying table|building index|validating foreign key constraint)/;

/** What the server says to each statement, which is rolled back; whether it fails does not matter here. */
async function tellings(server: Server, statements: readonly string[]): Promise<readonly (readonly string[])[]> {
  await using database = await server.createDatabase();
  await database.query(BEFORE);
  let messages: string[] = [];
  const client = postgres(database.url, {
    max: 1,
    prepare: false,
    fetch_types: false,
    onnotice: ({ message = "" }) => {
      if (TELLS.test(message) && !message.includes("pg_toast")) messages.push(message);
    },
  });
  try {
    const told: (readonly string[])[] = [];
    for (const sql of statements) {
      messages = [];
      const settings = "SET LOCAL TimeZone = 'Europe/Berlin'; SET LOCAL client_min_messages = debug1";
      await client.unsafe(`BEGIN; ${settings}; ${sql}`).catch(() => null);
      await client.unsafe("ROLLBACK");
      told.push(messages);
    }
    return told;
  } finally {
    await client.end();
  }
}
