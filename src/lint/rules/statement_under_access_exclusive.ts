import { findRelation, isSame, resolveRelation } from "../../catalog/resolve.ts";
import type { WholePass } from "../../impact/impact.ts";
import { needsNoTransaction } from "../../sql/outside_transaction.ts";
import { alterTableActions } from "../alter_table_actions.ts";
import { behindTheRest, heldBefore, shownHeld } from "../held_before.ts";
import { isInUse } from "../in_use.ts";
import type { LintedFile, LintedStatement, Rule } from "../rule.ts";
import { fewOf, shownName } from "../shown_name.ts";
import { isStillEmpty } from "../still_empty.ts";
import { addFkValid } from "./add_fk_valid.ts";
import { createIndexNonconcurrent } from "./create_index_nonconcurrent.ts";
import { changesManyRows } from "./dml_with_ddl.ts";
import { reindexNonconcurrent } from "./reindex_nonconcurrent.ts";

export const statementUnderAccessExclusive: Rule = {
  id: "statement-under-access-exclusive",
  severity: "error",
  fires: "a statement that reads or builds much, behind one that locks a table for itself",
  why:
    "A lock is kept until the transaction ends. What is an ALTER TABLE of a millisecond by itself keeps readers and " +
    "writers of its table waiting for as long as everything takes that stands behind it in the file: building an index, " +
    "validating a constraint, copying rows. Statements that are quick are no finding, nor is what " +
    "follows the DROP of a view or table alone. Nor are those that have one already: UPDATE, DELETE and MERGE are for " +
    "dml-with-ddl, and what scans or rewrites a table that it locks for itself has a rule of its own.",
  instead: "Put the long statement into a migration of its own, before the lock or behind it.",
  source: "https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES",
  examples: [{
    before: [
      `CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE posts (id bigint PRIMARY KEY, user_id bigint);
ALTER TABLE posts ADD CONSTRAINT posts_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID;`,
    ],
    bad: `ALTER TABLE users ADD COLUMN name text;
ALTER TABLE posts VALIDATE CONSTRAINT posts_user_id_fkey;`,
    good: [
      "ALTER TABLE users ADD COLUMN name text;",
      "ALTER TABLE posts VALIDATE CONSTRAINT posts_user_id_fkey;",
    ],
  }],
  check: (linted, file) => {
    const { statement } = linted;
    const held = heldBefore(file);
    // What no transaction takes, concurrently-in-transaction puts where it runs.
    if (held.length === 0 || changesManyRows(linted, file) || needsNoTransaction(statement) !== null) return [];
    const work = longWork(linted, file);
    if (work.length === 0) return [];
    // These have a form for which nobody waits at all.
    const better =
      [addFkValid, createIndexNonconcurrent, reindexNonconcurrent].flatMap((rule) => rule.check(linted, file))[0];
    const isLast = file.statements.at(-1) === statement;
    const canMove = isLast && better === undefined && !file.directives.noTransaction;
    const migration = { title: titleOf(linted), sql: `${statement.text};`, noTransaction: false };
    return [{
      // How much a query reads is not known; a scan by DDL is of a table that has been there for a while.
      severity: isQuery(linted) ? "warning" : "error",
      message: `Readers and writers of ${shownHeld(held, file)} wait until this has gone through all of ` +
        `${fewOf([...new Set(work.map(({ relation }) => shownName(relation)))])}.`,
      safeForm: better?.safeForm ?? behindTheRest(migration),
      fix: canMove ? { statement: null, noTransaction: false, next: [migration] } : null,
    }];
  },
};

/** Tables that are read or written whole, but for those that the statement locks for itself, and new ones. */
function longWork(linted: LintedStatement, file: LintedFile): readonly WholePass[] {
  const { impact, catalog } = linted;
  if (looksUpNoRows(linted, file)) return [];
  return [...impact.scans, ...impact.rewrites].filter(({ relation, certain }) => {
    const known = findRelation(catalog, relation);
    if (!certain || (known !== null && !isInUse(known, file))) return false;
    return !impact.locks.some((lock) => lock.mode === "AccessExclusiveLock" && isSame(lock.relation, relation));
  });
}

/** A foreign key of a table without rows: the server asks for the first of them, and does not look into the other table. */
function looksUpNoRows({ statement: { kind, node }, catalog }: LintedStatement, file: LintedFile): boolean {
  if (kind !== "AlterTableStmt" || node.relation === undefined) return false;
  const isConstraint = (node.cmds ?? []).every((cmd) =>
    "AlterTableCmd" in cmd && ["AT_AddConstraint", "AT_ValidateConstraint"].includes(cmd.AlterTableCmd.subtype ?? "")
  );
  const table = resolveRelation(catalog, node.relation);
  return isConstraint && table !== null && isStillEmpty(table, file);
}

const QUERIES: ReadonlySet<string> = new Set(["SelectStmt", "InsertStmt", "CreateTableAsStmt", "CopyStmt"]);

function isQuery({ statement }: LintedStatement): boolean {
  return QUERIES.has(statement.kind);
}

function titleOf({ statement }: LintedStatement): string {
  const { kind, node } = statement;
  const validated = alterTableActions(statement).find(({ command }) => command.subtype === "AT_ValidateConstraint");
  if (validated !== undefined) return `validate ${validated.command.name ?? ""}`;
  if (kind === "InsertStmt") return `insert into ${node.relation?.relname ?? ""}`;
  const words = statement.text.replaceAll(/\s+/g, " ").slice(0, 60).split(" ").slice(0, 4);
  return words.join(" ").toLowerCase().replaceAll(/[^a-z0-9_ ]/g, "").trim();
}
