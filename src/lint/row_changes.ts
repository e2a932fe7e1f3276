/** Which rows of which tables a statement changes, in WITH too. */

import type { DeleteStmt, MergeStmt, Node, RangeVar, UpdateStmt } from "libpg-query";
import type { Catalog, Relation } from "../catalog/catalog.ts";
import { indexesOf } from "../catalog/resolve.ts";
import { columnsIn, eachNode } from "../catalog/tree.ts";
import type { Statement } from "../sql/parser.ts";

/** An UPDATE, DELETE or MERGE. */
export interface RowChange {
  readonly kind: "UPDATE" | "DELETE" | "MERGE";
  readonly relation: RangeVar;
  /** null where there is none: every row. A MERGE has the condition of its join. */
  readonly where: Node | null;
  /** Whether it is the statement itself and not in a WITH. */
  readonly isStatement: boolean;
}

/** What runs the query that it holds; a view, a rule, a function or PREPARE keeps it for later. */
const RUN: ReadonlySet<string> = new Set([
  "SelectStmt",
  "InsertStmt",
  "UpdateStmt",
  "DeleteStmt",
  "MergeStmt",
  "CreateTableAsStmt",
]);

export function rowChanges({ kind, node }: Statement): readonly RowChange[] {
  if (!RUN.has(kind)) return [];
  const changes: RowChange[] = [];
  const add = (kind: string, fields: object, isStatement: boolean) => {
    const name = KINDS[kind];
    const { relation, whereClause, joinCondition } = fields as UpdateStmt & DeleteStmt & MergeStmt;
    if (name === undefined || relation === undefined) return;
    const where = whereClause ?? joinCondition ?? null;
    changes.push({ kind: name, relation, where: where === null || isAlwaysTrue(where) ? null : where, isStatement });
  };
  add(kind, node, true);
  eachNode(node, (kind, fields) => add(kind, fields, false));
  return changes;
}

const KINDS: Readonly<Record<string, RowChange["kind"]>> = {
  UpdateStmt: "UPDATE",
  DeleteStmt: "DELETE",
  MergeStmt: "MERGE",
};

/** `WHERE true`, as some write it to say that they mean it. */
function isAlwaysTrue(where: Node): boolean {
  if ("A_Const" in where) return where.A_Const.boolval?.boolval === true;
  if (!("A_Expr" in where) || where.A_Expr.kind !== "AEXPR_OP") return false;
  const { lexpr, rexpr } = where.A_Expr;
  const [left, right] = [integer(lexpr), integer(rexpr)];
  return isEquals(where.A_Expr.name) && left !== null && left === right;
}

function integer(node: Node | undefined): number | null {
  const value = node !== undefined && "A_Const" in node ? node.A_Const.ival : undefined;
  return value === undefined ? null : value.ival ?? 0;
}

function isEquals(name: readonly Node[] | undefined): boolean {
  const last = name?.at(-1);
  return last !== undefined && "String" in last && last.String.sval === "=";
}

/** Whether a condition names single rows: by a unique key, or, where nothing is known of the table, by its `id`. */
export function namesSingleRows({ where }: RowChange, table: Relation, catalog: Catalog): boolean {
  if (where === null) return false;
  if ("CurrentOfExpr" in where) return true;
  const given = new Set(conjuncts(where).flatMap(givenColumn));
  if (!table.known) return given.has("id");
  const keys = [
    ...table.constraints.filter(({ kind }) => kind === "primary-key" || kind === "unique").map(({ columns }) =>
      columns
    ),
    ...indexesOf(catalog, table).flatMap(({ index }) => index?.unique && !index.partial ? [index.columns] : []),
  ];
  return keys.some((columns) => columns.length > 0 && columns.every((column) => column !== null && given.has(column)));
}

function conjuncts(where: Node): readonly Node[] {
  if (!("BoolExpr" in where) || where.BoolExpr.boolop !== "AND_EXPR") return [where];
  return (where.BoolExpr.args ?? []).flatMap(conjuncts);
}

/** The column of `id = 5`, `5 = id` and `id IN (5, 6)`. */
function givenColumn(condition: Node): readonly string[] {
  if (!("A_Expr" in condition)) return [];
  const { kind, name, lexpr, rexpr } = condition.A_Expr;
  if ((kind !== "AEXPR_OP" && kind !== "AEXPR_IN") || !isEquals(name)) return [];
  const sides = [[lexpr, rexpr], ...(kind === "AEXPR_OP" ? [[rexpr, lexpr]] : [])];
  return sides.flatMap(([side, value]) => {
    if (side === undefined || !("ColumnRef" in side) || hasColumns(value)) return [];
    return columnsIn(side);
  });
}

/** Columns of a subquery are its own. */
function hasColumns(value: Node | undefined): boolean {
  if (value === undefined) return false;
  return !("SubLink" in value) && columnsIn(value).length > 0;
}
