/** ALTER TABLE, and ALTER INDEX, ALTER VIEW and others that the grammar makes the same statement of. */

import type { AlterTableCmd, AlterTableStmt, AlterTableType, ObjectType } from "libpg-query";
import type { Relation, RelationKind } from "../catalog/catalog.ts";
import { findColumn, findRelation, ownedSequences, resolveRelation } from "../catalog/resolve.ts";
import { typeNamed } from "../catalog/resolve_type.ts";
import { listedParts } from "../sql/identifiers.ts";
import { addColumn } from "./add_column.ts";
import { addConstraint, dropConstraint, validateConstraint } from "./alter_constraints.ts";
import { alterColumnType } from "./alter_column_type.ts";
import { type ActionFacts, actionFacts } from "./alter_table_actions.ts";
import { dropColumn } from "./drop_column.ts";
import type { Scope } from "./effects.ts";
import type { LockMode } from "./impact.ts";
import { lockOwned } from "./object_changes.ts";
import { attachPartition, detachPartition } from "./partitions.ts";
import { isNeverNull } from "./proves_not_null.ts";
import { hasRows, identitySequence, withChildren } from "./relatives.ts";
import { rewriteTable } from "./rewrite_table.ts";

/** One action of an ALTER TABLE, and the tables that it reaches. */
export interface Action {
  readonly command: AlterTableCmd;
  readonly table: Relation;
  /** The table itself first. */
  readonly reached: readonly Relation[];
  /** The statement says ONLY. */
  readonly only: boolean;
}

const KINDS: Partial<Readonly<Record<ObjectType, RelationKind>>> = {
  OBJECT_INDEX: "index",
  OBJECT_VIEW: "view",
  OBJECT_MATVIEW: "materialized-view",
  OBJECT_SEQUENCE: "sequence",
  OBJECT_FOREIGN_TABLE: "foreign-table",
  OBJECT_TYPE: "composite-type",
};

export function alterTable(
  scope: Scope,
  { relation: name, cmds = [], objtype = "OBJECT_TABLE" }: AlterTableStmt,
): void {
  const table = name === undefined
    ? null
    : resolveRelation(scope.catalog, name, { expected: KINDS[objtype] ?? "table" });
  if (table === null) return;
  if (objtype === "OBJECT_TYPE" && cmds.some((node) => "AlterTableCmd" in node && cascades(node.AlterTableCmd))) {
    scope.effects.notKnown(`Which tables are of the type ${table.name} shows when it runs`);
  }
  for (const node of cmds) {
    if (!("AlterTableCmd" in node)) continue;
    const command = node.AlterTableCmd;
    const facts = actionFacts(command, { table, postgresVersion: scope.postgresVersion });
    const reached = reachOf(scope, { table, only: name?.inh !== true, facts });
    for (const one of reached) scope.effects.lock(one, facts.mode);
    DETAILS[command.subtype!]?.(scope, { command, table, reached, only: name?.inh !== true });
  }
}

function cascades({ behavior }: AlterTableCmd): boolean {
  return behavior === "DROP_CASCADE";
}

function reachOf(
  { catalog }: Scope,
  { table, only, facts }: { readonly table: Relation; readonly only: boolean; readonly facts: ActionFacts },
): readonly Relation[] {
  const alone = only || facts.children === "none" ||
    (facts.children === "partitions" && table.kind !== "partitioned-table");
  return withChildren(catalog, { relation: table, only: alone });
}

type Detail = (scope: Scope, action: Action) => void;

