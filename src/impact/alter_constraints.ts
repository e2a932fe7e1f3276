/** ADD, VALIDATE and DROP CONSTRAINT. */

import type { Constraint } from "libpg-query";
import type { QualifiedName, Relation, TableConstraint } from "../catalog/catalog.ts";
import { findRelation, resolveRelation, withDescendants } from "../catalog/resolve.ts";
import { listedParts } from "../sql/identifiers.ts";
import type { Action } from "./alter_table.ts";
import type { Scope } from "./effects.ts";
import { isNeverNull } from "./proves_not_null.ts";
import { lockForQuery } from "./query_locks.ts";
import { foreignKeysTo, hasRows, withChildren } from "./relatives.ts";

export function addConstraint(scope: Scope, { command: { def }, table, reached }: Action): void {
  if (def === undefined || !("Constraint" in def)) return;
  const constraint = def.Constraint;
  const validates = constraint.skip_validation !== true && constraint.is_enforced !== false;
  switch (constraint.contype) {
    case "CONSTR_CHECK": {
      // Since 18 the tables that inherit are locked even where they get nothing.
      const checked = constraint.is_no_inherit ? [table] : reached;
      return scanAll(scope, { tables: validates ? checked : [], reason: "every row is checked" });
    }
    case "CONSTR_NOTNULL":
      return addNotNull(scope, { constraint, tables: validates ? reached : [] });
    case "CONSTR_FOREIGN":
      return addForeignKey(scope, { constraint, tables: reached, validates });
    case "CONSTR_PRIMARY":
    case "CONSTR_UNIQUE":
    case "CONSTR_EXCLUSION":
      return constraint.indexname === undefined
        ? buildIndex(scope, { table })
        : adoptIndex(scope, { table, constraint });
  }
}

function scanAll(
  { effects }: Scope,
  { tables, reason }: { readonly tables: readonly Relation[]; readonly reason: string },
): void {
  for (const table of tables.filter(hasRows)) effects.scan(table, reason);
}

/** The names of the columns that a constraint of the grammar is over. */
function columnsOf({ keys, fk_attrs }: Constraint): readonly string[] {
  return listedParts(keys ?? fk_attrs);
}

function addNotNull(
  { effects }: Scope,
  { constraint, tables }: { readonly constraint: Constraint; readonly tables: readonly Relation[] },
): void {
  const [column = ""] = columnsOf(constraint);
  for (const table of tables) {
    if (hasRows(table) && !isNeverNull(table, column)) effects.scan(table, "every row is checked for NULL");
  }
}

/** An index that a constraint brings is built under the lock that ALTER TABLE has; on partitions, under SHARE. */
export function buildIndex(scope: Scope, { table }: { readonly table: Relation }): void {
  const tables = table.kind === "partitioned-table" ? withDescendants(scope.catalog, table) : [table];
  for (const one of tables) scope.effects.lock(one, "ShareLock");
  scanAll(scope, { tables, reason: "the index of the constraint is built" });
}

/** ADD … USING INDEX. */
function adoptIndex(
  { catalog, effects }: Scope,
  { table, constraint }: { readonly table: Relation; readonly constraint: Constraint },
): void {
  const index = findRelation(catalog, { schema: table.schema, name: constraint.indexname ?? "" });
  // The index gets the name of the constraint.
  const isRenamed = constraint.conname !== undefined && constraint.conname !== constraint.indexname;
  if (index !== null) effects.lock(index, isRenamed ? "ShareUpdateExclusiveLock" : "AccessShareLock");
  if (constraint.contype !== "CONSTR_PRIMARY") return;
  const columns = index?.index?.columns ?? [];
  if (columns.some((column) => column !== null && !isNeverNull(table, column))) {
    effects.scan(table, "every row is checked for NULL, since a primary key is never NULL");
  }
}

export interface NewForeignKey {
  readonly constraint: Constraint;
  /** The tables that get it: several for a partitioned one. */
  readonly tables: readonly Relation[];
  readonly validates: boolean;
}

