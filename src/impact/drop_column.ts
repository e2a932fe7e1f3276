/** DROP COLUMN: what hangs on the column goes with it. */

import type { Relation } from "../catalog/catalog.ts";
import { findColumn, indexesOf, isSame, ownedSequences } from "../catalog/resolve.ts";
import { dropsConstraint } from "./alter_constraints.ts";
import type { Action } from "./alter_table.ts";
import type { Scope } from "./effects.ts";
import { defaultSequence } from "./functions.ts";
import { identitySequence, viewsOn } from "./relatives.ts";

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
  const column = findColumn(table, name);
  for (const index of indexesOf(catalog, table)) {
    if (index.index?.uses.includes(name)) effects.lock(index, "AccessExclusiveLock");
  }
  for (const constraint of table.constraints) {
    if (constraint.columns.includes(name)) dropsConstraint(scope, { table, constraint });
  }
  const used = column === null ? null : defaultSequence(catalog, column);
  const owned = ownedSequences(catalog, table).find((sequence) => used !== null && isSame(sequence, used));
  const sequence = owned ?? identitySequence(catalog, { table, column: name });
  if (sequence !== null) effects.lock(sequence, "AccessExclusiveLock");
  // Which of its columns a view reads is not known: without CASCADE the statement would fail.
  for (const view of cascade ? viewsOn(catalog, table) : []) {
    effects.lock(view, "AccessExclusiveLock");
    for (const index of indexesOf(catalog, view)) effects.lock(index, "AccessExclusiveLock");
  }
}
