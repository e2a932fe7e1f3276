/** What INSERT, UPDATE, DELETE and MERGE do to the table they write to, and to the tables behind its foreign keys. */

import type { Node } from "libpg-query";
import type { Relation, TableConstraint } from "../catalog/catalog.ts";
import { findColumn, findRelation } from "../catalog/resolve.ts";
import type { Scope } from "./effects.ts";
import { defaultSequence } from "./functions.ts";
import { lockForQuery } from "./query_locks.ts";
import { noteScan } from "./query_scans.ts";
import { foreignKeysTo, identitySequence, withChildren } from "./relatives.ts";

export interface Write {
  readonly relation: Relation;
  /** Without what inherits from it. */
  readonly only: boolean;
  readonly kind: "insert" | "update" | "delete";
  /** The columns that it names; null for all. */
  readonly columns: readonly string[] | null;
  readonly where: Node | null;
  /** No other table is joined to it. */
  readonly isAlone: boolean;
  /** For an INSERT, whether the planner looks at the indexes too, as it does for all others. */
  readonly usesIndexes?: boolean;
  /** It is read through a join. */
  readonly joined?: boolean;
  readonly isRun?: boolean;
}

export function noteWrite(scope: Scope, write: Write): void {
  const { relation, only, kind, isRun = true } = write;
  const inherits = relation.kind === "partitioned-table" ? false : only || kind === "insert";
  const indexes = kind !== "insert" || write.usesIndexes === true;
  lockForQuery(scope, { relation, mode: "RowExclusiveLock", only: inherits, indexes });
  if (!isRun) return;
  if (relation.kind === "view") return writeThrough(scope, write);
  for (const table of withChildren(scope.catalog, { relation, only: inherits })) noteKeys(scope, { ...write, table });
  if (kind === "insert") lockSequences(scope, write);
  if (kind === "insert" && write.joined !== true) return;
  if (write.where !== null && "CurrentOfExpr" in write.where) return;
  noteScan(scope, { table: relation, only, where: write.where, isAlone: write.isAlone });
}

/** A view that can be written to is over one table; whether an index serves is not known then. */
function writeThrough(scope: Scope, write: Write): void {
  for (const name of write.relation.dependsOn) {
    const source = findRelation(scope.catalog, name);
    if (source !== null) noteWrite(scope, { ...write, relation: source, only: false, columns: null, isAlone: false });
  }
}

interface WrittenTable extends Write {
  readonly table: Relation;
}

function noteKeys(scope: Scope, { table, kind, columns }: WrittenTable): void {
  if (kind !== "delete") {
    for (const constraint of table.constraints) {
      if (isTouched(table, { constraint, kind, columns })) lockParent(scope, constraint);
    }
  }
  if (kind !== "insert") lockReferencing(scope, { table, kind, columns, seen: new Set() });
}

interface Touch {
  readonly constraint: TableConstraint;
  readonly kind: Write["kind"];
  readonly columns: readonly string[] | null;
}

/** Whether the statement writes to a foreign key's columns; one that an INSERT leaves out gets its default, or NULL. */
function isTouched(table: Relation, { constraint, kind, columns }: Touch): boolean {
  if (constraint.references === null) return false;
  if (columns === null) return true;
  return constraint.columns.some((name) =>
    columns.includes(name) || (kind === "insert" && findColumn(table, name)?.default != null)
  );
}

/** The row that a foreign key points to is locked, so that it stays. */
function lockParent(scope: Scope, { references }: TableConstraint): void {
  const parent = references === null ? null : findRelation(scope.catalog, references);
  if (parent !== null) lockForQuery(scope, { relation: parent, mode: "RowShareLock", only: false });
  else if (references !== null) scope.effects.lock(references, "RowShareLock");
}

interface GoneRows {
  readonly table: Relation;
  readonly kind: Write["kind"];
  readonly columns: readonly string[] | null;
  readonly seen: Set<Relation>;
}

/** Rows that point to one that goes, or gets another key, are looked for, and changed or deleted where the key says so. */
function lockReferencing(scope: Scope, { table, kind, columns, seen }: GoneRows): void {
  if (seen.has(table)) return;
  seen.add(table);
  for (const { from, constraint } of foreignKeysTo(scope.catalog, table)) {
    const { referencedColumns } = constraint;
    const keyStays = kind === "update" && columns !== null && referencedColumns.length > 0 &&
      !referencedColumns.some((column) => columns.includes(column));
    // A partition's own foreign key is looked after from the partitioned table.
    if (keyStays || from.partition !== null) continue;
    const action = kind === "delete" ? constraint.onDelete : constraint.onUpdate;
    const changes = action !== null && action !== "no-action" && action !== "restrict";
    lockForQuery(scope, { relation: from, mode: changes ? "RowExclusiveLock" : "RowShareLock", only: false });
    noteScan(scope, { table: from, only: false, where: null, isAlone: false, columns: constraint.columns });
    if (action === "cascade") {
      lockReferencing(scope, { table: from, kind, columns: kind === "delete" ? null : constraint.columns, seen });
    }
  }
}

function lockSequences({ catalog, effects }: Scope, { relation, columns }: Write): void {
  for (const column of relation.columns) {
    if (columns === null || columns.includes(column.name)) continue;
    const named = defaultSequence(catalog, column);
    const sequence = named ?? identitySequence(catalog, { table: relation, column: column.name });
    if (sequence !== null) effects.lock(sequence, "RowExclusiveLock");
  }
}
