/** What says that a column is not NULL. */

import type { Node } from "libpg-query";
import type { Relation } from "../catalog/catalog.ts";

/** Whether it is known that no row of a table has a NULL there. */
export function isNeverNull({ columns, constraints }: Relation, column: string): boolean {
  // Since 18 a NOT NULL may be there for new rows alone.
  const isPending = constraints.some(({ kind, validated, columns: [first] }) =>
    kind === "not-null" && !validated && first === column
  );
  if (!isPending && columns.find(({ name }) => name === column)?.notNull === true) return true;
  return constraints.some(({ kind, validated, expression }) =>
    kind === "check" && validated && expression !== null && provesNotNull(expression, column)
  );
}

/**
 * Whether an expression that is true, or NULL, as CHECK lets pass, says that a column is not NULL: `c IS NOT NULL`,
 * alone or as a part of an AND. The server proves a little more; whoever writes such a CHECK writes this one.
 */
export function provesNotNull(expression: Node, column: string): boolean {
  if ("BoolExpr" in expression) {
    const { boolop, args = [] } = expression.BoolExpr;
    return boolop === "AND_EXPR" && args.some((part) => provesNotNull(part, column));
  }
  if (!("NullTest" in expression)) return false;
  const { arg, nulltesttype } = expression.NullTest;
  return nulltesttype === "IS_NOT_NULL" && arg !== undefined && columnOf(arg) === column;
}

/** The column that an expression is: `c` or `t.c`; null for any other expression. */
export function columnOf(expression: Node): string | null {
  if (!("ColumnRef" in expression)) return null;
  const last = expression.ColumnRef.fields?.at(-1);
  return last !== undefined && "String" in last ? last.String.sval ?? "" : null;
}
