import { hasConcurrentForm } from "../concurrent_form.ts";
import { isSame, resolveRelation } from "../../catalog/resolve.ts";
import { relationName } from "../../sql/identifiers.ts";
import type { Statement } from "../../sql/parser.ts";
import { batchedForm } from "../batched_form.ts";
import { behindTheRest, heldBefore, lineOf, shownHeld } from "../held_before.ts";
import { heldExclusively, isInUse, locksInUse } from "../in_use.ts";
import { namesSingleRows, type RowChange, rowChanges } from "../row_changes.ts";
import type { LintedFile, LintedStatement, Problem, Rule } from "../rule.ts";
import { overTransaction } from "../same_transaction.ts";
import { shownName } from "../shown_name.ts";

export const dmlWithDdl: Rule = {
  id: "dml-with-ddl",
  severity: "warning",
  fires: "UPDATE, DELETE or MERGE in one transaction with a statement that locks a table for itself",
  why:
    "ALTER TABLE and the like keep their ACCESS EXCLUSIVE lock until the transaction ends. Behind one, every reader and " +
    "writer of its table waits until the last row is changed. Before one, the changed rows stay locked while it waits for " +
    "the table, and programs that wait for these rows hold the table: a deadlock, of which the server ends one side. " +
    "Changes of single rows, by a unique key, are no finding.",
  instead:
    "Put the change of rows into a migration of its own, so that the lock is short. A change of all rows goes in " +
    "batches. Add a column, backfill it in the next migration, and make it NOT NULL in the one after that.",
  source: "https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-DEADLOCKS",
  examples: [
    {
      before: ["CREATE TABLE posts (id bigint PRIMARY KEY, published_at timestamptz);"],
      bad: `ALTER TABLE posts ADD COLUMN created_at timestamptz NULL;
UPDATE posts SET created_at = published_at WHERE published_at IS NOT NULL;`,
      good: [
        "ALTER TABLE posts ADD COLUMN created_at timestamptz NULL;",
        "UPDATE posts SET created_at = published_at WHERE published_at IS NOT NULL;",
      ],
    },
    {
      before: ["CREATE TABLE posts (id bigint PRIMARY KEY, title text);"],
      bad: `DELETE FROM posts WHERE title IS NULL;
ALTER TABLE posts ADD CONSTRAINT posts_title_present CHECK (title IS NOT NULL) NOT VALID;`,
      good: [
        "DELETE FROM posts WHERE title IS NULL;",
        "ALTER TABLE posts ADD CONSTRAINT posts_title_present CHECK (title IS NOT NULL) NOT VALID;",
      ],
    },
  ],
  check: (linted, file) => {
    const behind = changeUnderLock(linted, file) ?? lockBehindChange(linted, file);
    return behind === null ? [] : [behind];
  },
};

/** Whether a statement is what this rule speaks of, so that no other has to. */
export function changesManyRows({ statement, catalog }: LintedStatement, file: LintedFile): boolean {
  return manyRows(statement, { catalog, file }) !== null;
}

function changeUnderLock({ statement, catalog }: LintedStatement, file: LintedFile): Problem | null {
  const held = heldBefore(file);
  if (held.length === 0) return null;
  const change = manyRows(statement, { catalog, file });
  if (change === null) return null;
  const table = resolveRelation(catalog, change.relation)!;
  const title = `${change.kind.toLowerCase()} ${table.name}`;
  return {
    message: `Readers and writers of ${shownHeld(held, file)} wait until this ${change.kind} of ` +
      `${relationName(change.relation)} has gone through its rows.`,
    safeForm: batchedForm(statement, { change, table, catalog, file }) ??
      behindTheRest({ title, sql: `${statement.text};`, noTransaction: false }),
    fix: null,
  };
}

/** A lock on a table of which this transaction has changed rows, and which it has not locked for itself before. */
function lockBehindChange(linted: LintedStatement, file: LintedFile): Problem | null {
  const { statement, catalog } = linted;
  // Its own rule takes it out of the transaction.
  if (hasConcurrentForm(statement)) return null;
  const before = heldBefore(file);
  const taken = heldExclusively(locksInUse(linted, file))
    .filter(({ relation }) => !before.some(({ lock }) => isSame(lock.relation, relation)));
  for (const earlier of taken.length === 0 ? [] : changesBefore(file)) {
    const change = manyRows(earlier, { catalog, file });
    const table = change === null ? null : resolveRelation(catalog, change.relation);
    if (change === null || table === null || !taken.some(({ relation }) => isSame(relation, table))) continue;
    const name = shownName(table);
    return {
      message: `The ${change.kind} in line ${lineOf(earlier, file)} keeps its rows of ${name} locked while ` +
        `this waits for all of ${name}: a program that waits for one of these rows, and has ${name} open, is in a deadlock ` +
        "with it.",
      safeForm: behindTheRest({ title: `the lock on ${name}`, sql: `${statement.text};`, noTransaction: false }),
      fix: null,
    };
  }
  return null;
}

const changesBefore = overTransaction<Statement[]>(
  () => [],
  (changes, { statement }) => void (rowChanges(statement).length > 0 && changes.push(statement)),
);

function manyRows(
  statement: Statement,
  { catalog, file }: Pick<LintedStatement, "catalog"> & { readonly file: LintedFile },
): RowChange | null {
  return rowChanges(statement).find((change) => {
    const table = resolveRelation(catalog, change.relation);
    return isInUse(table, file) && !namesSingleRows(change, table, catalog);
  }) ?? null;
}
