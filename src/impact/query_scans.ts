/** Which tables a query reads whole. */

import type { Node, SelectStmt } from "libpg-query";
import type { Relation } from "../catalog/catalog.ts";
import { findRelation, indexesOf } from "../catalog/resolve.ts";
import { columnsIn } from "../catalog/tree.ts";
import type { Scope } from "./effects.ts";
import { defaultSequence } from "./functions.ts";
import { lockForQuery } from "./query_locks.ts";
import { foreignKeysTo, hasRows, sequencesOf, withChildren } from "./relatives.ts";

export interface SelectedTables {
  readonly select: SelectStmt;
  /** There is nothing else in its FROM. */
  readonly alone: boolean;
  readonly tables: readonly Relation[];
}

export function certainlyScanned(scope: Scope, { select, alone, tables }: SelectedTables): void {
  const { whereClause, limitCount, sortClause, groupClause, distinctClause } = select;
  const stopsEarly = limitCount !== undefined && sortClause === undefined && groupClause === undefined &&
    distinctClause === undefined;
  if (stopsEarly) return;
  const single = alone && tables.length === 1 && limitCount === undefined;
  for (const table of tables) scanned(scope, { table, only: false, where: whereClause ?? null, alone: single });
}

interface Scanned {
  readonly table: Relation;
  readonly only: boolean;
  readonly where: Node | null;
  readonly alone: boolean;
}

function scanned({ catalog, effects }: Scope, { table, only, where, alone }: Scanned): void {
  for (const one of withChildren(catalog, { relation: table, only })) {
    if (!hasRows(one)) continue;
    const columns = where === null ? [] : columnsIn(where);
    const served = where !== null &&
      (!one.known || indexesOf(catalog, one).some(({ index }) => serves(index, columns)));
    const reason = where === null ? "the query has no WHERE" : "no index is sure to serve its WHERE";
    effects.scan(one, reason, alone && !served);
  }
}

function serves(index: Relation["index"], columns: readonly string[]): boolean {
  const first = index?.columns[0];
  return first === null || (first !== undefined && columns.includes(first));
}

export interface WrittenRows {
  readonly relation: Relation;
  readonly only: boolean;
  readonly kind: "insert" | "update" | "delete" | "merge";
  /** Those that the statement names; null for all. */
  readonly columns: readonly string[] | null;
  readonly where: Node | null;
  /** No other table is joined to it. */
  readonly alone: boolean;
}

export function writesRows(scope: Scope, written: WrittenRows): void {
  const { relation, only, kind, columns, where, alone } = written;
  lockForQuery(scope, { relation, mode: "RowExclusiveLock", only: only && relation.kind !== "partitioned-table" });
  for (const table of withChildren(scope.catalog, { relation, only })) {
    if (kind !== "delete") lockParents(scope, { table, changed: kind === "update" ? columns : null });
    if (kind !== "insert") lockReferencing(scope, { table, changed: kind === "update" ? columns : null });
  }
  if (kind === "insert" || kind === "merge") lockSequences(scope, { table: relation, given: columns });
  const isCursor = where !== null && "CurrentOfExpr" in where;
  if (kind !== "insert" && !isCursor && relation.kind !== "view") {
    scanned(scope, { table: relation, only, where, alone });
  }
}

interface Changed {
  readonly table: Relation;
  /** The columns that get a new value; null: all. */
  readonly changed: readonly string[] | null;
}

/** The row that a foreign key points to is locked, so that it stays. */
function lockParents(scope: Scope, { table, changed }: Changed): void {
  for (const { references, columns } of table.constraints) {
    if (references === null) continue;
    if (changed !== null && !columns.some((column) => changed.includes(column))) continue;
    const parent = findRelation(scope.catalog, references);
    if (parent === null) scope.effects.lock(references, "RowShareLock");
    else lockForQuery(scope, { relation: parent, mode: "RowShareLock", only: false });
  }
}

/** Rows that point to one that goes are looked for. */
function lockReferencing(scope: Scope, { table, changed }: Changed): void {
  const key = table.constraints.filter(({ kind }) => kind === "primary-key" || kind === "unique");
  const keyChanges = changed === null || key.some(({ columns }) => columns.some((column) => changed.includes(column)));
  if (!keyChanges) return;
  for (const { from } of foreignKeysTo(scope.catalog, table)) {
    lockForQuery(scope, { relation: from, mode: "RowShareLock", only: false });
  }
}

function lockSequences(
  scope: Scope,
  { table, given }: { readonly table: Relation; readonly given: readonly string[] | null },
): void {
  for (const column of table.columns) {
    if (given?.includes(column.name)) continue;
    const named = defaultSequence(scope.catalog, column);
    const owned = column.identity ? sequencesOf(scope.catalog, table) : [];
    for (const sequence of named === null ? owned : [named]) scope.effects.lock(sequence, "RowExclusiveLock");
  }
}
