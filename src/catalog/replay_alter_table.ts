/** ALTER TABLE. */

import type { AlterTableCmd, AlterTableStmt } from "libpg-query";
import type { Catalog, Relation } from "./catalog.ts";
import { columnDefinition, keptDefault } from "./column_definition.ts";
import { addNotNull, inOrder, replayConstraint } from "./replay_constraint.ts";
import { change, changeColumn } from "./edit.ts";
import { dropColumn, dropConstraint } from "./replay_drop_part.ts";
import { findColumn, findRelation, resolveRelation } from "./resolve.ts";
import { resolveType } from "./resolve_type.ts";
import { nameSequence, putSequence } from "./replay_sequence.ts";

interface Action {
  readonly command: AlterTableCmd;
  readonly by: bigint | null;
}

type Replay = (catalog: Catalog, table: Relation, action: Action) => void;

type ActionKind = NonNullable<AlterTableCmd["subtype"]>;

/** The actions that change what a catalog knows. */
const ACTIONS: Readonly<Partial<Record<ActionKind, Replay>>> = {
  AT_DropColumn: (catalog, table, { command }) =>
    dropColumn(catalog, table, { name: command.name ?? "", cascade: command.behavior === "DROP_CASCADE" }),
  AT_DropConstraint: (catalog, table, { command }) =>
    dropConstraint(catalog, table, { name: command.name ?? "", cascade: command.behavior === "DROP_CASCADE" }),
  AT_AlterColumnType: alterType,
  AT_AddColumn: addColumn,
  AT_ColumnDefault: (catalog, table, { command }) =>
    changeColumn(catalog, table, { name: command.name ?? "", default: keptDefault(command.def) }),
  AT_DropNotNull: dropNotNull,
  AT_SetNotNull: (catalog, table, { command }) =>
    addNotNull(catalog, table, { column: command.name ?? "", name: null, validated: true }),
  AT_AddConstraint: addConstraintOf,
  AT_ValidateConstraint: validateConstraint,
};

const ORDER = Object.keys(ACTIONS);

export function replayAlterTable(catalog: Catalog, node: AlterTableStmt, by: bigint | null): void {
  const table = node.relation === undefined ? null : resolveRelation(catalog, node.relation);
  if (table === null) return;
  const commands = (node.cmds ?? []).flatMap((command) => "AlterTableCmd" in command ? [command.AlterTableCmd] : []);
  const rank = ({ subtype }: AlterTableCmd) => ORDER.indexOf(subtype ?? "");
  // The server runs the actions of one statement in passes, drops first, whatever their order in the text.
  for (const command of commands.toSorted((one, other) => rank(one) - rank(other))) {
    const replay = ACTIONS[command.subtype ?? "AT_ClusterOn"];
    replay?.(catalog, findRelation(catalog, table) ?? table, { command, by });
  }
}

function addColumn(catalog: Catalog, table: Relation, { command, by }: Action): void {
  const { def } = command;
  if (def === undefined || !("ColumnDef" in def)) return;
  if (findColumn(table, def.ColumnDef.colname ?? "") !== null) return;
  const sequence = nameSequence(catalog, table, def.ColumnDef.colname ?? "");
  const { column, hasSequence, constraints } = columnDefinition(catalog, def.ColumnDef, sequence);
  if (hasSequence) putSequence(catalog, { name: sequence, table, by });
  change(catalog, table, ({ columns }) => ({ columns: [...columns, column] }));
  for (const given of inOrder(constraints)) replayConstraint(catalog, table, { given, by });
}

function addConstraintOf(catalog: Catalog, table: Relation, { command: { def }, by }: Action): void {
  if (def === undefined || !("Constraint" in def)) return;
  replayConstraint(catalog, table, { given: { node: def.Constraint, column: null }, by });
}

function alterType(catalog: Catalog, table: Relation, { command: { name = "", def } }: Action): void {
  if (def === undefined || !("ColumnDef" in def) || def.ColumnDef.typeName === undefined) return;
  const type = resolveType(catalog, def.ColumnDef.typeName, def.ColumnDef.collClause);
  changeColumn(catalog, table, { name, type });
}

function dropNotNull(catalog: Catalog, table: Relation, { command: { name = "" } }: Action): void {
  changeColumn(catalog, table, { name, notNull: false });
  change(catalog, table, ({ constraints }) => ({
    constraints: constraints.filter(({ kind, columns }) => kind !== "not-null" || columns[0] !== name),
  }));
}

function validateConstraint(catalog: Catalog, table: Relation, { command: { name } }: Action): void {
  change(catalog, table, ({ constraints }) => ({
    constraints: constraints.map((one) => one.name === name ? { ...one, validated: true } : one),
  }));
}
