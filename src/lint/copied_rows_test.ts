import assert from "node:assert/strict";
import { lintTexts } from "../../scripts/lint_texts.ts";

const TABLES = `CREATE TABLE drafts (id bigint PRIMARY KEY, title text);
CREATE TABLE kept (id bigint, title text);
CREATE TABLE others (id bigint);`;

/** What is said of the rows of the last DROP TABLE. */
async function told(text: string): Promise<string> {
  const found = await lintTexts([TABLES, text], { postgresVersion: 14, before: 1 });
  const { message } = found.findLast(({ finding }) => finding.rule === "drop-table")!.finding;
  return /committed(?:, and )?(.*?)\.(?: |$)/.exec(message)![1]!;
}

const LOST = "its rows are lost";

const CASES: Readonly<Record<string, string>> = {
  "DROP TABLE drafts": LOST,
  "INSERT INTO kept SELECT * FROM drafts;\nDROP TABLE drafts": `${LOST} but for those that line 1 copies into kept`,
  "\nCREATE TABLE app.new AS SELECT id FROM public.drafts WHERE id > 3;\nDROP TABLE drafts":
    `${LOST} but for those that line 2 copies into app.new`,
  "SELECT * INTO new FROM drafts; DROP TABLE drafts": `${LOST} but for those that line 1 copies into new`,
  "WITH gone AS (DELETE FROM drafts RETURNING *) INSERT INTO kept SELECT * FROM gone; DROP TABLE drafts":
    `${LOST} but for those that line 1 copies into kept`,
  "DO $$ BEGIN INSERT INTO kept SELECT * FROM drafts;\nDROP TABLE drafts; END $$":
    `${LOST} but for those that line 1 copies into kept`,
  "INSERT INTO kept SELECT id FROM others; DROP TABLE drafts": LOST,
  "WITH drafts AS (SELECT 1) INSERT INTO kept SELECT * FROM drafts; DROP TABLE drafts": LOST,
  "INSERT INTO drafts SELECT * FROM drafts; DROP TABLE drafts": LOST,
  "INSERT INTO drafts SELECT id FROM others; DROP TABLE drafts": LOST,
  // No rows, or none that stay.
  "CREATE TABLE new AS SELECT * FROM drafts WITH NO DATA; DROP TABLE drafts": LOST,
  "CREATE TEMP TABLE new AS SELECT * FROM drafts; DROP TABLE drafts": LOST,
  "SELECT * INTO TEMP new FROM drafts; DROP TABLE drafts": LOST,
  "CREATE TEMP TABLE new (id bigint); INSERT INTO new SELECT id FROM drafts; DROP TABLE drafts": LOST,
  "CREATE MATERIALIZED VIEW new AS SELECT * FROM drafts; DROP TABLE drafts CASCADE": LOST,
  "CREATE TABLE new AS SELECT * FROM drafts; DROP TABLE new; DROP TABLE drafts": LOST,
  "CREATE TABLE new AS SELECT * FROM drafts; DROP TABLE drafts, new": LOST,
  "CREATE TABLE new AS SELECT * FROM drafts; TRUNCATE new; DROP TABLE drafts": LOST,
  "CREATE TABLE new AS SELECT * FROM drafts; ALTER TABLE new RENAME TO newer; DROP TABLE drafts":
    `${LOST} but for those that line 1 copies into new`,
  // Not its rows.
  "INSERT INTO kept SELECT count(*) FROM drafts; DROP TABLE drafts": LOST,
  "INSERT INTO kept SELECT max(id) FROM drafts GROUP BY title; DROP TABLE drafts": LOST,
  "INSERT INTO kept SELECT id FROM others WHERE id NOT IN (SELECT id FROM drafts); DROP TABLE drafts": LOST,
  "INSERT INTO kept VALUES ((SELECT max(id) FROM drafts)); DROP TABLE drafts": LOST,
  "DROP TABLE drafts; CREATE TABLE new AS SELECT id FROM others": LOST,
};

Deno.test("drop-table says which statement of the file has copied the rows, for those are not lost", async () => {
  for (const [text, expected] of Object.entries(CASES)) assert.equal(await told(text), expected, text);
});
