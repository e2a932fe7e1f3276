import { resolveRelation } from "../../catalog/resolve.ts";
import { relationName } from "../../sql/identifiers.ts";
import { batchedForm } from "../batched_form.ts";
import { isInUse } from "../in_use.ts";
import { rowChanges } from "../row_changes.ts";
import type { Rule } from "../rule.ts";

export const unbatchedDml: Rule = {
  id: "unbatched-dml",
  severity: "warning",
  fires: "UPDATE or DELETE without a WHERE on a table that is in use",
  why:
    "It locks every row of the table until the transaction ends: who wants to change one of them waits for all of them. " +
    "An UPDATE writes each row anew, so that the table and its indexes grow to twice their size, and replicas get all of it " +
    "at once.",
  instead:
    "Go along the primary key in batches and commit each, in a file with the directive no-transaction. To empty a " +
    "table that nobody uses any more, TRUNCATE it.",
  source: "https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-ROWS",
  examples: [{
    before: ["CREATE TABLE posts (id bigint PRIMARY KEY, title text);"],
    bad: "UPDATE posts SET title = trim(title);",
    good: [
      `-- pgmigrate: no-transaction
DO $$
DECLARE
  batch_start posts.id%TYPE := (SELECT id FROM posts ORDER BY id LIMIT 1);
  batch_end posts.id%TYPE;
BEGIN
  WHILE batch_start IS NOT NULL LOOP
    SELECT id INTO batch_end FROM (
      SELECT id FROM posts WHERE id >= batch_start ORDER BY id LIMIT 10000
    ) AS batch ORDER BY id DESC LIMIT 1;
    UPDATE posts SET title = trim(title) WHERE id BETWEEN batch_start AND batch_end;
    COMMIT;
    batch_start := (SELECT id FROM posts WHERE id > batch_end ORDER BY id LIMIT 1);
  END LOOP;
END
$$;`,
    ],
  }],
  check: ({ statement, catalog }, file) =>
    rowChanges(statement).flatMap((change) => {
      const table = resolveRelation(catalog, change.relation);
      if (change.kind === "MERGE" || change.where !== null || !isInUse(table, file)) return [];
      const name = relationName(change.relation);
      return [{
        message:
          `This ${change.kind} locks every row of ${name} until the transaction ends: who wants to change one waits.`,
        safeForm: batchedForm(statement, { change, table, catalog, file }),
        fix: null,
      }];
    }),
};
