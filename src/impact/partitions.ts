/** ATTACH and DETACH PARTITION, and what a new partition means for its neighbours. */

import type { AlterTableCmd, PartitionBoundSpec } from "libpg-query";
import type { Catalog, IndexFacts, Relation } from "../catalog/catalog.ts";
import { childrenOf, findRelation, indexesOf, resolveRelation, withDescendants } from "../catalog/resolve.ts";
import { scanBoth } from "./alter_constraints.ts";
import type { Action } from "./alter_table.ts";
import type { Scope } from "./effects.ts";
import { provesBound, provesNoRoom } from "./partition_proof.ts";
import { lockForQuery } from "./query_locks.ts";
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
  buildMissingIndexes(scope, { table, partition });
  if (bound !== null) lockDefault(scope, { table, bound });
  attachedForeignKeys(scope, table);
  const parents = pointedTo(catalog, table);
  if (parents.length > 0) scanBoth(scope, { tables: withDescendants(catalog, partition), parents });
}

/** Each index of the partitioned table is built on the new partition, unless it has one that is the same. */
function buildMissingIndexes(
  { catalog, effects }: Scope,
  { table, partition }: { readonly table: Relation; readonly partition: Relation },
): void {
  const own = indexesOf(catalog, partition).flatMap(({ index }) => index ?? []);
  for (const { index, name } of indexesOf(catalog, table)) {
    if (index === null || own.some((candidate) => isSameIndex(candidate, index))) continue;
    for (const one of withDescendants(catalog, partition).filter(hasRows)) {
      effects.scan(one, `the index ${name} of the partitioned table is built on it too`);
    }
  }
}

function isSameIndex(one: IndexFacts, other: IndexFacts): boolean {
  return one.valid && one.unique === other.unique && one.partial === other.partial &&
    String(one.columns) === String(other.columns) && (one.constraint || !other.constraint);
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
export function attachedForeignKeys({ catalog, effects, postgresVersion }: Scope, table: Relation): void {
  for (const one of pointedTo(catalog, table)) effects.lock(one, "ShareRowExclusiveLock");
  const mode = postgresVersion < 15 ? "AccessShareLock" : "ShareRowExclusiveLock";
  for (const { from } of foreignKeysTo(catalog, table)) effects.lock(from, mode);
}

/** The tables that the foreign keys of a table point to, partitions included. */
function pointedTo(catalog: Catalog, { constraints }: Relation): readonly Relation[] {
  return constraints.flatMap(({ references }) => {
    const parent = references === null ? null : findRelation(catalog, references);
    return parent === null ? [] : withDescendants(catalog, parent);
  });
}

export function detachPartition(scope: Scope, { command, table }: Action): void {
  const { catalog, effects } = scope;
  const partition = partitionOf(scope, command);
  if (partition === null) return;
  const concurrently = command.def !== undefined && "PartitionCmd" in command.def &&
    command.def.PartitionCmd.concurrent === true;
  effects.lock(table, concurrently ? "ShareUpdateExclusiveLock" : "AccessExclusiveLock");
  for (const one of withDescendants(catalog, partition)) effects.lock(one, "AccessExclusiveLock");
  for (const index of indexesOf(catalog, partition)) {
    effects.lock(index, concurrently ? "AccessShareLock" : "AccessExclusiveLock");
  }
  detachedForeignKeys(scope, table);
  const other = childrenOf(catalog, table).find((child) => child.partition?.isDefault === true);
  if (other !== undefined) effects.lock(other, "AccessExclusiveLock");
}

/** The partition gets foreign keys of its own; none may point to a row of it from elsewhere. */
function detachedForeignKeys(scope: Scope, table: Relation): void {
  const { catalog, effects } = scope;
  for (const one of pointedTo(catalog, table)) effects.lock(one, "ShareRowExclusiveLock");
  for (const { from } of foreignKeysTo(catalog, table)) {
    effects.lock(from, "AccessExclusiveLock");
    lockForQuery(scope, { relation: from, mode: "AccessShareLock", only: true });
    if (hasRows(from)) effects.scan(from, "no row of it may point to one of the partition");
  }
}
