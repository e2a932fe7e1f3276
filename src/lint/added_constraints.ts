/** The constraints that a statement adds to a table that others use, with a column or by themselves. */

import type { Constraint, ConstrType } from "libpg-query";
import type { Relation } from "../catalog/catalog.ts";
import type { Severity } from "../events.ts";
import { identifier } from "../sql/identifiers.ts";
import { actionProblems, type ActionSteps } from "./action_problems.ts";
import {
  addedConstraint,
  type AlterTable,
  type AlterTableAction,
  alterTableActions,
  isAlterTable,
} from "./alter_table_actions.ts";
import { type ColumnParts, columnParts } from "./column_parts.ts";
import type { LintedFile, LintedStatement, Problem } from "./rule.ts";
import { stageColumn } from "./staged_column.ts";
import { type TableSql, tableSql } from "./table_sql.ts";
import { waitedTable } from "./waited_table.ts";

export interface AddedConstraint {
  readonly statement: AlterTable;
  readonly action: AlterTableAction;
  readonly constraint: Constraint;
  /** The column that it comes with; null for one that is added by itself. */
  readonly column: ColumnParts | null;
  readonly relation: Relation;
  readonly sql: TableSql;
}

/** What is wrong with a constraint. */
export interface ConstraintFault {
  readonly message: string;
  readonly severity?: Severity;
  /** The safe form of a constraint that is added by itself; null where there is none. */
  readonly steps: ActionSteps | null;
}

/** Asks of every constraint of some kinds that an ALTER TABLE adds to a table that others use what is wrong with it. */
export function addedConstraintProblems(
  linted: LintedStatement,
  { file, kinds, faultOf }: {
    readonly file: LintedFile;
    readonly kinds: readonly ConstrType[];
    readonly faultOf: (added: AddedConstraint) => ConstraintFault | null;
  },
): readonly Problem[] {
  const { statement, catalog } = linted;
  if (!isAlterTable(statement)) return [];
  const relation = waitedTable(statement.node.relation, linted, file);
  if (relation === null) return [];
  const sql = tableSql(statement, relation, { catalog, file });
  const found = alterTableActions(statement).flatMap((action) => {
    const column = columnParts(statement, action);
    const own = addedConstraint(action.command);
    const constraints = column?.constraints.map(({ constraint }) => constraint) ?? (own === null ? [] : [own]);
    const faults = constraints.filter(({ contype }) => kinds.includes(contype!)).flatMap((constraint) =>
      faultOf({ statement, action, constraint, column, relation, sql }) ?? []
    );
    const [fault] = faults;
    if (fault === undefined) return [];
    const { message, severity } = fault;
    const steps = column === null ? fault.steps : stageColumn({ statement, action, relation, catalog, file });
    return [{ action, message, steps, ...(severity === undefined ? {} : { severity }) }];
  });
  return actionProblems(statement, found, file);
}

/** Whether rows that are there are held against a CHECK or FOREIGN KEY at once. */
export function isValidatedAtOnce({ constraint, column }: Pick<AddedConstraint, "constraint" | "column">): boolean {
  if (constraint.skip_validation) return false;
  const text = column?.constraints.find((one) => one.constraint === constraint)?.text ?? "";
  return !/\bNOT\s+ENFORCED$/i.test(text);
}

/**
 * NOT VALID now, and VALIDATE in a migration of its own: the steps of a CHECK or FOREIGN KEY.
 *
 * @param chosen the name that the server would give it, where the statement gives none
 */
export function notValidSteps({ action, constraint, sql }: AddedConstraint, chosen: string): ActionSteps {
  const name = constraint.conname ?? chosen;
  const at = (constraint.location ?? 0) - action.span.start;
  const body = action.text.slice(at).replace(/\s+NOT\s+VALID$/i, "");
  const named = constraint.conname === undefined ? `CONSTRAINT ${identifier(name)} ${body}` : body;
  return {
    title: `add ${name}, not validated`,
    action: `${action.text.slice(0, at)}${named} NOT VALID`,
    next: [{
      title: `validate ${name}`,
      sql: `${sql.alter} VALIDATE CONSTRAINT ${identifier(name)};`,
      noTransaction: false,
    }],
    mechanical: true,
  };
}
