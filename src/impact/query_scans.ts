/** Which tables a query reads whole, as far as its text and the indexes say. */

import type { Node } from "libpg-query";
import type { Catalog, Relation } from "../catalog/catalog.ts";
import { findRelation, indexesOf } from "../catalog/resolve.ts";
import { columnsIn } from "../catalog/tree.ts";
import type { Scope } from "./effects.ts";
import { columnOf } from "./proves_not_null.ts";
import { hasRows, withChildren } from "./relatives.ts";

/** A table of a FROM. */
export interface FromTable {
  readonly table: Relation;
  /** Without what inherits from it. */
  readonly only: boolean;
}

export function noteScans(
  scope: Scope,
  tables: readonly FromTable[],
  { where, isAlone }: Pick<Read, "where" | "isAlone">,
): void {
  const isOnly = isAlone && tables.length === 1;
  for (const { table, only } of tables) {
    if (table.kind !== "view") noteScan(scope, { table, only, where, isAlone: isOnly });
    // What the view's own query asks for is not known.
    const sources = table.kind === "view" ? sourcesOf(scope.catalog, table) : [];
    for (const source of sources) noteScan(scope, { table: source, only: false, where, isAlone: false });
  }
}

function sourcesOf(catalog: Catalog, { dependsOn }: Relation): readonly Relation[] {
  return dependsOn.flatMap((name) => {
    const source = findRelation(catalog, name);
    if (source === null) return [];
    return source.kind === "view" ? sourcesOf(catalog, source) : [source];
  });
}

export interface Read {
  readonly table: Relation;
  readonly only: boolean;
  readonly where: Node | null;
  /** No other table is joined to it, and no LIMIT ends it early. */
  readonly isAlone: boolean;
  /** Columns that are given, where there is no WHERE to say so. */
  readonly columns?: readonly string[];
}

export function noteScan({ catalog, effects }: Scope, { table, only, where, isAlone, columns }: Read): void {
  for (const one of withChildren(catalog, { relation: table, only })) {
    if (!hasRows(one)) continue;
    const indexes = indexesOf(catalog, one).flatMap(({ index }) => index?.valid ? [index] : []);
    const given = columns ?? equalColumns(where);
    const isUnique = indexes.some((index) =>
      index.unique && !index.partial && index.columns.every((column) => column !== null && given.includes(column))
    );
    // A row at most: nobody reads a table for that.
    if (isUnique && given.length > 0) continue;
    const named = columns ?? columnsIn(where);
    const couldServe = !one.known || indexes.some(({ columns: [first] }) => first === null || named.includes(first!));
    const asks = where !== null || columns !== undefined;
    if (columns !== undefined && couldServe) continue;
    effects.scan(
      one,
      asks ? "no index is sure to find its rows" : "the query has no WHERE",
      isAlone && !(asks && couldServe),
    );
  }
}

/** The columns that a WHERE asks to be equal to something, in every case. */
function equalColumns(where: Node | null): readonly string[] {
  if (where === null) return [];
  if ("BoolExpr" in where) {
    const { boolop, args = [] } = where.BoolExpr;
    return boolop === "AND_EXPR" ? args.flatMap(equalColumns) : [];
  }
  if (!("A_Expr" in where) || where.A_Expr.kind !== "AEXPR_OP") return [];
  const { name = [], lexpr, rexpr } = where.A_Expr;
  const [operator] = name.flatMap((part) => "String" in part ? [part.String.sval] : []);
  if (operator !== "=" || lexpr === undefined || rexpr === undefined) return [];
  const [left, right] = [columnOf(lexpr), columnOf(rexpr)];
  if (left !== null && right !== null) return [];
  return [left, right].filter((column) => column !== null);
}
