/** DROP COLUMN: what hangs on the column goes with it. */

import type { Relation } from "../catalog/catalog.ts";
import { indexesOf, ownedSequences } from "../catalog/resolve.ts";
import { dropsConstraint } from "./alter_constraints.ts";
import type { Action } from "./alter_table.ts";
import type { Scope } from "./effects.ts";
import { viewsOn } from "./relatives.ts";

export function dropColumn(scope: Scope, { command: { name = "", behavior }, reached }: Action): void {
  for (const table of reached) dropsColumn(scope, { table, name, cascade: behavior === "DROP_CASCADE" });
}

export interface DroppedColumn {
  readonly table: Relation;
  readonly name: string;
  readonly cascade: boolean;
}

/** The lock on the table itself is the caller's. */
export function dropsColumn(scope: Scope, { table, name, cascade }: DroppedColumn): void {
  const { catalog, effects } = scope;
  for (const index of indexesOf(catalog, table)) {
    if (index.index?.uses.includes(name)) effects.lock(index, "AccessExclusiveLock");
  }
  for (const constraint of table.constraints) {
    if (constraint.columns.includes(name)) dropsConstraint(scope, { table, constraint });
  }
  for (const sequence of ownedSequences(catalog, table)) {
    if (sequence.ownerColumn === name) effects.lock(sequence, "AccessExclusiveLock");
  }
  // Which of its columns a view reads is not known: without CASCADE the statement would fail.
  for (const view of cascade ? viewsOn(catalog, table) : []) {
    effects.lock(view, "AccessExclusiveLock");
    for (const index of indexesOf(catalog, view)) effects.lock(index, "AccessExclusiveLock");
  }
}
