/** A table that is written anew by ALTER TABLE, its indexes with it. */

import type { Relation } from "../catalog/catalog.ts";
import { indexesOf } from "../catalog/resolve.ts";
import type { Scope } from "./effects.ts";
import { hasRows } from "./relatives.ts";

export interface Rewrite {
  readonly table: Relation;
  /** The end of a sentence. */
  readonly reason: string;
  /** false: it may be that nothing is rewritten. */
  readonly certain?: boolean;
}

/** The lock on the table itself is the caller's. */
export function rewriteTable({ catalog, effects }: Scope, { table, reason, certain = true }: Rewrite): void {
  if (!hasRows(table)) return;
  effects.rewrite(table, reason, certain);
  effects.scan(table, reason, certain);
  for (const index of indexesOf(catalog, table)) effects.lock(index, "AccessExclusiveLock");
}
