/** The columns of a query's result, as far as names and plain columns tell them. */

import type { Node, RangeVar, ResTarget, SelectStmt } from "libpg-query";
import { listedParts } from "../sql/identifiers.ts";
import type { Catalog, Column, DataType, Relation } from "./catalog.ts";
import { unknownColumn } from "./edit.ts";
import { figuredName } from "./expression_name.ts";
import { findColumn, resolveRelation } from "./resolve.ts";
import { resolveType } from "./resolve_type.ts";

export interface QueryColumns {
  readonly columns: readonly Column[];
  /** Whether these are all: a star over something that is not known may stand for any. */
  readonly complete: boolean;
}

/** @param names what the statement calls the first columns, in place of their own names */
export function queryColumns(catalog: Catalog, query: Node | undefined, names: readonly string[]): QueryColumns {
  const own = query !== undefined && "SelectStmt" in query ? selected(catalog, query.SelectStmt) : null;
  const columns = own?.complete ? own.columns : names.length > 0 ? names.map(unknownColumn) : own?.columns ?? [];
  return {
    columns: columns.map((column, at) => ({ ...column, name: names[at] ?? column.name, notNull: false })),
    complete: own?.complete === true,
  };
}

function selected(catalog: Catalog, select: SelectStmt): QueryColumns | null {
  let first = select;
  // Of UNION and the like the first query names the columns.
  while (first.larg !== undefined) first = first.larg;
  if (first.valuesLists !== undefined) return valueColumns(first.valuesLists);
  const sources = sourcesOf(catalog, first);
  let complete = true;
  const columns = (first.targetList ?? []).flatMap((node): readonly Column[] => {
    if (!("ResTarget" in node)) return [];
    const target = targetColumns(catalog, node.ResTarget, sources);
    if (target === null) complete = false;
    return target ?? [];
  });
  // A set operation may make another type of its parts.
  const typed = first === select ? columns : columns.map((column) => ({ ...column, type: null }));
  return { columns: typed, complete };
}

function valueColumns(lists: readonly Node[]): QueryColumns {
  const [row] = lists;
  const items = row !== undefined && "List" in row ? row.List.items ?? [] : [];
  return { columns: items.map((_, at) => unknownColumn(`column${at + 1}`)), complete: true };
}

interface Source {
  readonly alias: string;
  readonly relation: Relation;
}

/** What stands in FROM: null where there is anything but known tables side by side or joined by ON. */
function sourcesOf(catalog: Catalog, { fromClause, withClause }: SelectStmt): readonly Source[] | null {
  const sources: Source[] = [];
  const open = [...fromClause ?? []].reverse();
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if ("JoinExpr" in node) {
      const { larg, rarg, usingClause, isNatural, alias } = node.JoinExpr;
      if (usingClause !== undefined || isNatural || alias !== undefined || !larg || !rarg) return null;
      open.push(rarg, larg);
    } else if ("RangeVar" in node && withClause === undefined) {
      const source = sourceOf(catalog, node.RangeVar);
      if (source === null) return null;
      sources.push(source);
    } else return null;
  }
  return sources;
}

function sourceOf(catalog: Catalog, name: RangeVar): Source | null {
  const relation = resolveRelation(catalog, name);
  if (relation === null || !relation.known || name.alias?.colnames !== undefined) return null;
  return { alias: name.alias?.aliasname ?? relation.name, relation };
}

/** null: it stands for columns that are not known. */
function targetColumns(
  catalog: Catalog,
  { name, val }: ResTarget,
  sources: readonly Source[] | null,
): readonly Column[] | null {
  if (val === undefined) return [];
  if (!("ColumnRef" in val)) {
    const type = "TypeCast" in val && val.TypeCast.typeName ? resolveType(catalog, val.TypeCast.typeName) : null;
    return [plain(name ?? figuredName(val) ?? "?column?", type)];
  }
  const fields = val.ColumnRef.fields ?? [];
  const parts = listedParts(fields);
  const last = fields.at(-1);
  const qualifier = fields.length > 1 ? parts.at(-2) : undefined;
  const meant = sources?.filter(({ alias }) => qualifier === undefined || alias === qualifier) ?? [];
  if (last !== undefined && "A_Star" in last) {
    if (sources === null || meant.length === 0) return null;
    return meant.flatMap(({ relation }) => relation.columns.map((column) => plain(column.name, column.type)));
  }
  const column = parts.at(-1) ?? "";
  const type = meant.map(({ relation }) => findColumn(relation, column)).find((one) => one !== null)?.type ?? null;
  return [plain(name ?? column, type)];
}

function plain(name: string, type: DataType | null): Column {
  return { ...unknownColumn(name), type };
}
