/** The locks of a query: on each table in it, its indexes, and what a view stands for. */

import type { Relation } from "../catalog/catalog.ts";
import { findRelation, indexesOf } from "../catalog/resolve.ts";
import type { Scope } from "./effects.ts";
import type { LockMode } from "./impact.ts";
import { withChildren } from "./relatives.ts";

export interface QueriedRelation {
  readonly relation: Relation;
  readonly mode: LockMode;
  /** Without what inherits from it. */
  readonly only: boolean;
  /** Whether the planner looks at its indexes; true where it is left out. */
  readonly indexes?: boolean;
}

export function lockForQuery(scope: Scope, { relation, mode, only, indexes = true }: QueriedRelation): void {
  const { catalog, effects } = scope;
  for (const one of withChildren(catalog, { relation, only })) {
    effects.lock(one, mode);
    if (indexes) lockIndexes(scope, one, mode);
  }
  if (relation.kind !== "view") return;
  for (const name of relation.dependsOn) {
    const source = findRelation(catalog, name);
    if (source === null) effects.lock(name, mode);
    else lockForQuery(scope, { relation: source, mode, only: false, indexes });
  }
}

/** The planner looks at every index of a table, and locks it as the table itself. */
function lockIndexes({ catalog, effects, postgresVersion }: Scope, relation: Relation, mode: LockMode): void {
  // Indexes of a partitioned table hold nothing; since 16 the planner asks those that are unique what they prove.
  if (relation.kind === "partitioned-table" && postgresVersion < 16) return;
  for (const index of indexesOf(catalog, relation)) effects.lock(index, mode);
}
