/** ALTER TABLE, and ALTER INDEX, ALTER VIEW and others that the grammar makes the same statement of. */

import type { AlterTableCmd, AlterTableStmt, AlterTableType, ObjectType } from "libpg-query";
import type { Relation, RelationKind } from "../catalog/catalog.ts";
import { findColumn, resolveRelation } from "../catalog/resolve.ts";
import { addColumn } from "./add_column.ts";
import { addConstraint, dropConstraint, validateConstraint } from "./alter_constraints.ts";
import { alterColumnType } from "./alter_column_type.ts";
import { type ActionFacts, actionFacts } from "./alter_table_actions.ts";
import { dropColumn } from "./drop_column.ts";
import type { Scope } from "./effects.ts";
import { optionsMode } from "./option_modes.ts";
import { attachPartition, detachPartition } from "./partitions.ts";
import { provesNotNull } from "./proves_not_null.ts";
import { hasRows, withChildren } from "./relatives.ts";
import { rewriteTable } from "./rewrite_table.ts";

/** One action of an ALTER TABLE, and the tables that it reaches. */
export interface Action {
  readonly command: AlterTableCmd;
  readonly table: Relation;
  /** The table itself first. */
  readonly reached: readonly Relation[];
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
  for (const node of cmds) {
    if (!("AlterTableCmd" in node)) continue;
    const command = node.AlterTableCmd;
    const facts = factsOf(command, table);
    const reached = reachOf(scope, { table, only: name?.inh !== true, facts });
    for (const one of reached) scope.effects.lock(one, facts.mode);
    DETAILS[command.subtype!]?.(scope, { command, table, reached });
  }
}

function factsOf(command: AlterTableCmd, { kind }: Relation): ActionFacts {
  const facts = actionFacts(command.subtype!);
  const mode = optionsMode(command, kind);
  return mode === null ? facts : { ...facts, mode };
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
  AT_SetNotNull: setNotNull,
  AT_SetExpression: (scope, action) => rewriteAll(scope, action, "the generated column is computed for every row"),
  AT_SetLogged: (scope, action) => rewriteAll(scope, action, "every row is written to the log"),
  AT_SetUnLogged: (scope, action) => rewriteAll(scope, action, "every row is copied to a file that is not logged"),
  AT_SetAccessMethod: (scope, action) => rewriteAll(scope, action, "every row is stored by another access method"),
  AT_SetTableSpace: (scope, action) => rewriteAll(scope, action, "its file is copied to another tablespace"),
  AT_AttachPartition: attachPartition,
  AT_DetachPartition: detachPartition,
};

function rewriteAll(scope: Scope, { reached }: Action, reason: string): void {
  for (const table of reached) rewriteTable(scope, { table, reason });
}

function setNotNull({ effects }: Scope, { command: { name = "" }, reached }: Action): void {
  for (const table of reached) {
    if (!hasRows(table) || findColumn(table, name)?.notNull === true) continue;
    const proven = table.constraints.some(({ kind, validated, expression }) =>
      kind === "check" && validated && expression !== null && provesNotNull(expression, name)
    );
    if (!proven) effects.scan(table, "every row is checked for NULL", table.known);
  }
}