export function addForeignKey(scope: Scope, { constraint, tables, validates }: NewForeignKey): void {
  const { catalog, effects } = scope;
  const parent = constraint.pktable === undefined ? null : resolveRelation(catalog, constraint.pktable);
  if (parent === null) return;
  const parents = withDescendants(catalog, parent);
  for (const one of parents) effects.lock(one, "ShareRowExclusiveLock");
  if (validates) scanBoth(scope, { tables, parents });
}

export function scanBoth(
  scope: Scope,
  { tables, parents }: { readonly tables: readonly Relation[]; readonly parents: readonly Relation[] },
): void {
  for (const table of tables.filter(hasRows)) {
    scope.effects.scan(table, "every row is looked up in the other table");
  }
  for (const table of parents.filter(hasRows)) {
    scope.effects.scan(table, "the rows of the other table are looked up in it");
  }
  // It is a query for each table that has rows, and the planner locks every index of the tables in it.
  for (const table of tables.filter(hasRows)) {
    lockForQuery(scope, { relation: table, mode: "AccessShareLock", only: true });
  }
  for (const table of parents) lockForQuery(scope, { relation: table, mode: "AccessShareLock", only: true });
}

export function validateConstraint(scope: Scope, { command: { name = "" }, table, only }: Action): void {
  const reached = withChildren(scope.catalog, { relation: table, only });
  const constraint = table.constraints.find((one) => one.name === name);
  if (constraint === undefined) {
    if (!table.known) scope.effects.notKnown(`Nothing is known of the constraint ${name}`);
    return;
  }
  if (constraint.validated) return;
  for (const one of reached) scope.effects.lock(one, "ShareUpdateExclusiveLock");
  if (constraint.kind !== "foreign-key") return scanAll(scope, { tables: reached, reason: "every row is checked" });
  const parent = constraint.references === null ? null : findRelation(scope.catalog, constraint.references);
  const parents = parent === null ? [] : withDescendants(scope.catalog, parent);
  for (const one of parents) scope.effects.lock(one, "RowShareLock");
  if (parent === null && constraint.references !== null) scope.effects.lock(constraint.references, "RowShareLock");
  scanBoth(scope, { tables: reached, parents });
}

export function dropConstraint(scope: Scope, { command, table, only }: Action): void {
  const constraint = table.constraints.find(({ name }) => name === command.name);
  if (constraint === undefined) {
    if (!table.known) scope.effects.notKnown(`Nothing is known of the constraint ${command.name ?? ""}`);
    return;
  }
  for (const one of withChildren(scope.catalog, { relation: table, only })) {
    const own = one.constraints.find(({ name }) => name === constraint.name);
    const goesToo = one === table || own !== undefined || table.kind === "partitioned-table";
    if (goesToo) scope.effects.lock(one, "AccessExclusiveLock");
  }
  dropsConstraint(scope, { table, constraint });
}

/** What goes with a constraint: its index, the foreign keys that need it, and the triggers on the table it points to. */
export function dropsConstraint(
  { catalog, effects }: Scope,
  { table, constraint }: { readonly table: Relation; readonly constraint: TableConstraint },
): void {
  if (constraint.references !== null) lockAll(constraint.references);
  if (!["primary-key", "unique", "exclude"].includes(constraint.kind)) return;
  const index = findRelation(catalog, { schema: table.schema, name: constraint.name });
  for (const one of index === null ? [] : withDescendants(catalog, index)) effects.lock(one, "AccessExclusiveLock");
  // Without CASCADE the statement fails where there is one.
  for (const { from, constraint: key } of foreignKeysTo(catalog, table)) {
    const needsIt = key.referencedColumns.length === 0 ||
      key.referencedColumns.every((column) => constraint.columns.includes(column));
    if (needsIt) lockAll(from);
  }

  function lockAll(name: QualifiedName): void {
    const relation = findRelation(catalog, name);
    if (relation === null) effects.lock(name, "AccessExclusiveLock");
    else for (const one of withDescendants(catalog, relation)) effects.lock(one, "AccessExclusiveLock");
  }
}
