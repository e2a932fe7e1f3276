/** ATTACH and DETACH PARTITION, and what a new partition means for its neighbours. */

import type { AlterTableCmd, PartitionBoundSpec } from "libpg-query";
import type { Relation } from "../catalog/catalog.ts";
import { childrenOf, findRelation, indexesOf, resolveRelation, withDescendants } from "../catalog/resolve.ts";
import type { Action } from "./alter_table.ts";
import type { Scope } from "./effects.ts";
import { provesBound, provesNoRoom } from "./partition_proof.ts";
import { foreignKeysTo, hasRows } from "./relatives.ts";

function partitionOf({ catalog }: Scope, { def }: AlterTableCmd): Relation | null {
  const name = def !== undefined && "PartitionCmd" in def ? def.PartitionCmd.name : undefined;
  return name === undefined ? null : resolveRelation(catalog, name);
}

function boundOf({ def }: AlterTableCmd): PartitionBoundSpec | null {
  return def !== undefined && "PartitionCmd" in def ? def.PartitionCmd.bound ?? null : null;
}

export function attachPartition(scope: Scope, { command, table }: Action): void {
  const { catalog, effects } = scope;
  const partition = partitionOf(scope, command);
  const bound = boundOf(command);
  if (table.index !== null) return attachIndex(scope, { index: table, partition });
  if (partition === null) return;
  for (const index of indexesOf(catalog, table)) effects.lock(index, "ShareUpdateExclusiveLock");
  const key = table.partitionKey;
  const proven = bound !== null && key !== null && provesBound(partition, { bound, key });
  for (const one of withDescendants(catalog, partition)) {
    effects.lock(one, "AccessExclusiveLock");
    if (hasRows(one) && !proven) effects.scan(one, "every row is checked against the bounds of the partition");
  }
  if (bound !== null) lockDefault(scope, { table, bound });
  attachedForeignKeys(scope, table);
}

function attachIndex(
  { effects }: Scope,
  { index, partition }: { readonly index: Relation; readonly partition: Relation | null },
): void {
  effects.lock(index.index!.table, "AccessShareLock");
  if (partition?.index == null) return;
  effects.lock(partition, "AccessExclusiveLock");
  effects.lock(partition.index.table, "AccessShareLock");
}

export interface NewPartition {
  readonly table: Relation;
  readonly bound: PartitionBoundSpec;
}

/** A new partition takes over rows that the default partition would have had, so that it must not have them. */
export function lockDefault({ catalog, effects }: Scope, { table, bound }: NewPartition): void {
  const other = childrenOf(catalog, table).find(({ partition }) => partition?.isDefault === true);
  if (other === undefined) return;
  const proven = table.partitionKey !== null && provesNoRoom(other, { bound, key: table.partitionKey });
  for (const one of withDescendants(catalog, other)) {
    effects.lock(one, "AccessExclusiveLock");
    if (hasRows(one) && !proven) effects.scan(one, "it must hold no row that belongs into the new partition");
  }
}

/** Foreign keys of a partitioned table are made on the new partition too, in both directions. */
export function attachedForeignKeys({ catalog, effects }: Scope, table: Relation): void {
  for (const { references } of table.constraints) {
    const parent = references === null ? null : findRelation(catalog, references);
    for (const one of parent === null ? [] : withDescendants(catalog, parent)) {
      effects.lock(one, "ShareRowExclusiveLock");
    }
  }
  for (const { from } of foreignKeysTo(catalog, table)) effects.lock(from, "ShareRowExclusiveLock");
}

export function detachPartition(scope: Scope, { command, table }: Action): void {
  const { catalog, effects } = scope;
  const partition = partitionOf(scope, command);
  if (partition === null) return;
  const concurrently = command.def !== undefined && "PartitionCmd" in command.def &&
    command.def.PartitionCmd.concurrent === true;
  effects.lock(table, concurrently ? "ShareUpdateExclusiveLock" : "AccessExclusiveLock");
  effects.lock(partition, "AccessExclusiveLock");
  for (const index of indexesOf(catalog, partition)) {
    effects.lock(index, concurrently ? "AccessShareLock" : "AccessExclusiveLock");
  }
  const other = childrenOf(catalog, table).find((child) => child.partition?.isDefault === true);
  if (other !== undefined) effects.lock(other, "AccessExclusiveLock");
}
