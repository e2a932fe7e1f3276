/** The bound of a partition, as it is written and as a CHECK that proves it. */

import type { PartitionBoundSpec } from "libpg-query";
import type { PartitionKey, Relation } from "../catalog/catalog.ts";
import { identifier } from "../sql/identifiers.ts";
import type { Statement } from "../sql/parser.ts";
import type { Span } from "./alter_table_actions.ts";
import { keyword, ownTokens, textOf } from "./text_edits.ts";

/** Where `FOR VALUES …` or `DEFAULT` stands; null where it is not found. */
export function boundSpan(statement: Statement, from: number): Span | null {
  const start = keyword(statement, ["for", "default"], from);
  if (start === null) return null;
  if (textOf(statement, start).toLowerCase() === "default") return start;
  const last = listsIn(statement, start.end).at(-1);
  return last === undefined ? null : { start: start.start, end: last.end };
}

/**
 * The condition that holds for exactly the rows of a partition. The server takes a CHECK with it as a proof, and one with
 * NOT (…) around it for the default partition. (Measured on 14, 15 and 18: for one column and for several, MINVALUE and
 * MAXVALUE, and NULL in a list.)
 *
 * @returns null where it is not known: the key has an expression, it is of hashes, or the bound is DEFAULT
 */
export function boundCondition(
  statement: Statement,
  { bound, parent, from }: { readonly bound: PartitionBoundSpec; readonly parent: Relation; readonly from: number },
): string | null {
  const columns = columnsOf(parent.partitionKey);
  const span = boundSpan(statement, from);
  if (columns === null || bound.is_default || span === null) return null;
  const lists = listsIn(statement, span.start).map(({ items }) => items);
  switch (parent.partitionKey!.strategy) {
    case "list":
      return lists.length === 1 ? inList(columns[0]!, lists[0]!) : null;
    case "range": {
      const [lower, upper] = lists;
      return lower?.length !== columns.length || upper?.length !== columns.length
        ? null
        : inRange(columns, { lower, upper });
    }
    case "hash":
      return null;
  }
}

/** As SQL; null where one is an expression. */
function columnsOf(key: PartitionKey | null): readonly string[] | null {
  const columns = (key?.columns ?? []).flatMap((column) => column === null ? [] : [identifier(column)]);
  return columns.length === 0 || columns.length !== key?.columns.length ? null : columns;
}

function inList(column: string, values: readonly string[]): string {
  const others = values.filter((value) => value.toLowerCase() !== "null");
  const isIn = `${column} IN (${others.join(", ")})`;
  if (others.length === values.length) return `${column} IS NOT NULL AND ${isIn}`;
  return others.length === 0 ? `${column} IS NULL` : `${column} IS NULL OR ${isIn}`;
}

interface Range {
  readonly lower: readonly string[];
  readonly upper: readonly string[];
}

function inRange(columns: readonly string[], { lower, upper }: Range): string {
  const notNull = columns.map((column) => `${column} IS NOT NULL`);
  const bounds = [beyond(columns, lower, ">"), beyond(columns, upper, "<")].filter((one) => one !== null);
  return [...notNull, ...bounds].join(" AND ");
}

/**
 * `a > 1 OR a = 1 AND b >= 2`: the server does not see through a comparison of rows. The lower bound is in the partition,
 * the upper is not.
 *
 * @returns null where every row is beyond it
 */
function beyond(columns: readonly string[], values: readonly string[], sign: "<" | ">"): string | null {
  const [column, ...others] = columns;
  const [value = "", ...rest] = values;
  const limit = value.toLowerCase();
  if (limit === "minvalue" || limit === "maxvalue") return (limit === "minvalue") === (sign === ">") ? null : NO_ROW;
  if (others.length === 0) return `${column} ${sign === ">" ? ">=" : "<"} ${value}`;
  const next = beyond(others, rest, sign);
  if (next === null) return `${column} ${sign}= ${value}`;
  if (next === NO_ROW) return `${column} ${sign} ${value}`;
  return `(${column} ${sign} ${value} OR ${column} = ${value} AND ${next})`;
}

const NO_ROW = "false";

interface List extends Span {
  /** What stands between its commas, as it is written. */
  readonly items: readonly string[];
}

/** The lists in parentheses from an index on, up to what is none of a bound. */
function listsIn(statement: Statement, from: number): readonly List[] {
  const lists: List[] = [];
  let depth = 0;
  let start = from;
  let items: string[] = [];
  let itemStart = from;
  for (const token of ownTokens(statement, from)) {
    const text = textOf(statement, token);
    if (depth === 0 && text !== "(" && !/^(for|values|in|from|to|with)$/i.test(text)) break;
    if (depth === 0 && /^with$/i.test(text) && lists.length > 0) break;
    if (text === "(" && depth++ === 0) [start, items, itemStart] = [token.start, [], token.end];
    const ends = (text === ")" && --depth === 0) || (text === "," && depth === 1);
    if (!ends) continue;
    items.push(textOf(statement, { start: itemStart, end: token.start }).trim());
    itemStart = token.end;
    if (depth === 0) lists.push({ start, end: token.end, items });
  }
  return lists;
}
