/** SELECT, INSERT, UPDATE, DELETE, MERGE, COPY and what else runs a query. */

import type { DeleteStmt, InsertStmt, MergeStmt, Node, RangeVar, SelectStmt, UpdateStmt } from "libpg-query";
import type { Relation } from "../catalog/catalog.ts";
import { resolveRelation } from "../catalog/resolve.ts";
import { listedParts } from "../sql/identifiers.ts";
import type { Scope } from "./effects.ts";
import { noteFunction } from "./functions.ts";
import type { LockMode } from "./impact.ts";
import { certainlyScanned, writesRows } from "./query_scans.ts";
import { lockForQuery } from "./query_locks.ts";

/** Where a part of a query stands. */
interface Place {
  /** Names of WITH queries, which hide tables. */
  readonly hidden: ReadonlySet<string>;
}

const TOP: Place = { hidden: new Set() };

/** A statement that reads or writes rows, wrapped as the tree has it. */
export function query(scope: Scope, node: Node): void {
  visit(scope, { value: node, place: TOP });
}

/** Any part of a tree in which queries may stand, such as the expression of a USING. */
export function queriesIn(scope: Scope, tree: unknown): void {
  visit(scope, { value: tree, place: TOP });
}

function visit(scope: Scope, { value, place }: { readonly value: unknown; readonly place: Place }): void {
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    for (const one of value) visit(scope, { value: one, place });
    return;
  }
  for (const [kind, node] of Object.entries(value)) visitNode(scope, { kind, node, place });
}

function visitNode(
  scope: Scope,
  { kind, node, place }: { readonly kind: string; readonly node: unknown; readonly place: Place },
): void {
  switch (kind) {
    case "SelectStmt":
      return select(scope, { node: node as SelectStmt, place });
    case "InsertStmt":
      return insert(scope, { node: node as InsertStmt, place });
    case "UpdateStmt":
      return change(scope, { node: node as UpdateStmt, place, from: (node as UpdateStmt).fromClause });
    case "DeleteStmt":
      return change(scope, { node: node as DeleteStmt, place, from: (node as DeleteStmt).usingClause });
    case "MergeStmt":
      return merge(scope, { node: node as MergeStmt, place });
    case "RangeVar":
      return read(scope, { name: node as RangeVar, place, mode: "AccessShareLock" });
    case "FuncCall":
      noteFunction(scope, listedParts((node as { funcname?: Node[] }).funcname), node);
      return visit(scope, { value: node, place });
    case "larg":
    case "rarg":
      return select(scope, { node: node as SelectStmt, place });
    default:
      return visit(scope, { value: node, place });
  }
}

interface WithClauseOf {
  readonly withClause?: { readonly ctes?: readonly Node[]; readonly recursive?: boolean };
}

/** The place inside a statement with a WITH, whose queries are visited on the way. */
function inside(scope: Scope, { node, place }: { readonly node: WithClauseOf; readonly place: Place }): Place {
  const hidden = new Set(place.hidden);
  const queries = (node.withClause?.ctes ?? []).flatMap((cte) => "CommonTableExpr" in cte ? [cte.CommonTableExpr] : []);
  if (node.withClause?.recursive) { for (const { ctename = "" } of queries) hidden.add(ctename); }
  for (const { ctename = "", ctequery } of queries) {
    visit(scope, { value: ctequery, place: { hidden: new Set(hidden) } });
    hidden.add(ctename);
  }
  return { hidden };
}

function select(scope: Scope, { node, place }: { readonly node: SelectStmt; readonly place: Place }): void {
  const here = inside(scope, { node, place });
  const { withClause: _with, fromClause = [], lockingClause = [], intoClause: _into, ...rest } = node;
  const locked = lockedNames(lockingClause);
  for (const item of fromClause) {
    const mode = locked === null ? "AccessShareLock" : modeOf(item, locked);
    fromItem(scope, { item, place: here, mode });
  }
  visit(scope, { value: rest, place: here });
  const [only, ...others] = fromClause;
  if (only !== undefined) {
    certainlyScanned(scope, {
      select: node,
      alone: others.length === 0,
      tables: tablesIn(scope, { fromClause, here }),
    });
  }
}

/** The names that FOR UPDATE and its kind lock: all where the set is empty; null without such a clause. */
function lockedNames(clauses: readonly Node[]): ReadonlySet<string> | null {
  if (clauses.length === 0) return null;
  const lists = clauses.flatMap((clause) => "LockingClause" in clause ? [clause.LockingClause.lockedRels ?? []] : []);
  if (lists.some((list) => list.length === 0)) return new Set();
  return new Set(lists.flat().flatMap((name) => "RangeVar" in name ? [name.RangeVar.relname ?? ""] : []));
}

