/** ALTER TABLE, and ALTER INDEX, VIEW, SEQUENCE and TYPE as far as they are the same statement. */

import type { AlterTableCmd, AlterTableStmt } from "libpg-query";
import type { Catalog, QualifiedName, Relation } from "./catalog.ts";
import { columnDefinition, keptDefault } from "./column_definition.ts";
import { dropColumn, dropConstraint, sequencesOf } from "./drop_relation.ts";
import { change, changeColumn, nameOf, removeRelation } from "./edit.ts";
import { inOrder, replayConstraint, setNotNull } from "./replay_constraint.ts";
import { notPlain } from "./replay_index.ts";
import { attach, detach, inheritConstraints } from "./replay_partition.ts";
import { nameSequence, putSequence } from "./replay_sequence.ts";
import {
  findColumn,
  findRelation,
  indexesOf,
  isSame,
  ownedSequences,
  resolveRelation,
  withDescendants,
} from "./resolve.ts";
import { resolveType } from "./resolve_type.ts";

interface Action {
  readonly command: AlterTableCmd;
  readonly by: bigint | null;
  /** Whether the tables that inherit from it are changed as well: not with ONLY. */
  readonly recurse: boolean;
}

type Replay = (catalog: Catalog, table: Relation, action: Action) => void;

type ActionKind = NonNullable<AlterTableCmd["subtype"]>;

/**
 * The actions that change what a catalog knows, in the order in which the server runs those of one statement, whatever
 * their order in the text.
 */
const ACTIONS: Readonly<Partial<Record<ActionKind, Replay>>> = {
  AT_DropColumn: (catalog, table, { command: { name = "", behavior }, recurse }) =>
    dropColumn(catalog, table, { name, recurse, cascade: behavior === "DROP_CASCADE" }),
  AT_DropConstraint: (catalog, table, { command, recurse }) =>
    dropConstraint(catalog, table, command.name ?? "", { recurse }),
  AT_DropNotNull: dropNotNull,
  AT_DropExpression: dropExpression,
  AT_DropIdentity: dropIdentity,
  AT_AlterColumnType: alterType,
  AT_SetExpression: (catalog, table, action) =>
    changeColumns(catalog, table, action, () => ({ default: action.command.def ?? null })),
  AT_AddColumn: addColumn,
  AT_ColumnDefault: (catalog, table, action) =>
    changeColumns(catalog, table, action, () => ({ default: keptDefault(action.command.def) })),
  AT_AddIdentity: addIdentity,
  AT_SetNotNull: (catalog, table, { command, recurse }) =>
    setNotNull(catalog, table, { column: command.name ?? "", recurse }),
  AT_AddConstraint: addConstraintOf,
  AT_AlterConstraint: alterConstraint,
  AT_ValidateConstraint: validateConstraint,
  AT_SetRelOptions: (catalog, index) => notPlain(catalog, index),
  AT_ClusterOn: (catalog, { schema }, { command }) => notPlain(catalog, nameIn(schema, command)),
  AT_SetTableSpace: (catalog, index) => notPlain(catalog, index),
  AT_SetStatistics: (catalog, index) => notPlain(catalog, index),
  AT_ReplicaIdentity: (catalog, { schema }, { command: { def } }) =>
    notPlain(catalog, nameIn(schema, def !== undefined && "ReplicaIdentityStmt" in def ? def.ReplicaIdentityStmt : {})),
  AT_SetLogged: (catalog, table) => setPersistence(catalog, table, "permanent"),
  AT_SetUnLogged: (catalog, table) => setPersistence(catalog, table, "unlogged"),
  AT_AddInherit: addInherit,
  AT_DropInherit: dropInherit,
  AT_AttachPartition: attachPartition,
  AT_DetachPartition: detachPartition,
};

const ORDER = Object.keys(ACTIONS);

export function replayAlterTable(catalog: Catalog, node: AlterTableStmt, by: bigint | null): void {
  const table = node.relation === undefined ? null : resolveRelation(catalog, node.relation);
  if (table === null || table.schema === "pg_catalog") return;
  const commands = (node.cmds ?? []).flatMap((command) => "AlterTableCmd" in command ? [command.AlterTableCmd] : []);
  const rank = ({ subtype }: AlterTableCmd) => ORDER.indexOf(subtype ?? "");
  // A composite type's name comes without it, and has no heirs.
  const recurse = node.relation?.inh === true;
  for (const command of commands.toSorted((one, other) => rank(one) - rank(other))) {
    ACTIONS[command.subtype ?? "AT_ClusterOn"]?.(catalog, findRelation(catalog, table) ?? table, {
      command,
      by,
      recurse,
    });
  }
}

/** The table, with all below it where the action goes there. */
function targets(catalog: Catalog, table: Relation, { recurse }: Action): readonly Relation[] {
  return recurse ? withDescendants(catalog, table) : [table];
}

function changeColumns(
  catalog: Catalog,
  table: Relation,
  action: Action,
  changed: () => Partial<Omit<Relation["columns"][number], "name">>,
): void {
  const name = action.command.name ?? "";
  for (const one of targets(catalog, table, action)) changeColumn(catalog, one, { name, ...changed() });
}

