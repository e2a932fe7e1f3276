/** Whether a file copies the rows of a table elsewhere before it drops it. */

import type { RangeVar } from "libpg-query";
import type { Catalog, QualifiedName, Relation } from "../catalog/catalog.ts";
import { relationsIn } from "../catalog/query_relations.ts";
import { isSame, resolveRelation } from "../catalog/resolve.ts";
import { functionsIn } from "../catalog/tree.ts";
import { listedParts, relationName } from "../sql/identifiers.ts";
import type { Statement } from "../sql/parser.ts";
import { lineOf } from "./held_before.ts";
import type { LintedFile, LintedStatement } from "./rule.ts";

export interface CopiedRows {
  /** The table that has them, as SQL; of the last statement, where several copy some. */
  readonly into: string;
  readonly line: number;
}

/**
 * Which rows it copies, and what of them, nobody knows without the rows.
 *
 * @returns null as well where the copy is gone when the table goes, or goes with it
 */
export function copiedRows(
  table: Relation,
  { statement, catalog }: LintedStatement,
  file: LintedFile,
): CopiedRows | null {
  const above = file.statements.filter(({ start }) => start < statement.start);
  for (const one of above.toReversed()) {
    const target = targetOf(one);
    if (target === null || !reads(one, { table, catalog, target })) continue;
    if (!stays(target, { copiedBy: one, statement, file, catalog })) continue;
    return { into: relationName(target), line: lineOf(one, file) };
  }
  return null;
}

interface Copied {
  readonly copiedBy: Statement;
  /** The one that drops the table. */
  readonly statement: Statement;
  readonly file: LintedFile;
  readonly catalog: Catalog;
}

/** A copy by a name that it no longer has is there still. */
function stays(target: RangeVar, { copiedBy, statement, file, catalog }: Copied): boolean {
  if (target.relpersistence === "t") return false;
  const copy = resolveRelation(catalog, target);
  if (copy?.persistence === "temporary") return false;
  const isTarget = (name: readonly string[]) =>
    name.at(-1) === target.relname && (name.length < 2 || name.at(-2) === (target.schemaname ?? copy?.schema));
  const losers = [
    ...file.statements.filter(({ start }) => start > copiedBy.start && start < statement.start),
    statement,
  ];
  return !losers.some((one) => emptied(one).some(isTarget));
}

/** The tables that a statement drops or empties, by name. */
function emptied({ kind, node }: Statement): readonly (readonly string[])[] {
  if (kind === "DropStmt" && node.removeType === "OBJECT_TABLE") {
    return (node.objects ?? []).map((object) => "List" in object ? listedParts(object.List.items) : []);
  }
  if (kind !== "TruncateStmt") return [];
  return (node.relations ?? []).map((one) =>
    "RangeVar" in one ? [one.RangeVar.schemaname ?? [], one.RangeVar.relname ?? ""].flat() : []
  );
}

/** Of a statement that writes what its query reads. */
function targetOf({ kind, node }: Statement): RangeVar | null {
  switch (kind) {
    case "InsertStmt":
      return node.relation ?? null;
    case "CreateTableAsStmt":
      return node.objtype !== "OBJECT_TABLE" || node.into?.skipData ? null : node.into?.rel ?? null;
    case "SelectStmt":
      return node.intoClause?.rel ?? null;
    default:
      return null;
  }
}

function reads(
  { node }: Statement,
  { table, catalog, target }: { readonly table: Relation; readonly catalog: Catalog; readonly target: RangeVar },
): boolean {
  const own = resolveRelation(catalog, target);
  if (own !== null && isSame(own, table)) return false;
  const query = Object.entries(node).filter(([, value]) =>
    value !== target && (value as { readonly rel?: unknown } | null)?.rel !== target
  );
  const source = Object.fromEntries(query);
  const isTable = (name: QualifiedName | null) => name !== null && isSame(name, table);
  return relationsIn(catalog, source).some(isTable) &&
    rowSources(source).some((name) => isTable(resolveRelation(catalog, name)));
}

/** Without the queries that make one row of many, and those of expressions, whose rows are only looked at. */
function rowSources(tree: unknown): readonly RangeVar[] {
  const found: RangeVar[] = [];
  const open: unknown[] = [tree];
  // The list grows while it is walked: a tree may be nested more deeply than the stack is.
  for (const value of open) {
    if (typeof value !== "object" || value === null || "SubLink" in value) continue;
    if ("relname" in value) found.push(value as RangeVar);
    const { fromClause, ...others } = value as Readonly<Record<string, unknown>>;
    for (const one of Object.values(others)) open.push(one);
    if (fromClause !== undefined && !isAggregated(others)) open.push(fromClause);
  }
  return found;
}

const AGGREGATES: ReadonlySet<string> = new Set(["count", "max", "min", "sum", "avg"]);

function isAggregated({ groupClause, targetList }: Readonly<Record<string, unknown>>): boolean {
  return groupClause !== undefined || functionsIn(targetList).some((name) => AGGREGATES.has(name.at(-1) ?? ""));
}
