/** ATTACH and DETACH PARTITION. */

import type { AlterTableCmd } from "libpg-query";
import type { Relation } from "../catalog/catalog.ts";
import { childrenOf, resolveRelation, withDescendants } from "../catalog/resolve.ts";
import type { Action } from "./alter_table.ts";
import type { Scope } from "./effects.ts";
import { hasRows } from "./relatives.ts";

function partitionOf({ catalog }: Scope, { def }: AlterTableCmd): Relation | null {
  const name = def !== undefined && "PartitionCmd" in def ? def.PartitionCmd.name : undefined;
  return name === undefined ? null : resolveRelation(catalog, name);
}

export function attachPartition(scope: Scope, { command, table }: Action): void {
  const { catalog, effects } = scope;
  const partition = partitionOf(scope, command);
  if (partition === null) return;
  for (const one of withDescendants(catalog, partition)) {
    effects.lock(one, "AccessExclusiveLock");
    if (hasRows(one)) effects.scan(one, "every row is checked against the partition's bounds");
  }
  lockDefault(scope, table);
}

/** A new partition takes over rows that the default partition would have had, so that it must not have them. */
export function lockDefault({ catalog, effects }: Scope, table: Relation): void {
  const other = childrenOf(catalog, table).find(({ partition }) => partition?.isDefault === true);
  if (other === undefined) return;
  for (const one of withDescendants(catalog, other)) {
    effects.lock(one, "AccessExclusiveLock");
    if (hasRows(one)) effects.scan(one, "it must hold no row that belongs into the new partition");
  }
}

export function detachPartition(scope: Scope, { command, table }: Action): void {
  const partition = partitionOf(scope, command);
  if (partition === null) return;
  const concurrently = command.def !== undefined && "PartitionCmd" in command.def &&
    command.def.PartitionCmd.concurrent === true;
  scope.effects.lock(table, concurrently ? "ShareUpdateExclusiveLock" : "AccessExclusiveLock");
  scope.effects.lock(partition, "AccessExclusiveLock");
}
