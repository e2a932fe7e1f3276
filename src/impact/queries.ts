/** SELECT, INSERT, UPDATE, DELETE, MERGE, and the queries inside other statements: every table in them, at any depth. */

import type { DeleteStmt, InsertStmt, MergeStmt, Node, RangeVar, SelectStmt, UpdateStmt } from "libpg-query";
import type { Relation } from "../catalog/catalog.ts";
import { resolveRelation } from "../catalog/resolve.ts";
import { listedParts } from "../sql/identifiers.ts";
import type { Scope } from "./effects.ts";
import { noteFunction } from "./functions.ts";
import type { LockMode } from "./impact.ts";
import { lockForQuery } from "./query_locks.ts";
import { type FromTable, noteScans } from "./query_scans.ts";
import { noteWrite, type Write } from "./query_writes.ts";

/**
 * How far the server goes with a query. `read`: as for a view, tables are locked and no more. `plan`: as for EXPLAIN,
 * their indexes and what is behind views too.
 */
export type Depth = "read" | "plan" | "run";

/** Where a part of a query stands. */
interface Place {
  readonly depth: Depth;
  /** Names of WITH queries, which hide tables. */
  readonly hidden: ReadonlySet<string>;
}

/** The queries in any part of a statement's tree. */
export function queriesIn(scope: Scope, tree: unknown, depth: Depth = "run"): void {
  visit(scope, tree, { depth, hidden: new Set() });
}

function visit(scope: Scope, value: unknown, place: Place): void {
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    for (const one of value) visit(scope, one, place);
    return;
  }
  for (const [kind, node] of Object.entries(value)) visitNode(scope, { kind, node, place });
}

interface Visited {
  readonly kind: string;
  readonly node: unknown;
  readonly place: Place;
}

function visitNode(scope: Scope, { kind, node, place }: Visited): void {
  switch (kind) {
    case "SelectStmt":
    // The sides of a UNION are not wrapped; those of a join are, and have no fields of a SELECT.
    case "larg":
    case "rarg":
      return select(scope, node as SelectStmt, place);
    case "InsertStmt":
      return insert(scope, node as InsertStmt, place);
    case "UpdateStmt":
      return update(scope, node as UpdateStmt, place);
    case "DeleteStmt":
      return remove(scope, node as DeleteStmt, place);
    case "MergeStmt":
      return merge(scope, node as MergeStmt, place);
    case "RangeVar":
      return read(scope, { name: node as RangeVar, mode: "AccessShareLock", place });
    case "FuncCall": {
      const { funcname } = node as { funcname?: Node[] };
      if (place.depth === "run") noteFunction(scope, listedParts(funcname), node);
    }
  }
  visit(scope, node, place);
}

interface WithClauseOf {
  readonly withClause?: { readonly ctes?: readonly Node[]; readonly recursive?: boolean };
}

/** The place inside a statement with a WITH, whose queries are visited on the way. */
function inside(scope: Scope, { withClause }: WithClauseOf, place: Place): Place {
  if (withClause === undefined) return place;
  const queries = (withClause.ctes ?? []).flatMap((cte) => "CommonTableExpr" in cte ? [cte.CommonTableExpr] : []);
  const hidden = new Set(place.hidden);
  if (withClause.recursive) { for (const { ctename = "" } of queries) hidden.add(ctename); }
  for (const { ctename = "", ctequery } of queries) {
    visit(scope, ctequery, { ...place, hidden: new Set(hidden) });
    hidden.add(ctename);
  }
  return { ...place, hidden };
}

function select(scope: Scope, node: SelectStmt, outer: Place): void {
  const place = inside(scope, node, outer);
  const { withClause: _with, fromClause = [], lockingClause = [], intoClause: _into, ...rest } = node;
  for (const item of fromClause) {
    fromItem(scope, item, { ...place, mode: modeFor(item, lockingClause) });
  }
  visit(scope, rest, place);
  if (place.depth !== "run") return;
  const isAlone = fromClause.length === 1 && rest.limitCount === undefined && !isExtreme(rest.targetList);
  noteScans(scope, tablesIn(scope, fromClause, place), { where: rest.whereClause ?? null, isAlone });
}

/** `SELECT max(id)`: an index says it at once. */
function isExtreme(list: readonly Node[] = []): boolean {
  return list.length > 0 && list.every((target) => {
    const value = "ResTarget" in target ? target.ResTarget.val : undefined;
    const name = value !== undefined && "FuncCall" in value ? listedParts(value.FuncCall.funcname).at(-1) : undefined;
    return name === "min" || name === "max";
  });
}

/** FOR UPDATE and its kind lock all tables of FROM, or those that they name. */
function modeFor(item: Node, clauses: readonly Node[]): LockMode {
  const name = "RangeVar" in item ? item.RangeVar.alias?.aliasname ?? item.RangeVar.relname : undefined;
  const locked = clauses.some((clause) => {
    const names = "LockingClause" in clause ? clause.LockingClause.lockedRels ?? [] : [];
    return names.length === 0 || names.some((one) => "RangeVar" in one && one.RangeVar.relname === name);
  });
  return locked ? "RowShareLock" : "AccessShareLock";
}

interface FromPlace extends Place {
  readonly mode: LockMode;
}

