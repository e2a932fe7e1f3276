/** The conditions that hold for exactly the rows of a partition, and whether a CHECK says them, or that none of them does. */

import type { Node, PartitionBoundSpec } from "libpg-query";
import type { PartitionKey, Relation } from "../catalog/catalog.ts";
import { sameTree } from "../sql/same_tree.ts";
import { columnOf } from "./proves_not_null.ts";

/** Whether the table's CHECKs, and its columns that are NOT NULL, say each condition, in the words of the server's manual. */
export function saysConditions(
  { columns }: Relation,
  { checks, conditions }: { readonly checks: readonly Node[]; readonly conditions: readonly Node[] },
): boolean {
  const said = checks.flatMap(conjuncts).map(withoutCasts);
  return conditions.every((condition) => {
    const column = "NullTest" in condition && condition.NullTest.nulltesttype === "IS_NOT_NULL"
      ? columnOf(condition.NullTest.arg!)
      : null;
    const isNotNull = column !== null && columns.some(({ name, notNull }) => name === column && notNull === true);
    return isNotNull || said.some((one) => sameTree(one, condition));
  });
}

/** Whether a CHECK says `NOT (…)` of some of the conditions or of all. */
export function deniesConditions(checks: readonly Node[], conditions: readonly Node[]): boolean {
  return checks.flatMap(conjuncts).some((one) => {
    if (!("BoolExpr" in one) || one.BoolExpr.boolop !== "NOT_EXPR") return false;
    const denied = (one.BoolExpr.args ?? []).flatMap(conjuncts).map(withoutCasts);
    return denied.every((part) => conditions.some((condition) => sameTree(part, condition)));
  });
}

/** null where they are not known: for a key with an expression, for hashes, and for DEFAULT. */
export function boundConditions(bound: PartitionBoundSpec, key: PartitionKey): readonly Node[] | null {
  const columns = key.columns.flatMap((column) => column === null ? [] : [column]);
  const [first] = columns;
  if (bound.is_default || first === undefined || columns.length !== key.columns.length) return null;
  if (bound.strategy === "l") return listConditions(first, bound.listdatums ?? []);
  if (bound.strategy !== "r") return null;
  const limits = [
    beyond(columns, bound.lowerdatums ?? [], ">"),
    beyond(columns, bound.upperdatums ?? [], "<"),
  ];
  if (limits.includes("no row")) return null;
  return [...columns.map(isNotNull), ...limits.filter((limit) => typeof limit === "object")];
}

function listConditions(column: string, datums: readonly Node[]): readonly Node[] {
  const items = datums.filter((datum) => !isNull(datum)).map(withoutCasts);
  const isIn: Node = {
    A_Expr: { kind: "AEXPR_IN", name: EQUALS, lexpr: reference(column), rexpr: { List: { items } } },
  };
  if (items.length === datums.length) return [isNotNull(column), isIn];
  const nothing: Node = { NullTest: { arg: reference(column), nulltesttype: "IS_NULL" } };
  return items.length === 0 ? [nothing] : [{ BoolExpr: { boolop: "OR_EXPR", args: [nothing, isIn] } }];
}

/** `a > 1 OR a = 1 AND b >= 2`, as for the server: the lower bound is in the partition, the upper is not. */
function beyond(columns: readonly string[], datums: readonly Node[], sign: "<" | ">"): Node | "every row" | "no row" {
  const [column = "", ...others] = columns;
  const [datum, ...rest] = datums;
  if (datum === undefined) return "no row";
  // MINVALUE and MAXVALUE stand there as names.
  const limit = columnOf(datum);
  if (limit !== null) return (limit === "minvalue") === (sign === ">") ? "every row" : "no row";
  if (others.length === 0) return compared(column, sign === ">" ? ">=" : "<", datum);
  const next = beyond(others, rest, sign);
  if (next === "every row") return compared(column, `${sign}=`, datum);
  if (next === "no row") return compared(column, sign, datum);
  const both: Node = { BoolExpr: { boolop: "AND_EXPR", args: [compared(column, "=", datum), next] } };
  return { BoolExpr: { boolop: "OR_EXPR", args: [compared(column, sign, datum), both] } };
}

const EQUALS: Node[] = [{ String: { sval: "=" } }];

function compared(column: string, operator: string, datum: Node): Node {
  const name = [{ String: { sval: operator } }];
  return { A_Expr: { kind: "AEXPR_OP", name, lexpr: reference(column), rexpr: withoutCasts(datum) } };
}

function isNotNull(column: string): Node {
  return { NullTest: { arg: reference(column), nulltesttype: "IS_NOT_NULL" } };
}

function reference(column: string): Node {
  return { ColumnRef: { fields: [{ String: { sval: column } }] } };
}

function isNull(datum: Node): boolean {
  return "A_Const" in datum && datum.A_Const.isnull === true;
}

function conjuncts(expression: Node): readonly Node[] {
  if (!("BoolExpr" in expression) || expression.BoolExpr.boolop !== "AND_EXPR") return [expression];
  return (expression.BoolExpr.args ?? []).flatMap(conjuncts);
}

/** The casts that pg_get_constraintdef adds, `'eu'::text`, are in no file. */
function withoutCasts<Tree>(tree: Tree): Tree {
  if (typeof tree !== "object" || tree === null) return tree;
  if (Array.isArray(tree)) return tree.map(withoutCasts) as Tree;
  if ("TypeCast" in tree) return withoutCasts((tree.TypeCast as { readonly arg: Tree }).arg);
  return Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, withoutCasts(value)])) as Tree;
}
