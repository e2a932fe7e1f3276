import { findColumn } from "../../catalog/resolve.ts";
import { identifier, relationName } from "../../sql/identifiers.ts";
import { alterTableActions, isAlterTable } from "../alter_table_actions.ts";
import { isAddedHere } from "../column_history.ts";
import type { Rule } from "../rule.ts";
import { waitedTable } from "../waited_table.ts";

export const dropNotNull: Rule = {
  id: "drop-not-null",
  severity: "warning",
  fires: "DROP NOT NULL",
  why:
    "The statement is instant, but programs that are running rely on the column to have a value in every row, and fail on " +
    "the first row that has none.",
  instead:
    "First release programs that can read NULL there. Drop NOT NULL when all of them can, and say so in the file: " +
    "ignore=drop-not-null and the reason.",
  source: "https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-SET-DROP-NOT-NULL",
  examples: [{
    before: ["CREATE TABLE posts (id bigint PRIMARY KEY, title text NOT NULL);"],
    bad: "ALTER TABLE posts ALTER COLUMN title DROP NOT NULL;",
    good: [
      "ALTER TABLE posts ALTER COLUMN title DROP NOT NULL; -- pgmigrate: ignore=drop-not-null drafts without one, since 3.2",
    ],
  }],
  check: (linted, file) => {
    const { statement } = linted;
    if (!isAlterTable(statement)) return [];
    const relation = waitedTable(statement.node.relation, linted, file);
    if (relation === null) return [];
    return alterTableActions(statement).flatMap(({ command, span }) => {
      const { subtype, name: column = "" } = command;
      if (subtype !== "AT_DropNotNull" || isAddedHere({ relation, column }, linted, file)) return [];
      if (findColumn(relation, column)?.notNull === false) return [];
      const name = `${relationName(statement.node.relation!)}.${identifier(column)}`;
      const message = `Programs that do not expect NULL in ${name} fail on the first row that has it.`;
      const ignore = "-- pgmigrate: ignore=drop-not-null every program can read NULL there";
      const safeForm = `-- When every program can read NULL in ${name}:\n${statement.text}; ${ignore}`;
      return [{ span, message, safeForm, fix: null }];
    });
  },
};
