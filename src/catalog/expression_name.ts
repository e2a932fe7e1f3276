/** The name that the server gives to a column without one, after what its expression calls. */

import type { Node } from "libpg-query";
import { listedParts } from "../sql/identifiers.ts";

/** null where an expression gives none: `a + b`. */
export function figuredName(expression: Node | undefined): string | null {
  return figure(expression)?.name ?? null;
}

interface Figured {
  readonly name: string;
  /** false: a CASE or a cast, which the name of what is inside comes before. */
  readonly strong: boolean;
}

const FIXED_NAMES: Readonly<Record<string, string>> = {
  A_ArrayExpr: "array",
  RowExpr: "row",
  CoalesceExpr: "coalesce",
  XmlSerialize: "xmlserialize",
  GroupingFunc: "grouping",
  JsonObjectConstructor: "json_object",
  JsonArrayConstructor: "json_array",
  JsonParseExpr: "json",
  JsonScalarExpr: "json_scalar",
  JsonSerializeExpr: "json_serialize",
};

function figure(node: Node | undefined): Figured | null {
  if (node === undefined) return null;
  if ("ColumnRef" in node) return strong(lastName(node.ColumnRef.fields));
  if ("FuncCall" in node) return strong(lastName(node.FuncCall.funcname));
  if ("TypeCast" in node) return castName(node.TypeCast.arg, node.TypeCast.typeName?.names);
  if ("CollateClause" in node) return figure(node.CollateClause.arg);
  if ("A_Indirection" in node) {
    return strong(lastName(node.A_Indirection.indirection)) ?? figure(node.A_Indirection.arg);
  }
  if ("CaseExpr" in node) {
    const otherwise = figure(node.CaseExpr.defresult);
    return otherwise?.strong ? otherwise : { name: "case", strong: false };
  }
  if ("A_Expr" in node) return node.A_Expr.kind === "AEXPR_NULLIF" ? strong("nullif") : null;
  if ("MinMaxExpr" in node) return strong(node.MinMaxExpr.op === "IS_LEAST" ? "least" : "greatest");
  // SVFOP_CURRENT_TIMESTAMP_N is the one with a precision.
  if ("SQLValueFunction" in node) {
    return strong(node.SQLValueFunction.op?.replace(/^SVFOP_/, "").replace(/_N$/, "").toLowerCase());
  }
  if ("XmlExpr" in node) {
    return node.XmlExpr.op === "IS_DOCUMENT" ? null : strong(node.XmlExpr.op?.replace("IS_", "").toLowerCase());
  }
  return strong(FIXED_NAMES[Object.keys(node)[0] ?? ""]);
}

function castName(arg: Node | undefined, type: readonly Node[] | undefined): Figured | null {
  const inner = figure(arg);
  if (inner?.strong) return inner;
  const name = lastName(type);
  return name === undefined ? inner : { name, strong: false };
}

function lastName(names: readonly Node[] | undefined): string | undefined {
  return listedParts(names).findLast((part) => part !== "");
}

function strong(name: string | undefined): Figured | null {
  return name === undefined ? null : { name, strong: true };
}
