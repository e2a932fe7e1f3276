/** An index as SQL, made of its parts: for a column that takes another one's place. */

import type { IndexElem } from "libpg-query";
import type { IndexDefinition } from "../catalog/catalog.ts";
import { identifier, listedName } from "../sql/identifiers.ts";
import { expressionSql } from "./expression_sql.ts";

/**
 * What stands behind the table in CREATE INDEX: `USING gin (tags) WHERE live`.
 *
 * @returns null where an expression in it cannot be written
 */
export function indexSql({ method, elements, including, where, nullsNotDistinct }: IndexDefinition): string | null {
  const keys = elements.map(elementSql);
  const condition = where === null ? "" : expressionSql(where);
  if (condition === null || !keys.every((key) => key !== null)) return null;
  const included = including.map(({ name = "" }) => identifier(name));
  return [
    ...method === "btree" ? [] : [`USING ${identifier(method)}`],
    `(${keys.join(", ")})`,
    ...included.length === 0 ? [] : [`INCLUDE (${included.join(", ")})`],
    ...nullsNotDistinct ? ["NULLS NOT DISTINCT"] : [],
    ...condition === "" ? [] : [`WHERE ${condition}`],
  ].join(" ");
}

const ORDERS: Readonly<Record<string, string>> = { SORTBY_ASC: "ASC", SORTBY_DESC: "DESC" };
const NULLS: Readonly<Record<string, string>> = {
  SORTBY_NULLS_FIRST: "NULLS FIRST",
  SORTBY_NULLS_LAST: "NULLS LAST",
};

function elementSql({ name, expr, collation, opclass, opclassopts, ordering, nulls_ordering }: IndexElem) {
  if (opclassopts !== undefined) return null;
  const expression = expr === undefined ? null : expressionSql(expr);
  if (name === undefined && expression === null) return null;
  return [
    name === undefined ? isCall(expr) ? expression : `(${expression})` : identifier(name),
    ...collation === undefined ? [] : [`COLLATE ${listedName(collation)}`],
    ...opclass === undefined ? [] : [listedName(opclass)],
    ORDERS[ordering ?? ""] ?? "",
    NULLS[nulls_ordering ?? ""] ?? "",
  ].filter((part) => part !== "").join(" ");
}

function isCall(expr: IndexElem["expr"]): boolean {
  return expr !== undefined && "FuncCall" in expr;
}
