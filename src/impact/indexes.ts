/** CREATE INDEX, REINDEX and CLUSTER. */

import type { ClusterStmt, IndexStmt, ReindexStmt } from "libpg-query";
import type { Relation } from "../catalog/catalog.ts";
import { findRelation, indexesOf, relationsWhere, resolveRelation, withDescendants } from "../catalog/resolve.ts";
import { isOn } from "../sql/option_values.ts";
import type { Scope } from "./effects.ts";
import { hasRows, withChildren } from "./relatives.ts";

export function createIndex({ catalog, effects }: Scope, node: IndexStmt): void {
  const table = node.relation === undefined ? null : resolveRelation(catalog, node.relation);
  if (table === null) return;
  const mode = node.concurrent ? "ShareUpdateExclusiveLock" : "ShareLock";
  const exists = node.if_not_exists === true && node.idxname !== undefined &&
    findRelation(catalog, { schema: table.schema, name: node.idxname }) !== null;
  if (exists) return effects.lock(table, mode);
  for (const one of withChildren(catalog, { relation: table, only: node.relation?.inh !== true })) {
    if (one !== table && table.kind !== "partitioned-table") continue;
    effects.lock(one, mode);
    if (hasRows(one)) effects.scan(one, "the index is built from every row");
  }
}

export function reindex({ catalog, effects }: Scope, node: ReindexStmt): void {
  const concurrently = isOn(node.params, "concurrently", false);
  for (const index of reindexed(catalog, node)) {
    const table = index.index === null ? null : findRelation(catalog, index.index.table);
    // An index of a partitioned table has nothing to build, and is taken only where it is named.
    if (index.kind === "partitioned-index" && node.kind !== "REINDEX_OBJECT_INDEX") continue;
    effects.lock(index, concurrently ? "ShareUpdateExclusiveLock" : "AccessExclusiveLock");
    if (table === null) continue;
    effects.lock(table, concurrently ? "ShareUpdateExclusiveLock" : "ShareLock");
    if (hasRows(table)) effects.scan(table, "its indexes are built again from every row");
  }
  if (node.kind === "REINDEX_OBJECT_TABLE" && node.relation !== undefined) {
    const table = resolveRelation(catalog, node.relation);
    for (const one of table === null ? [] : partitionsOf(catalog, table)) {
      effects.lock(one, concurrently ? "ShareUpdateExclusiveLock" : "ShareLock");
    }
  }
}

function reindexed(catalog: Scope["catalog"], { kind, relation, name }: ReindexStmt): readonly Relation[] {
  if (kind === "REINDEX_OBJECT_INDEX" || kind === "REINDEX_OBJECT_TABLE") {
    const isIndex = kind === "REINDEX_OBJECT_INDEX";
    const found = relation === undefined
      ? null
      : resolveRelation(catalog, relation, { expected: isIndex ? "index" : "table" });
    if (found === null) return [];
    const all = partitionsOf(catalog, found);
    return isIndex ? all : all.flatMap((table) => indexesOf(catalog, table));
  }
  if (kind === "REINDEX_OBJECT_SYSTEM") return [];
  return relationsWhere(
    catalog,
    (one) => one.index !== null && (kind === "REINDEX_OBJECT_DATABASE" || one.schema === name),
  );
}

/** Itself with its partitions; what inherits from a table that is not partitioned has indexes of its own. */
function partitionsOf(catalog: Scope["catalog"], relation: Relation): readonly Relation[] {
  const isPartitioned = relation.kind === "partitioned-table" || relation.kind === "partitioned-index";
  return isPartitioned ? withDescendants(catalog, relation) : [relation];
}

export function cluster({ catalog, effects }: Scope, { relation }: ClusterStmt): void {
  if (relation === undefined) {
    return effects.notKnown("CLUSTER without a table rewrites every table that was clustered before");
  }
  const table = resolveRelation(catalog, relation);
  for (const one of table === null ? [] : partitionsOf(catalog, table)) {
    effects.lock(one, "AccessExclusiveLock");
    if (hasRows(one)) {
      effects.rewrite(one, "its rows are put into the order of an index");
      effects.scan(one, "its rows are put into the order of an index");
    }
    for (const index of indexesOf(catalog, one)) effects.lock(index, "AccessExclusiveLock");
  }
}
