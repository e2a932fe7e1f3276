/** What a file holds when one of its statements runs, and since which line. */

import { isSame } from "../catalog/resolve.ts";
import { listedParts } from "../sql/identifiers.ts";
import type { Statement } from "../sql/parser.ts";
import { placeInFile } from "../sql/sql_file.ts";
import { droppedObjects } from "./dropped_objects.ts";
import { heldExclusively } from "./in_use.ts";
import type { LintedFile, LockInUse, NextMigration } from "./rule.ts";
import { overTransaction } from "./same_transaction.ts";
import { writeSafeForm } from "./safe_form.ts";
import { fewOf, shownName } from "./shown_name.ts";

/** An ACCESS EXCLUSIVE lock that an earlier statement of the transaction took on a table or view. */
export interface Held {
  readonly lock: LockInUse;
  readonly statement: Statement;
}

/** Each relation once, with the first statement that took it. */
export const heldBefore: (file: LintedFile) => readonly Held[] = overTransaction<Held[]>(
  () => [],
  (held, { statement, locks }) => {
    for (const lock of heldExclusively(locks)) {
      // Who waits for what is dropped waits for an error; and a view that is made anew must not be missing in between.
      if (isDropped(statement, lock)) continue;
      if (!held.some((one) => isSame(one.lock.relation, lock.relation))) held.push({ lock, statement });
    }
  },
);

function isDropped(statement: Statement, { relation }: LockInUse): boolean {
  return droppedObjects(statement).some(({ names }) => {
    const parts = listedParts(names);
    return parts.at(-1) === relation.name && (parts.at(-2) ?? relation.schema) === relation.schema;
  });
}

/** `posts (locked in line 3)`, the first few of them: partitions go by their table. */
export function shownHeld(held: readonly Held[], file: LintedFile): string {
  const lines = new Map<string, number>();
  for (const { lock, statement } of held) {
    const name = shownName(lock.tree);
    if (!lines.has(name)) lines.set(name, lineOf(statement, file));
  }
  return fewOf([...lines].map(([name, line]) => `${name} (locked in line ${line})`));
}

export function lineOf({ start }: Statement, { sql }: LintedFile): number {
  return placeInFile(sql, start).line;
}

/** The safe form of a statement that has to leave the transaction it is in. */
export function behindTheRest(migration: NextMigration): string {
  return writeSafeForm([{ title: "what stands above it, as it is", sql: "", noTransaction: false }, migration]);
}
