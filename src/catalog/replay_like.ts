/** CREATE TABLE (LIKE …): what is copied of another table. */

import type { TableLikeClause } from "libpg-query";
import type { Catalog, Column, Relation } from "./catalog.ts";
import { addConstraint } from "./edit.ts";
import { inheritIndex } from "./replay_partition.ts";
import { nameSequence, putSequence } from "./replay_sequence.ts";
import { change } from "./edit.ts";
import { findRelation, indexesOf, resolveRelation } from "./resolve.ts";

/** The bits of `TableLikeClause.options` (`TableLikeOption` of the parser). */
const INCLUDING = { constraints: 4, defaults: 8, generated: 16, identity: 32, indexes: 64 } as const;

function includes({ options = 0 }: TableLikeClause, what: keyof typeof INCLUDING): boolean {
  return (options & INCLUDING[what]) !== 0;
}

export function likeSource(catalog: Catalog, { relation }: TableLikeClause): Relation | null {
  return relation === undefined ? null : resolveRelation(catalog, relation);
}

/** The columns, with NOT NULL always and the rest where it is included. */
export function likeColumns(
  catalog: Catalog,
  like: TableLikeClause,
  { table, by }: { readonly table: Relation; readonly by: bigint | null },
): readonly Column[] {
  return (likeSource(catalog, like)?.columns ?? []).map((column) => {
    const generated = includes(like, "generated") ? column.generated : null;
    const identity = column.identity && includes(like, "identity");
    const keepsDefault = column.generated === null ? includes(like, "defaults") : generated !== null;
    if (identity) {
      putSequence(catalog, { name: nameSequence(catalog, table, column.name), table, column: column.name, by });
    }
    return { ...column, generated, identity, default: keepsDefault ? column.default : null };
  });
}

/** NOT NULL always, CHECKs where they are included, by their own names; in a new table they hold. */
export function copyConstraints(catalog: Catalog, like: TableLikeClause, table: Relation): void {
  for (const constraint of likeSource(catalog, like)?.constraints ?? []) {
    const { kind, name } = constraint;
    const isCopied = kind === "not-null" || kind === "check" && includes(like, "constraints");
    const now = findRelation(catalog, table) ?? table;
    if (isCopied && !now.constraints.some((one) => one.name === name)) {
      addConstraint(catalog, now, { ...constraint, validated: true });
    }
  }
}

/** Indexes and the constraints that they are for, by names of the new table's. */
export function copyIndexes(catalog: Catalog, like: TableLikeClause, table: Relation): void {
  const source = likeSource(catalog, like);
  if (source === null || !includes(like, "indexes")) return;
  for (const index of indexesOf(catalog, source)) {
    inheritIndex(catalog, index, findRelation(catalog, table) ?? table);
  }
  // Like those of a partition, but for what is above them.
  for (const index of indexesOf(catalog, table)) change(catalog, index, () => ({ parents: [] }));
}
