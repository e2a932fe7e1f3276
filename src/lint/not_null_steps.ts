/** NOT NULL for a column of a table that is in use. */

import { identifier } from "../sql/identifiers.ts";
import type { NextMigration } from "./rule.ts";
import type { TableSql } from "./table_sql.ts";

export interface NotNullSteps {
  /** The action that comes first: rows that are written from then on have a value. */
  readonly action: string;
  /** What proves it for the rows that are there, a migration later. */
  readonly next: NextMigration;
}

/** The first version in which NOT NULL is a constraint that can be NOT VALID. */
const NOT_NULL_NOT_VALID = 18;

/** A CHECK that is validated while others read and write saves SET NOT NULL its scan. */
export function notNullSteps(
  sql: TableSql,
  { column, postgresVersion }: { readonly column: string; readonly postgresVersion: number },
): NotNullSteps {
  // PostgreSQL 18 gives the name …_not_null to the constraint that SET NOT NULL makes.
  const constraint = sql.freeName(column, postgresVersion < NOT_NULL_NOT_VALID ? "not_null_check" : "not_null");
  const [name, own] = [identifier(constraint), identifier(column)];
  if (postgresVersion < NOT_NULL_NOT_VALID) {
    const action = `ADD CONSTRAINT ${name} CHECK (${own} IS NOT NULL)${sql.noInherit} NOT VALID`;
    return { action, next: provedNotNull(sql, { column, constraint }) };
  }
  const validate = `${sql.alter} VALIDATE CONSTRAINT ${name};`;
  return {
    action: `ADD CONSTRAINT ${name} NOT NULL ${own}${sql.noInherit} NOT VALID`,
    next: { title: `prove that ${column} has no NULL`, sql: validate, noTransaction: false },
  };
}

/**
 * From a CHECK that is not validated to NOT NULL. Three statements: in one ALTER TABLE, the CHECK would be dropped before
 * SET NOT NULL looks for it.
 *
 * @param constraint the name of the CHECK
 */
export function provedNotNull(
  { alter }: TableSql,
  { column, constraint }: { readonly column: string; readonly constraint: string },
): NextMigration {
  const [name, own] = [identifier(constraint), identifier(column)];
  const actions = [`VALIDATE CONSTRAINT ${name}`, `ALTER COLUMN ${own} SET NOT NULL`, `DROP CONSTRAINT ${name}`];
  const sql = actions.map((action) => `${alter} ${action};`).join("\n");
  return { title: `make ${column} NOT NULL`, sql, noTransaction: false };
}
