/** ADD COLUMN: whether its rows need to be written, which depends on the default, the type and what else it brings. */

import type { ColumnDef, Constraint, CreateStmt, Node } from "libpg-query";
import { madeType, resolveType, SERIAL_TYPES } from "../catalog/resolve_type.ts";
import { findColumn } from "../catalog/resolve.ts";
import type { DataType } from "../catalog/catalog.ts";
import { expressionVolatility } from "../catalog/volatility.ts";
import { addForeignKey, buildIndex } from "./alter_constraints.ts";
import type { Action } from "./alter_table.ts";
import type { Scope } from "./effects.ts";
import { hasRows } from "./relatives.ts";
import { rewriteTable } from "./rewrite_table.ts";

export function addColumn(scope: Scope, { command, table, reached }: Action): void {
  const column = command.def !== undefined && "ColumnDef" in command.def ? command.def.ColumnDef : null;
  if (column === null) return;
  const exists = command.missing_ok === true && findColumn(table, column.colname ?? "") !== null;
  if (exists) return;
  const reason = rewriteReason(scope, column);
  for (const one of reached) {
    if (reason !== null) rewriteTable(scope, { table: one, ...reason });
    else if (scanReason(column) !== null && hasRows(one)) scope.effects.scan(one, scanReason(column)!);
  }
  for (const constraint of constraintsOf(column)) {
    if (constraint.contype === "CONSTR_FOREIGN") {
      // A new column without a default is NULL in every row, so that there is nothing to look up.
      addForeignKey(scope, { constraint, tables: reached, validates: defaultOf(column) !== null });
    } else if (constraint.contype === "CONSTR_PRIMARY" || constraint.contype === "CONSTR_UNIQUE") {
      buildIndex(scope, { table });
    }
  }
}

export function constraintsOf({ constraints = [] }: ColumnDef): readonly Constraint[] {
  return constraints.flatMap((node) => "Constraint" in node ? [node.Constraint] : []);
}

/** The constraints of a new table, of its columns and its own. */
export function constraintsIn({ tableElts = [], constraints = [] }: CreateStmt): readonly Constraint[] {
  return [...tableElts, ...constraints].flatMap((node) => {
    if ("Constraint" in node) return [node.Constraint];
    return "ColumnDef" in node ? constraintsOf(node.ColumnDef) : [];
  });
}

/** The expression of DEFAULT; null for none and for DEFAULT NULL. */
function defaultOf(column: ColumnDef): Node | null {
  const expression = constraintsOf(column).find(({ contype }) => contype === "CONSTR_DEFAULT")?.raw_expr;
  if (expression === undefined || isNull(expression)) return null;
  return expression;
}

function isNull(expression: Node): boolean {
  if ("TypeCast" in expression) return expression.TypeCast.arg !== undefined && isNull(expression.TypeCast.arg);
  return "A_Const" in expression && expression.A_Const.isnull === true;
}

interface Reason {
  readonly reason: string;
  readonly certain: boolean;
}

/** Why the column has another value in each row that is there; null where it has not. */
function rewriteReason({ catalog, postgresVersion }: Scope, column: ColumnDef): Reason | null {
  const constraints = constraintsOf(column);
  const generated = constraints.find(({ contype }) => contype === "CONSTR_GENERATED");
  if (generated !== undefined) {
    const isVirtual = generated.generated_kind === "v" && postgresVersion >= 18;
    return isVirtual ? null : certainly("the generated column is computed for every row");
  }
  if (constraints.some(({ contype }) => contype === "CONSTR_IDENTITY")) {
    return certainly("every row gets a number from the identity column's sequence");
  }
  const type = column.typeName === undefined ? null : resolveType(catalog, column.typeName);
  if (type !== null && SERIAL_TYPES.has(type.name) && type.schema === "pg_catalog") {
    return certainly("every row gets a number from the column's sequence");
  }
  if (type !== null && madeType(catalog, type)?.constrained === true) {
    return certainly("every row is checked against the constraints of the column's domain");
  }
  return volatileReason({ expression: defaultOf(column), type }, catalog);
}

function volatileReason(
  { expression, type }: { readonly expression: Node | null; readonly type: DataType | null },
  catalog: Scope["catalog"],
): Reason | null {
  if (expression === null || type === null) return null;
  switch (expressionVolatility(expression, catalog)) {
    case "volatile":
      return certainly("its default is volatile, so that every row gets a value of its own");
    case "unknown":
      return { reason: "its default calls a function that may be volatile", certain: false };
    default:
      return null;
  }
}

function certainly(reason: string): Reason {
  return { reason, certain: true };
}

/** Why the rows that are there are read, where they are not rewritten; null where they are not. */
function scanReason(column: ColumnDef): string | null {
  const constraints = constraintsOf(column);
  if (constraints.some(({ contype }) => contype === "CONSTR_CHECK")) return "every row is checked";
  const required = constraints.some(({ contype }) => contype === "CONSTR_NOTNULL" || contype === "CONSTR_PRIMARY");
  return required && defaultOf(column) === null ? "every row is checked for NULL" : null;
}