function fromItem(scope: Scope, item: Node, place: FromPlace): void {
  if ("RangeVar" in item) return read(scope, { name: item.RangeVar, mode: place.mode, place });
  if ("JoinExpr" in item) {
    const { larg, rarg, ...rest } = item.JoinExpr;
    for (const side of [larg, rarg]) if (side !== undefined) fromItem(scope, side, place);
    return visit(scope, rest, place);
  }
  if ("RangeTableSample" in item && item.RangeTableSample.relation !== undefined) {
    return fromItem(scope, item.RangeTableSample.relation, place);
  }
  visit(scope, item, place);
}

/** The tables that stand in FROM themselves, or in a join there. */
function tablesIn(scope: Scope, items: readonly Node[], place: Place): readonly FromTable[] {
  return items.flatMap((item) => {
    if ("JoinExpr" in item) {
      const sides = [item.JoinExpr.larg, item.JoinExpr.rarg].filter((side) => side !== undefined);
      return tablesIn(scope, sides, place);
    }
    const table = "RangeVar" in item ? found(scope, item.RangeVar, place) : null;
    return table === null || !("RangeVar" in item) ? [] : [{ table, only: item.RangeVar.inh !== true }];
  });
}

function found({ catalog }: Scope, name: RangeVar, { hidden }: Place): Relation | null {
  if (name.schemaname === undefined && hidden.has(name.relname ?? "")) return null;
  return resolveRelation(catalog, name);
}

interface ReadName {
  readonly name: RangeVar;
  readonly mode: LockMode;
  readonly place: Place;
}

function read(scope: Scope, { name, mode, place }: ReadName): void {
  const relation = found(scope, name, place);
  if (relation === null) return;
  if (place.depth === "read") scope.effects.lock(relation, mode);
  else lockForQuery(scope, { relation, mode, only: name.inh !== true });
}

function insert(scope: Scope, { relation, withClause, ...rest }: InsertStmt, outer: Place): void {
  const place = inside(scope, { ...(withClause === undefined ? {} : { withClause }) }, outer);
  visit(scope, rest, place);
  const columns = rest.cols === undefined ? givenColumns(scope, relation, rest.selectStmt) : targets(rest.cols);
  const infers = rest.onConflictClause?.infer !== undefined;
  write(scope, relation, { place, kind: "insert", columns, where: null, isAlone: true, usesIndexes: infers });
}

function update(scope: Scope, { relation, withClause, ...rest }: UpdateStmt, outer: Place): void {
  const place = inside(scope, { ...(withClause === undefined ? {} : { withClause }) }, outer);
  const where = rest.whereClause ?? null;
  const isAlone = rest.fromClause === undefined;
  write(scope, relation, { place, kind: "update", columns: targets(rest.targetList), where, isAlone });
  joined(scope, rest.fromClause, place);
  visit(scope, rest, place);
}

function remove(scope: Scope, { relation, withClause, ...rest }: DeleteStmt, outer: Place): void {
  const place = inside(scope, { ...(withClause === undefined ? {} : { withClause }) }, outer);
  const where = rest.whereClause ?? null;
  write(scope, relation, { place, kind: "delete", columns: null, where, isAlone: rest.usingClause === undefined });
  joined(scope, rest.usingClause, place);
  visit(scope, rest, place);
}

/** Without a list of columns, the first ones get the values; null where it is not known how many there are. */
function givenColumns(
  { catalog }: Scope,
  name: RangeVar | undefined,
  source: Node | undefined,
): readonly string[] | null {
  if (source === undefined) return [];
  const table = name === undefined ? null : resolveRelation(catalog, name);
  const [first] = "SelectStmt" in source ? source.SelectStmt.valuesLists ?? [] : [];
  const values = first !== undefined && "List" in first ? first.List.items ?? [] : null;
  if (table === null || !table.known || values === null) return null;
  return table.columns.slice(0, values.length).map(({ name }) => name);
}

const MERGE_KINDS: Readonly<Record<string, Write["kind"]>> = {
  CMD_INSERT: "insert",
  CMD_UPDATE: "update",
  CMD_DELETE: "delete",
};

function merge(scope: Scope, { relation, withClause, ...rest }: MergeStmt, outer: Place): void {
  const place = inside(scope, { ...(withClause === undefined ? {} : { withClause }) }, outer);
  for (const clause of rest.mergeWhenClauses ?? []) {
    if (!("MergeWhenClause" in clause)) continue;
    const { commandType = "", targetList } = clause.MergeWhenClause;
    const kind = MERGE_KINDS[commandType];
    const columns = targetList === undefined ? null : targets(targetList);
    if (kind !== undefined) {
      write(scope, relation, { place, kind, columns, where: null, isAlone: false, usesIndexes: true, joined: true });
    }
  }
  joined(scope, rest.sourceRelation === undefined ? [] : [rest.sourceRelation], place);
  visit(scope, rest, place);
}

/** Tables that are joined to the one that is written to. */
function joined(scope: Scope, items: readonly Node[] = [], place: Place): void {
  if (place.depth === "run") noteScans(scope, tablesIn(scope, items, place), { where: null, isAlone: false });
}

function write(
  scope: Scope,
  name: RangeVar | undefined,
  { place, ...how }: Omit<Write, "relation" | "only"> & { readonly place: Place },
): void {
  const relation = name === undefined ? null : resolveRelation(scope.catalog, name);
  if (relation === null) return;
  if (place.depth === "read") return scope.effects.lock(relation, "RowExclusiveLock");
  noteWrite(scope, { ...how, relation, only: name?.inh !== true, isRun: place.depth === "run" });
}

function targets(list: readonly Node[] = []): readonly string[] {
  return list.flatMap((target) => "ResTarget" in target ? [target.ResTarget.name ?? ""] : []);
}
