import { identifier, listedParts } from "../../sql/identifiers.ts";
import { actionProblems, type ActionSteps } from "../action_problems.ts";
import { addedConstraint, type AlterTableAction, alterTableActions, isAlterTable } from "../alter_table_actions.ts";
import { isProvedNotNull, notNullCheck } from "../not_null_proof.ts";
import { notNullSteps, provedNotNull } from "../not_null_steps.ts";
import type { Rule } from "../rule.ts";
import { type TableSql, tableSql } from "../table_sql.ts";
import { waitedTable } from "../waited_table.ts";

export const setNotNull: Rule = {
  id: "set-not-null",
  severity: "error",
  fires: "SET NOT NULL on a column that no validated CHECK proves to be free of NULLs",
  why:
    "PostgreSQL reads every row to see that none has a NULL there, under an ACCESS EXCLUSIVE lock: nobody reads or writes " +
    "the table for as long as that takes.",
  instead:
    "Add CHECK (column IS NOT NULL) NOT VALID, which is instant. In a later migration, validate it, while others read and " +
    "write: SET NOT NULL then finds it, and reads nothing. From PostgreSQL 18 on, add NOT NULL itself as NOT VALID.",
  source: "https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-SET-DROP-NOT-NULL",
  examples: [{
    before: ["CREATE TABLE posts (id bigint PRIMARY KEY, title text);"],
    bad: "ALTER TABLE posts ALTER COLUMN title SET NOT NULL;",
    good: [
      "ALTER TABLE posts ADD CONSTRAINT posts_title_not_null_check CHECK (title IS NOT NULL) NOT VALID;",
      `ALTER TABLE posts VALIDATE CONSTRAINT posts_title_not_null_check;
ALTER TABLE posts ALTER COLUMN title SET NOT NULL;
ALTER TABLE posts DROP CONSTRAINT posts_title_not_null_check;`,
    ],
  }, {
    before: ["CREATE TABLE posts (id bigint PRIMARY KEY, title text);"],
    bad: "ALTER TABLE posts ALTER COLUMN title SET NOT NULL;",
    good: [
      "ALTER TABLE posts ADD CONSTRAINT posts_title_not_null NOT NULL title NOT VALID;",
      "ALTER TABLE posts VALIDATE CONSTRAINT posts_title_not_null;",
    ],
    goodFrom: 18,
  }],
  check: (linted, file) => {
    const { statement, catalog } = linted;
    if (!isAlterTable(statement)) return [];
    const relation = waitedTable(statement.node.relation, linted, file);
    if (relation === null) return [];
    const sql = tableSql(statement, relation, { catalog, file });
    const found = alterTableActions(statement).flatMap((action) => {
      const column = requiredColumn(action);
      if (column === null || isProvedNotNull(relation, column)) return [];
      const message =
        `Every row of ${sql.table} is read, to see that none has a NULL in ${identifier(column)}, under an ` +
        "ACCESS EXCLUSIVE lock: nobody reads or writes the table until that is done.";
      return [{ action, message, steps: stepsFor(column, { sql, postgresVersion: file.postgresVersion }) }];
    });
    return actionProblems(statement, found, file);
  },
};

/** The column of SET NOT NULL, and of ADD NOT NULL that is validated at once; null for another action. */
function requiredColumn({ command }: AlterTableAction): string | null {
  if (command.subtype === "AT_SetNotNull") return command.name ?? null;
  const constraint = addedConstraint(command);
  if (constraint?.contype !== "CONSTR_NOTNULL" || constraint.skip_validation) return null;
  return listedParts(constraint.keys)[0] ?? null;
}

function stepsFor(
  column: string,
  { sql, postgresVersion }: { readonly sql: TableSql; readonly postgresVersion: number },
): ActionSteps {
  const check = notNullCheck(sql.relation, column);
  if (check !== null) {
    // An earlier migration has begun already.
    const next = provedNotNull(sql, { column, constraint: check.name });
    return { title: next.title, action: null, next: [next], mechanical: true };
  }
  const { action, next } = notNullSteps(sql, { column, postgresVersion });
  return { title: `let no more NULLs into ${column}`, action, next: [next], mechanical: true };
}
