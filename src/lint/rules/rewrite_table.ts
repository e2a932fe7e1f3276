import { relationName } from "../../sql/identifiers.ts";
import { actionImpact } from "../action_impact.ts";
import { alterTableActions, isAlterTable } from "../alter_table_actions.ts";
import type { Rule } from "../rule.ts";
import { waitedTable } from "../waited_table.ts";

export const rewriteTable: Rule = {
  id: "rewrite-table",
  severity: "error",
  fires: "SET LOGGED, SET UNLOGGED, SET TABLESPACE, SET ACCESS METHOD, and SET EXPRESSION of a stored column",
  why: "PostgreSQL writes the whole table anew, or copies its file, under an ACCESS EXCLUSIVE lock: nobody reads or " +
    "writes the table for as long as that takes. A table that is to be logged goes into the WAL whole, and to replicas. " +
    "SET TABLESPACE copies the table alone; its indexes stay where they are.",
  instead:
    "Make a table as it is to be, with a trigger that brings along what is written to the old one, fill it in batches, and " +
    "let the two change names. Where nobody needs the rows, an empty one will do. For another tablespace, pg_repack " +
    "--tablespace does this. For another expression, add a column that has it, and let the two change names.",
  source: "https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES",
  examples: [{
    before: ["CREATE TABLE sessions (id bigint PRIMARY KEY, data text);"],
    bad: "ALTER TABLE sessions SET UNLOGGED;",
    good: [
      `CREATE UNLOGGED TABLE sessions_next (LIKE sessions INCLUDING ALL);
ALTER TABLE sessions RENAME TO sessions_last;
ALTER TABLE sessions_next RENAME TO sessions;`,
    ],
  }],
  check: (linted, file) => {
    const { statement } = linted;
    if (!isAlterTable(statement) || waitedTable(statement.node.relation, linted, file) === null) return [];
    const table = relationName(statement.node.relation!);
    return alterTableActions(statement).flatMap((action) => {
      const state = ACTIONS[action.command.subtype ?? ""];
      const [rewrite] = state === undefined ? [] : actionImpact(linted, action, file).rewrites;
      if (rewrite === undefined) return [];
      const blocks =
        `of ${table} is written anew under an ACCESS EXCLUSIVE lock, since ${rewrite.reason}: nobody reads ` +
        `or writes ${table} until that is done.`;
      return rewrite.certain ? [{ span: action.span, message: `The whole ${blocks}`, safeForm: null, fix: null }] : [{
        span: action.span,
        severity: "warning" as const,
        message: `Unless ${state}, the whole ${blocks}`,
        safeForm: null,
        fix: null,
      }];
    });
  },
};

/** Those that rewrite and that no other rule is about, with what saves the rewrite. */
const ACTIONS: Readonly<Record<string, string>> = {
  AT_SetLogged: "it is so already",
  AT_SetUnLogged: "it is so already",
  AT_SetExpression: "the column is virtual",
  AT_SetTableSpace: "it is there already",
  AT_SetAccessMethod: "its rows are stored so already",
};
