/** Expressions of defaults and CHECKs as SQL, made of their trees: the catalog has no text of them. */

import type { Node, TypeName } from "libpg-query";
import { listedName, listedParts, literal } from "../sql/identifiers.ts";
import { builtinTypeSql } from "./type_sql.ts";

/**
 * SQL of which the parser makes the same tree, but for the table in front of a column.
 *
 * @returns null for an expression with a part that is not known here: no SQL is better than other SQL
 */
export function expressionSql(expression: Node): string | null {
  try {
    return write(expression);
  } catch (error) {
    if (error instanceof Unwritable) return null;
    throw error;
  }
}

class Unwritable extends Error {}

function write(node: Node | undefined): string {
  if (node === undefined) throw new Unwritable();
  if ("A_Const" in node) return constant(node.A_Const);
  if ("ColumnRef" in node) return columnName(node.ColumnRef.fields);
  if ("TypeCast" in node) return `${operand(node.TypeCast.arg)}::${typeName(node.TypeCast.typeName)}`;
  if ("FuncCall" in node) return call(node.FuncCall);
  if ("A_Expr" in node) return operation(node.A_Expr);
  if ("BoolExpr" in node) return logic(node.BoolExpr);
  if ("NullTest" in node) {
    return `${operand(node.NullTest.arg)} IS ${node.NullTest.nulltesttype === "IS_NULL" ? "" : "NOT "}NULL`;
  }
  if ("A_ArrayExpr" in node) return `ARRAY[${list(node.A_ArrayExpr.elements)}]`;
  if ("CoalesceExpr" in node) return `coalesce(${list(node.CoalesceExpr.args)})`;
  if ("SQLValueFunction" in node) return VALUES[node.SQLValueFunction.op ?? ""] ?? unwritable();
  return unwritable();
}

function unwritable(): never {
  throw new Unwritable();
}

/** The words without a precision. */
const VALUES: Readonly<Record<string, string>> = {
  SVFOP_CURRENT_DATE: "CURRENT_DATE",
  SVFOP_CURRENT_TIME: "CURRENT_TIME",
  SVFOP_CURRENT_TIMESTAMP: "CURRENT_TIMESTAMP",
  SVFOP_LOCALTIME: "LOCALTIME",
  SVFOP_LOCALTIMESTAMP: "LOCALTIMESTAMP",
  SVFOP_CURRENT_USER: "CURRENT_USER",
  SVFOP_SESSION_USER: "SESSION_USER",
};

type Of<Kind extends string> = Node extends infer One ? One extends Record<Kind, infer Inner> ? Inner : never : never;

/** The parser leaves a field out that is 0, false or empty. */
function constant({ isnull, ival, fval, boolval, sval }: Of<"A_Const">): string {
  if (isnull) return "NULL";
  if (ival !== undefined) return `${ival.ival ?? 0}`;
  if (fval !== undefined) return fval.fval ?? unwritable();
  if (boolval !== undefined) return boolval.boolval ? "true" : "false";
  return sval === undefined ? unwritable() : literal(sval.sval ?? "");
}

/** Without its table, which there is only one of, and which may have another name by now. */
function columnName(fields: readonly Node[] | undefined): string {
  if (!(fields ?? []).every((field) => "String" in field)) unwritable();
  return listedName(fields?.slice(-1));
}

function typeName(type: TypeName | undefined): string {
  const parts = listedParts(type?.names);
  if (type === undefined || parts.length === 0 || type.setof || type.pct_type) return unwritable();
  const name = parts.length === 2 && parts[0] === "pg_catalog" ? builtinTypeSql(parts[1]!) : listedName(type.names);
  // The modifier of an interval may be a set of its fields; a char without one is char(1).
  if (
    /^pg_catalog\.(interval|bpchar|bit)$/.test(parts.join(".")) &&
    (type.typmods === undefined) === (parts[1] !== "interval")
  ) {
    return unwritable();
  }
  const modifiers = type.typmods === undefined ? "" : `(${list(type.typmods)})`;
  const bounds = (type.arrayBounds ?? []).map((bound) =>
    "Integer" in bound && bound.Integer.ival === -1 ? "[]" : unwritable()
  );
  return `${name}${modifiers}${bounds.join("")}`;
}

function call({ funcname, args = [], ...call }: Of<"FuncCall">): string {
  if (call.funcformat !== "COERCE_EXPLICIT_CALL" || Object.keys(call).some((key) => !PLAIN_CALL.has(key))) unwritable();
  return `${listedName(funcname)}(${list(args)})`;
}

const PLAIN_CALL: ReadonlySet<string> = new Set(["funcformat", "location"]);

const OPERATORS: Readonly<Record<string, string>> = {
  "~~": "LIKE",
  "!~~": "NOT LIKE",
  "~~*": "ILIKE",
  "!~~*": "NOT ILIKE",
};

function operation({ kind, name, lexpr, rexpr }: Of<"A_Expr">): string {
  const [operator = "", ...others] = listedParts(name);
  if (others.length > 0) return unwritable();
  switch (kind) {
    case "AEXPR_OP":
      return lexpr === undefined ? `${operator} ${operand(rexpr)}` : `${operand(lexpr)} ${operator} ${operand(rexpr)}`;
    case "AEXPR_LIKE":
    case "AEXPR_ILIKE":
      return `${operand(lexpr)} ${OPERATORS[operator] ?? unwritable()} ${operand(rexpr)}`;
    case "AEXPR_IN":
      return `${operand(lexpr)} ${operator === "=" ? "" : "NOT "}IN (${list(listed(rexpr))})`;
    case "AEXPR_OP_ANY":
      return `${operand(lexpr)} ${operator} ANY (${write(rexpr)})`;
    case "AEXPR_BETWEEN":
    case "AEXPR_NOT_BETWEEN": {
      const [low, high] = listed(rexpr);
      return `${operand(lexpr)} ${operator} ${operand(low)} AND ${operand(high)}`;
    }
    default:
      return unwritable();
  }
}

function logic({ boolop, args = [] }: Of<"BoolExpr">): string {
  if (boolop === "NOT_EXPR") return `NOT ${operand(args[0])}`;
  return args.map(operand).join(boolop === "AND_EXPR" ? " AND " : " OR ");
}

/** In parentheses, which are in no tree, where an operator might take something else for its operand. */
function operand(node: Node | undefined): string {
  const text = write(node);
  const isPrimary = node !== undefined &&
    (["ColumnRef", "FuncCall", "TypeCast", "A_ArrayExpr", "CoalesceExpr", "SQLValueFunction"].some((kind) =>
      kind in node
    ) ||
      "A_Const" in node && !text.startsWith("-"));
  return isPrimary ? text : `(${text})`;
}

function listed(node: Node | undefined): readonly Node[] {
  return node !== undefined && "List" in node ? node.List.items ?? [] : unwritable();
}

function list(nodes: readonly Node[] | undefined): string {
  return (nodes ?? []).map(write).join(", ");
}
