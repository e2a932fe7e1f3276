/** The columns that a statement adds to a table that others use. */

import type { Relation } from "../catalog/catalog.ts";
import type { Severity } from "../events.ts";
import { actionProblems, type ActionSteps } from "./action_problems.ts";
import { type AlterTable, type AlterTableAction, alterTableActions, isAlterTable } from "./alter_table_actions.ts";
import { type ColumnParts, columnParts } from "./column_parts.ts";
import type { LintedFile, LintedStatement, Problem } from "./rule.ts";
import { stageColumn } from "./staged_column.ts";
import { type TableSql, tableSql } from "./table_sql.ts";
import { waitedTable } from "./waited_table.ts";

export interface AddedColumn {
  readonly statement: AlterTable;
  readonly action: AlterTableAction;
  readonly parts: ColumnParts;
  readonly relation: Relation;
  readonly sql: TableSql;
}

/** What is wrong with a column. */
export interface ColumnFault {
  readonly message: string;
  readonly severity?: Severity;
  /** The safe form; without it, the column's steps are those of {@link stageColumn}. */
  readonly steps?: ActionSteps | null;
}

/** Asks of every column that an ALTER TABLE adds to a table that others use what is wrong with it. */
export function addedColumnProblems(
  linted: LintedStatement,
  file: LintedFile,
  faultOf: (column: AddedColumn) => ColumnFault | null,
): readonly Problem[] {
  const { statement, catalog } = linted;
  if (!isAlterTable(statement)) return [];
  const relation = waitedTable(statement.node.relation, linted, file);
  if (relation === null) return [];
  const sql = tableSql(statement, relation, { catalog, file });
  const found = alterTableActions(statement).flatMap((action) => {
    const parts = columnParts(statement, action);
    if (parts === null || isThere(relation, { parts, action })) return [];
    const fault = faultOf({ statement, action, parts, relation, sql });
    if (fault === null) return [];
    const {
      message,
      severity,
      steps = stageColumn({ statement, action, relation, catalog, file }),
    } = fault;
    return [{ action, message, steps, ...(severity === undefined ? {} : { severity }) }];
  });
  return actionProblems(statement, found, file);
}

/** With IF NOT EXISTS, nothing happens to a column that is there. */
function isThere(
  { columns }: Relation,
  { parts, action }: { readonly parts: ColumnParts; readonly action: AlterTableAction },
): boolean {
  return action.command.missing_ok === true && columns.some(({ name }) => name === parts.name);
}
