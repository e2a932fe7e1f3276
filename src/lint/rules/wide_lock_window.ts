import { isSame } from "../../catalog/resolve.ts";
import { hasConcurrentForm } from "../concurrent_form.ts";
import { behindTheRest, lineOf } from "../held_before.ts";
import { heldExclusively, isTable, locksInUse } from "../in_use.ts";
import type { Statement } from "../../sql/parser.ts";
import type { LockInUse, Rule } from "../rule.ts";
import { overTransaction } from "../same_transaction.ts";
import { fewOf, listOf, shownName } from "../shown_name.ts";

export const wideLockWindow: Rule = {
  id: "wide-lock-window",
  severity: "warning",
  fires: "statements that lock two or more tables for themselves in one transaction",
  why:
    "The first table stays locked while the second is waited for, so that its readers wait for queries on the other. A " +
    "program that uses both in another order waits for the migration while that waits for it: a deadlock, of which the " +
    "server ends one side. What a single statement locks counts as one, and so do the partitions of a table. DROP INDEX, DETACH PARTITION and " +
    "others that can be made CONCURRENTLY have rules of their own, and are no finding here.",
  instead: "Give each table a migration of its own. Where both must change together, take the locks in one statement " +
    "before, with a short lock_timeout: LOCK TABLE a, b.",
  source: "https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-DEADLOCKS",
  examples: [{
    before: ["CREATE TABLE users (id bigint PRIMARY KEY);\nCREATE TABLE posts (id bigint PRIMARY KEY);"],
    bad: "ALTER TABLE users ADD COLUMN name text;\nALTER TABLE posts ADD COLUMN title text;",
    good: ["ALTER TABLE users ADD COLUMN name text;", "ALTER TABLE posts ADD COLUMN title text;"],
  }],
  check: (linted, file) => {
    const { statement } = linted;
    if (hasConcurrentForm(statement)) return [];
    const { held, isSaid } = heldTables(file);
    // It has been said of the statement that took the second table.
    if (isSaid) return [];
    const taken = treesOf(newTables(locksInUse(linted, file), held));
    const several = statement.kind === "DropStmt" && (statement.node.objects ?? []).length > 1 && taken.length > 1;
    if (taken.length === 0 || (held.length === 0 && !several)) return [];
    const names = listOf(taken);
    const before = fewOf([
      ...new Set(held.map(({ tree, statement }) => `${shownName(tree)} (line ${lineOf(statement, file)})`)),
    ]);
    const title = `the lock on ${names}`;
    return [{
      message: held.length === 0
        ? `This locks ${names} one after the other, and a program that uses them in another order is in a deadlock with it.`
        : `This waits for ${names} while the transaction keeps ${before} locked: readers of both wait, and a program that ` +
          "uses them in the other order is in a deadlock with it.",
      safeForm: held.length === 0 ? null : behindTheRest({ title, sql: `${statement.text};`, noTransaction: false }),
      fix: null,
    }];
  },
};

type Table = Pick<LockInUse, "relation" | "tree">;

interface HeldTable extends Table {
  readonly statement: Statement;
}

/** Tables that earlier statements have locked for themselves, and whether one of these took its lock behind another. */
const heldTables = overTransaction<{ held: HeldTable[]; isSaid: boolean }>(
  () => ({ held: [], isSaid: false }),
  (state, { statement, locks }) => {
    if (state.isSaid || hasConcurrentForm(statement)) return;
    const added = newTables(locks, state.held);
    state.isSaid = state.held.length > 0 && treesOf(added).length > 0;
    state.held.push(...added.map((lock) => ({ ...lock, statement })));
  },
);

/** The tables that a statement locks for itself and that were not before. */
function newTables(locks: readonly LockInUse[], held: readonly HeldTable[]): readonly Table[] {
  return heldExclusively(locks).filter(isTable).filter(({ relation, tree }) =>
    // What was a table of its own when it was locked may be a partition by now.
    !held.some((one) => isSame(one.tree, tree) || isSame(one.relation, relation))
  );
}

/** One name for each tree: its top, or the first partition where that is not locked. */
function treesOf(tables: readonly Table[]): readonly string[] {
  const names = new Map<string, string>();
  for (const { relation, tree } of tables) {
    const top = shownName(tree);
    if (!names.has(top) || isSame(relation, tree)) names.set(top, shownName(relation));
  }
  return [...names.values()];
}