function modeOf(item: Node, locked: ReadonlySet<string>): LockMode {
  if (locked.size === 0) return "RowShareLock";
  const name = "RangeVar" in item ? item.RangeVar.alias?.aliasname ?? item.RangeVar.relname ?? "" : "";
  return locked.has(name) ? "RowShareLock" : "AccessShareLock";
}

function fromItem(
  scope: Scope,
  { item, place, mode }: { readonly item: Node; readonly place: Place; readonly mode: LockMode },
): void {
  if ("RangeVar" in item) return read(scope, { name: item.RangeVar, place, mode });
  if ("JoinExpr" in item) {
    const { larg, rarg, ...rest } = item.JoinExpr;
    for (const side of [larg, rarg]) if (side !== undefined) fromItem(scope, { item: side, place, mode });
    return visit(scope, { value: rest, place });
  }
  if ("RangeTableSample" in item && item.RangeTableSample.relation !== undefined) {
    return fromItem(scope, { item: item.RangeTableSample.relation, place, mode });
  }
  visit(scope, { value: item, place });
}

/** The tables that stand in FROM themselves, or in a join there. */
function tablesIn(
  scope: Scope,
  { fromClause, here }: { readonly fromClause: readonly Node[]; readonly here: Place },
): readonly Relation[] {
  return fromClause.flatMap((item) => {
    if ("JoinExpr" in item) {
      const sides = [item.JoinExpr.larg, item.JoinExpr.rarg].filter((side) => side !== undefined);
      return tablesIn(scope, { fromClause: sides, here });
    }
    if (!("RangeVar" in item)) return [];
    return found(scope, { name: item.RangeVar, place: here }) ?? [];
  });
}

function found(scope: Scope, { name, place }: { readonly name: RangeVar; readonly place: Place }): Relation | null {
  if (name.schemaname === undefined && place.hidden.has(name.relname ?? "")) return null;
  return resolveRelation(scope.catalog, name);
}

function read(
  scope: Scope,
  { name, place, mode }: { readonly name: RangeVar; readonly place: Place; readonly mode: LockMode },
): void {
  const relation = found(scope, { name, place });
  if (relation !== null) lockForQuery(scope, { relation, mode, only: name.inh !== true });
}

function insert(scope: Scope, { node, place }: { readonly node: InsertStmt; readonly place: Place }): void {
  const here = inside(scope, { node, place });
  const { relation: name, withClause: _with, ...rest } = node;
  visit(scope, { value: rest, place: here });
  const relation = name === undefined ? null : resolveRelation(scope.catalog, name);
  if (relation === null) return;
  const columns = node.cols?.flatMap((column) => "ResTarget" in column ? [column.ResTarget.name ?? ""] : []) ?? null;
  writesRows(scope, { relation, only: true, kind: "insert", columns, where: null, alone: true });
}

function change(
  scope: Scope,
  { node, place, from }: {
    readonly node: UpdateStmt | DeleteStmt;
    readonly place: Place;
    readonly from: readonly Node[] | undefined;
  },
): void {
  const here = inside(scope, { node, place });
  const { relation: name, withClause: _with, ...rest } = node;
  const relation = name === undefined ? null : resolveRelation(scope.catalog, name);
  if (relation !== null) {
    const targets = "targetList" in node ? node.targetList ?? [] : null;
    const columns = targets?.flatMap((target) => "ResTarget" in target ? [target.ResTarget.name ?? ""] : []) ?? null;
    const kind = targets === null ? "delete" : "update";
    const where = node.whereClause ?? null;
    writesRows(scope, { relation, only: name?.inh !== true, kind, columns, where, alone: from === undefined });
  }
  visit(scope, { value: rest, place: here });
}

function merge(scope: Scope, { node, place }: { readonly node: MergeStmt; readonly place: Place }): void {
  const here = inside(scope, { node, place });
  const { relation: name, withClause: _with, ...rest } = node;
  const relation = name === undefined ? null : resolveRelation(scope.catalog, name);
  if (relation !== null) {
    const where = node.joinCondition ?? null;
    writesRows(scope, { relation, only: name?.inh !== true, kind: "merge", columns: null, where, alone: false });
  }
  visit(scope, { value: rest, place: here });
}