function addColumn(catalog: Catalog, table: Relation, action: Action): void {
  const { command: { def }, by } = action;
  if (def === undefined || !("ColumnDef" in def)) return;
  const name = def.ColumnDef.colname ?? "";
  if (findColumn(table, name) !== null) return;
  const sequence = nameSequence(catalog, table, name);
  const { column, hasSequence, constraints } = columnDefinition(catalog, def.ColumnDef, sequence);
  if (hasSequence) putSequence(catalog, { name: sequence, table, column: name, by });
  for (const one of targets(catalog, table, action)) {
    if (findColumn(one, name) === null) {
      change(catalog, one, ({ columns }) => ({ columns: [...columns, column] }));
    }
  }
  for (const given of inOrder(constraints)) replayConstraint(catalog, table, { given, by, recurse: action.recurse });
}

function addConstraintOf(catalog: Catalog, table: Relation, { command: { def }, by, recurse }: Action): void {
  if (def === undefined || !("Constraint" in def)) return;
  replayConstraint(catalog, table, { given: { node: def.Constraint, column: null }, by, recurse });
}

function alterType(catalog: Catalog, table: Relation, action: Action): void {
  const { def } = action.command;
  if (def === undefined || !("ColumnDef" in def) || def.ColumnDef.typeName === undefined) return;
  const type = resolveType(catalog, def.ColumnDef.typeName, def.ColumnDef.collClause);
  changeColumns(catalog, table, action, () => ({ type }));
}

function dropNotNull(catalog: Catalog, table: Relation, action: Action): void {
  const { name = "" } = action.command;
  for (const one of targets(catalog, table, action)) {
    changeColumn(catalog, one, { name, notNull: false });
    change(catalog, one, ({ constraints }) => ({
      constraints: constraints.filter(({ kind, columns }) => kind !== "not-null" || columns[0] !== name),
    }));
  }
}

/** With IF EXISTS it may be a column that is not generated, which keeps its default. */
function dropExpression(catalog: Catalog, table: Relation, action: Action): void {
  if (findColumn(table, action.command.name ?? "")?.generated === null) return;
  changeColumns(catalog, table, action, () => ({ generated: null, default: null }));
}

function addIdentity(catalog: Catalog, table: Relation, action: Action): void {
  const { command: { name = "" }, by } = action;
  putSequence(catalog, { name: nameSequence(catalog, table, name), table, column: name, by });
  changeColumns(catalog, table, action, () => ({ identity: true }));
}

function dropIdentity(catalog: Catalog, table: Relation, action: Action): void {
  const { name = "" } = action.command;
  if (findColumn(table, name)?.identity === false) return;
  for (const sequence of sequencesOf(catalog, table, name)) removeRelation(catalog, sequence);
  changeColumns(catalog, table, action, () => ({ identity: false }));
}

function validateConstraint(catalog: Catalog, table: Relation, action: Action): void {
  const { name } = action.command;
  for (const one of targets(catalog, table, action)) {
    change(catalog, one, ({ constraints }) => ({
      constraints: constraints.map((own) => own.name === name ? { ...own, validated: true } : own),
    }));
  }
}

/** What is said of its deferring or enforcing is not kept, but for that something is. */
function alterConstraint(catalog: Catalog, table: Relation, action: Action): void {
  const { def } = action.command;
  const name = def !== undefined && "ATAlterConstraint" in def ? def.ATAlterConstraint.conname : undefined;
  for (const one of targets(catalog, table, action)) {
    change(catalog, one, ({ constraints }) => ({
      constraints: constraints.map((own) => own.name === name ? { ...own, plain: false } : own),
    }));
  }
}

function nameIn(schema: string, { name = "" }: { readonly name?: string }): QualifiedName {
  return { schema, name };
}

/** The indexes go along, and since 15 the sequences that the table owns. */
function setPersistence(catalog: Catalog, table: Relation, persistence: Relation["persistence"]): void {
  change(catalog, table, () => ({ persistence }));
  for (const index of indexesOf(catalog, table)) change(catalog, index, () => ({ persistence }));
  for (const sequence of ownedSequences(catalog, table)) change(catalog, sequence, () => ({ persistence }));
}

function addInherit(catalog: Catalog, table: Relation, { command: { def } }: Action): void {
  const parent = def !== undefined && "RangeVar" in def ? resolveRelation(catalog, def.RangeVar) : null;
  if (parent === null) return;
  change(catalog, table, ({ parents }) => ({ parents: [...parents, nameOf(parent)] }));
  inheritConstraints(catalog, { parent, child: findRelation(catalog, table) ?? table, isNew: false });
}

function dropInherit(catalog: Catalog, table: Relation, { command: { def } }: Action): void {
  const parent = def !== undefined && "RangeVar" in def ? resolveRelation(catalog, def.RangeVar) : null;
  if (parent === null) return;
  change(catalog, table, ({ parents }) => ({ parents: parents.filter((one) => !isSame(one, parent)) }));
}

function attachPartition(catalog: Catalog, parent: Relation, { command: { def } }: Action): void {
  if (def === undefined || !("PartitionCmd" in def) || def.PartitionCmd.name === undefined) return;
  const child = resolveRelation(catalog, def.PartitionCmd.name);
  if (child !== null) attach(catalog, { parent, child, bound: def.PartitionCmd.bound });
}

function detachPartition(catalog: Catalog, parent: Relation, { command: { def } }: Action): void {
  if (def === undefined || !("PartitionCmd" in def) || def.PartitionCmd.name === undefined) return;
  const child = resolveRelation(catalog, def.PartitionCmd.name);
  if (child !== null) detach(catalog, { parent, child, concurrent: def.PartitionCmd.concurrent === true });
}