const DETAILS: Partial<Readonly<Record<AlterTableType, Detail>>> = {
  AT_AddColumn: addColumn,
  AT_DropColumn: dropColumn,
  AT_AlterColumnType: alterColumnType,
  AT_AddConstraint: addConstraint,
  AT_ValidateConstraint: validateConstraint,
  AT_DropConstraint: dropConstraint,
  AT_AddOf: lockType,
  AT_SetNotNull: setNotNull,
  AT_SetExpression: setExpression,
  AT_SetLogged: (scope, { table }) => setPersistence(scope, table, "permanent"),
  AT_SetUnLogged: (scope, { table }) => setPersistence(scope, table, "unlogged"),
  // Whether they change anything is not known.
  AT_SetAccessMethod: (scope, { table }) =>
    rewriteTable(scope, { table, reason: "every row is stored by another access method", certain: false }),
  AT_SetTableSpace: ({ effects }, { table }) => {
    if (hasRows(table)) effects.rewrite(table, "its file is copied to another tablespace", false);
  },
  AT_ChangeOwner: (scope, { table }) => lockOwned(scope, table),
  AT_ClusterOn: (scope, action) => lockIndex(scope, action, "ShareUpdateExclusiveLock"),
  AT_ReplicaIdentity: replicaIdentity,
  AT_DropIdentity: (scope, action) => lockIdentity(scope, action, "AccessExclusiveLock"),
  AT_SetIdentity: (scope, action) => lockIdentity(scope, action, "ShareRowExclusiveLock"),
  AT_AddInherit: (scope, action) => lockParent(scope, action, "ShareUpdateExclusiveLock"),
  AT_DropInherit: (scope, action) => lockParent(scope, action, "AccessShareLock"),
  AT_AttachPartition: attachPartition,
  AT_DetachPartition: detachPartition,
};

/** A virtual column is computed when it is read. */
function setExpression(scope: Scope, { command: { name = "" }, reached }: Action): void {
  for (const table of reached) {
    if (findColumn(table, name)?.generated === "virtual") continue;
    rewriteTable(scope, { table, reason: "the generated column is computed for every row" });
  }
}

function setNotNull({ effects }: Scope, { command: { name = "" }, reached }: Action): void {
  for (const table of reached) {
    if (hasRows(table) && !isNeverNull(table, name)) {
      effects.scan(table, "every row is checked for NULL", table.known);
    }
  }
}

function setPersistence(scope: Scope, table: Relation, persistence: Relation["persistence"]): void {
  if (table.known && table.persistence === persistence) return;
  const reason = persistence === "permanent"
    ? "every row is copied to a file that is logged"
    : "every row is copied to a file that is not logged";
  rewriteTable(scope, { table, reason });
  // Since 15 a sequence of a table that is not logged is not logged either.
  if (scope.postgresVersion < 15) return;
  for (const sequence of ownedSequences(scope.catalog, table)) scope.effects.lock(sequence, "AccessExclusiveLock");
}

function lockIndex(
  { effects }: Scope,
  { command: { name }, table }: Action,
  mode: LockMode,
): void {
  if (name !== undefined) effects.lock({ schema: table.schema, name }, mode);
}

function replicaIdentity(scope: Scope, { command: { def }, table }: Action): void {
  const name = def !== undefined && "ReplicaIdentityStmt" in def ? def.ReplicaIdentityStmt.name : undefined;
  if (name !== undefined) scope.effects.lock({ schema: table.schema, name }, "ShareLock");
}

function lockIdentity({ catalog, effects }: Scope, { command: { name = "" }, table }: Action, mode: LockMode): void {
  const sequence = identitySequence(catalog, { table, column: name });
  if (sequence !== null) effects.lock(sequence, mode);
}

function lockParent({ catalog, effects }: Scope, { command: { def } }: Action, mode: LockMode): void {
  const parent = def !== undefined && "RangeVar" in def ? resolveRelation(catalog, def.RangeVar) : null;
  if (parent !== null) effects.lock(parent, mode);
}

/** The composite type of a typed table is a relation too. */
function lockType({ catalog, effects }: Scope, { command: { def } }: Action): void {
  const name = def !== undefined && "TypeName" in def ? typeNamed(catalog, listedParts(def.TypeName.names)) : null;
  const type = name === null ? null : findRelation(catalog, name);
  if (type !== null) effects.lock(type, "AccessShareLock");
}
