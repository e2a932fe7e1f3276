/** Whether a CHECK says of a table what the bounds of a partition ask, so that its rows need not be read. */

import type { Node, PartitionBoundSpec } from "libpg-query";
import type { PartitionKey, Relation } from "../catalog/catalog.ts";
import { sameTree } from "../sql/same_tree.ts";
import { boundConditions, deniesConditions, saysConditions } from "./partition_condition.ts";
import { columnOf, isNeverNull } from "./proves_not_null.ts";

export interface Bounds {
  readonly bound: PartitionBoundSpec;
  readonly key: PartitionKey;
}

/** A comparison of a column with a constant. */
interface Comparison {
  readonly column: string;
  /** `=`, `>=`, `<`; `in` for `= ANY (ARRAY[…])`, `IN (…)`. */
  readonly operator: string;
  readonly values: readonly Node[];
}

/** What the server proves besides, such as a CHECK with narrower bounds, is not known here. */
export function provesBound(table: Relation, { bound, key }: Bounds): boolean {
  const conditions = boundConditions(bound, key);
  if (conditions !== null && saysConditions(table, { checks: validChecks(table), conditions })) return true;
  const [column, ...others] = key.columns;
  if (column == null || others.length > 0 || bound.is_default) return false;
  const checks = validChecks(table);
  const asked = askedBy(bound, column);
  if (asked === null) return false;
  if (!isNeverNull(table, column)) return false;
  const said = checks.flatMap(comparisons);
  return asked.every((one) => said.some((other) => isSame(one, other)));
}

/** Whether the default partition is known to hold no row between the bounds; by `id >= 300` too, for RANGE up to 300. */
export function provesNoRoom(table: Relation, { bound, key }: Bounds): boolean {
  const conditions = boundConditions(bound, key);
  if (conditions !== null && deniesConditions(validChecks(table), conditions)) return true;
  const [column, ...others] = key.columns;
  if (column == null || others.length > 0 || bound.strategy !== "r") return false;
  const said = validChecks(table).flatMap(comparisons);
  const upper = plainDatum(bound.upperdatums);
  const lower = plainDatum(bound.lowerdatums);
  return said.some((one) =>
    one.column === column &&
    ((one.operator === ">=" && upper !== null && sameValue(one.values[0]!, upper)) ||
      (one.operator === "<" && lower !== null && sameValue(one.values[0]!, lower)))
  );
}

function validChecks({ constraints }: Relation): readonly Node[] {
  return constraints.flatMap(({ kind, validated, expression }) =>
    kind === "check" && validated && expression !== null ? [expression] : []
  );
}

/** What the bounds ask of each row; null where that is not known. */
function askedBy(bound: PartitionBoundSpec, column: string): readonly Comparison[] | null {
  if (bound.strategy === "l") {
    const values = bound.listdatums ?? [];
    return [{ column, operator: values.length === 1 ? "=" : "in", values }];
  }
  if (bound.strategy !== "r") return null;
  const asked: Comparison[] = [];
  for (const [operator, datums] of [[">=", bound.lowerdatums], ["<", bound.upperdatums]] as const) {
    const [datum, ...others] = datums ?? [];
    if (datum === undefined || others.length > 0) return null;
    if (!isUnbounded(datum)) asked.push({ column, operator, values: [datum] });
  }
  return asked;
}

function plainDatum(datums: readonly Node[] | undefined): Node | null {
  const [datum] = datums ?? [];
  return datum === undefined || isUnbounded(datum) ? null : datum;
}

/** MINVALUE and MAXVALUE stand there as names. */
function isUnbounded(datum: Node): boolean {
  return "ColumnRef" in datum;
}

/** The comparisons that are true where the expression is. */
function comparisons(expression: Node): readonly Comparison[] {
  if ("BoolExpr" in expression) {
    const { boolop, args = [] } = expression.BoolExpr;
    return boolop === "AND_EXPR" ? args.flatMap(comparisons) : [];
  }
  if (!("A_Expr" in expression)) return [];
  const { kind, name, lexpr, rexpr } = expression.A_Expr;
  const column = lexpr === undefined ? null : columnOf(bare(lexpr));
  const [operator] = (name ?? []).flatMap((part) => "String" in part ? [part.String.sval ?? ""] : []);
  if (column === null || rexpr === undefined || operator === undefined) return [];
  if (kind === "AEXPR_OP") return [{ column, operator, values: [rexpr] }];
  const list = bare(rexpr);
  const values = "List" in list ? list.List.items : "A_ArrayExpr" in list ? list.A_ArrayExpr.elements : undefined;
  const isList = (kind === "AEXPR_IN" || kind === "AEXPR_OP_ANY") && operator === "=" && values !== undefined;
  return isList ? [{ column, operator: "in", values }] : [];
}

function isSame(one: Comparison, other: Comparison): boolean {
  return one.column === other.column && one.operator === other.operator && one.values.length === other.values.length &&
    one.values.every((value) => other.values.some((candidate) => sameValue(value, candidate)));
}

function sameValue(one: Node, other: Node): boolean {
  const [left, right] = [bare(one), bare(other)];
  if (sameTree(left, right)) return true;
  const [first, second] = [timeOf(left), timeOf(right)];
  if (first === null || second === null || first.at !== second.at) return false;
  // The server shows times in the session's zone, which is also that of a literal without one.
  return first.zone === second.zone || first.zone === "" || second.zone === "";
}

const TIME = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d)(?::(\d\d(?:\.\d+)?))?)?([+-]\d\d(?::?\d\d)?|Z)?$/;

/** A date or a time as text, the parts that are left out filled in; null for anything else. */
function timeOf(node: Node): { readonly at: string; readonly zone: string } | null {
  const text = "A_Const" in node ? node.A_Const.sval?.sval : undefined;
  const found = text === undefined ? null : TIME.exec(text);
  if (found === null) return null;
  const [, day, time = "00:00", seconds = "00", zone = ""] = found;
  return { at: `${day} ${time}:${seconds}`, zone };
}

/** Without the casts that pg_get_constraintdef adds: `'eu'::text`. */
function bare(node: Node): Node {
  return "TypeCast" in node && node.TypeCast.arg !== undefined ? bare(node.TypeCast.arg) : node;
}
