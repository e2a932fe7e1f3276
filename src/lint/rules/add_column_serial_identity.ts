import { addedColumnProblems } from "../added_columns.ts";
import { callsNextval } from "../calls_nextval.ts";
import { type ColumnParts, constraintOf } from "../column_parts.ts";
import type { Rule } from "../rule.ts";
import { serialType } from "../serial_type.ts";
import { defaultOf } from "../staged_column.ts";

export const addColumnSerialIdentity: Rule = {
  id: "add-column-serial-identity",
  severity: "error",
  fires: "ADD COLUMN with serial, an identity or nextval()",
  why:
    "Every row that is there gets a number of its own, so that PostgreSQL writes the whole table and all of its indexes " +
    "anew, under an ACCESS EXCLUSIVE lock: nobody reads or writes the table for as long as that takes.",
  instead:
    "Add a column of the integer type without a default, set nextval() of a sequence as its default, fill the rows that " +
    "are there in batches, and only then make it NOT NULL, a key or an identity.",
  source: "https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES",
  examples: [{
    before: ["CREATE TABLE posts (slug text PRIMARY KEY);"],
    bad: "ALTER TABLE posts ADD COLUMN number bigserial;",
    good: [
      `CREATE SEQUENCE posts_number_seq;
ALTER TABLE posts ADD COLUMN number bigint, ALTER COLUMN number SET DEFAULT nextval('posts_number_seq');
ALTER SEQUENCE posts_number_seq OWNED BY posts.number;`,
      `-- pgmigrate: no-transaction
DO $$
DECLARE
  batch_start text := (SELECT min(slug) FROM posts);
  batch_end text;
BEGIN
  WHILE batch_start IS NOT NULL LOOP
    SELECT max(slug) INTO batch_end
    FROM (SELECT slug FROM posts WHERE slug >= batch_start ORDER BY slug LIMIT 10000) AS batch;
    UPDATE posts SET number = nextval('posts_number_seq')
    WHERE slug BETWEEN batch_start AND batch_end AND number IS NULL;
    COMMIT;
    batch_start := (SELECT min(slug) FROM posts WHERE slug > batch_end);
  END LOOP;
END
$$;`,
      "ALTER TABLE posts ADD CONSTRAINT posts_number_not_null_check CHECK (number IS NOT NULL) NOT VALID;",
      `ALTER TABLE posts VALIDATE CONSTRAINT posts_number_not_null_check;
ALTER TABLE posts ALTER COLUMN number SET NOT NULL;
ALTER TABLE posts DROP CONSTRAINT posts_number_not_null_check;`,
    ],
  }],
  check: (linted, file) =>
    addedColumnProblems(linted, file, ({ parts, sql: { table } }) => {
      const source = sourceOf(parts);
      if (source === null) return null;
      const message =
        `${source} gives every row of ${table} a number of its own: the whole of ${table} is written anew ` +
        "under an ACCESS EXCLUSIVE lock, and nobody reads or writes it until that is done.";
      return { message };
    }),
};

/** What the numbers come from, in words of SQL; null where none come. */
function sourceOf(parts: ColumnParts): string | null {
  if (serialType(parts.definition) !== null) return parts.type;
  if (constraintOf(parts, "CONSTR_IDENTITY") !== null) return "An identity column";
  return callsNextval(defaultOf(parts)?.constraint.raw_expr) ? "nextval()" : null;
}
