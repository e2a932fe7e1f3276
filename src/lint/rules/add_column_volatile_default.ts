import { expressionVolatility } from "../../catalog/volatility.ts";
import { addedColumnProblems } from "../added_columns.ts";
import { callsNextval } from "../calls_nextval.ts";
import type { Rule } from "../rule.ts";
import { defaultOf } from "../staged_column.ts";

export const addColumnVolatileDefault: Rule = {
  id: "add-column-volatile-default",
  severity: "error",
  fires: "ADD COLUMN with a volatile default",
  why:
    "A default that is the same for all rows is noted once. A volatile one, such as gen_random_uuid(), random() or " +
    "clock_timestamp(), has another value for each row, so that PostgreSQL writes the whole table and all of its " +
    "indexes anew, under an ACCESS EXCLUSIVE lock: nobody reads or writes the table for as long as that takes. now() " +
    "and current_timestamp are not volatile.",
  instead:
    "Add the column without the default, and set the default in the same statement: it is then for new rows only. Fill " +
    "the rows that are there in batches, in a migration of their own.",
  source: "https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES",
  examples: [{
    before: ["CREATE TABLE posts (id bigint PRIMARY KEY, title text);"],
    bad: "ALTER TABLE posts ADD COLUMN token uuid DEFAULT gen_random_uuid();",
    good: [
      "ALTER TABLE posts ADD COLUMN token uuid, ALTER COLUMN token SET DEFAULT gen_random_uuid();",
      `-- pgmigrate: no-transaction
DO $$
DECLARE
  batch_start bigint := (SELECT min(id) FROM posts);
BEGIN
  WHILE batch_start <= (SELECT max(id) FROM posts) LOOP
    UPDATE posts SET token = gen_random_uuid()
    WHERE id BETWEEN batch_start AND batch_start + 9999 AND token IS NULL;
    COMMIT;
    batch_start := batch_start + 10000;
  END LOOP;
END
$$;`,
    ],
  }, {
    before: ["CREATE TABLE posts (id bigint PRIMARY KEY, title text);"],
    bad: "ALTER TABLE posts ADD COLUMN seen_at timestamptz DEFAULT clock_timestamp();",
    good: ["ALTER TABLE posts ADD COLUMN seen_at timestamptz DEFAULT now();"],
  }],
  check: (linted, file) =>
    addedColumnProblems(linted, file, ({ parts, sql: { table } }) => {
      const given = defaultOf(parts);
      const expression = given?.constraint.raw_expr;
      if (given === null || expression === undefined || callsNextval(expression)) return null;
      const volatility = expressionVolatility(expression, linted.catalog);
      const shown = given.body.replace(/^DEFAULT\s*/i, "");
      const rewrite =
        `the whole of ${table} is written anew under an ACCESS EXCLUSIVE lock, and nobody reads or writes ` +
        "it until that is done";
      if (volatility === "volatile") return { message: `${shown} has another value for every row: ${rewrite}.` };
      if (volatility !== "unknown") return null;
      const message =
        `If ${shown} calls a volatile function, as every function is that is not declared otherwise, ${rewrite}.`;
      return { severity: "warning", message };
    }),
};
