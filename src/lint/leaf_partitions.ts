import type { RangeVar } from "libpg-query";
import type { Catalog, Relation } from "../catalog/catalog.ts";
import { childrenOf } from "../catalog/resolve.ts";
import { dotted } from "../sql/identifiers.ts";

export interface LeafPartition {
  readonly relation: Relation;
  /** As SQL, qualified as the statement qualifies the partitioned table. */
  readonly name: string;
}

/** The partitions of a partitioned table; null where none is known, and where one is partitioned itself. */
export function leafPartitions(
  relation: Relation,
  { catalog, range }: { readonly catalog: Catalog; readonly range: RangeVar },
): readonly LeafPartition[] | null {
  const partitions = childrenOf(catalog, relation);
  if (
    relation.kind !== "partitioned-table" || partitions.length === 0 || partitions.some(({ kind }) => kind !== "table")
  ) return null;
  const isQualified = (schema: string) => range.schemaname !== undefined || schema !== relation.schema;
  return partitions.map((one) => ({
    relation: one,
    name: dotted([isQualified(one.schema) ? one.schema : undefined, one.name]),
  }));
}
