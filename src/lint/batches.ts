/** A change of many rows in batches, each committed by itself, for a table that is in use. */

import type { Relation } from "../catalog/catalog.ts";
import { identifier } from "../sql/identifiers.ts";

/** Rows of a batch: short enough that nobody waits long for one of its rows, long enough for the commits not to count. */
const BATCH_ROWS = 10_000;

export interface Batches {
  /** The table as SQL. */
  readonly table: string;
  readonly relation: Relation;
  /** What one batch does, without `;`. Columns of the key are `key`, the condition that picks the batch is `isInBatch`. */
  readonly change: (batch: { readonly key: string; readonly range: string }) => string;
}

/**
 * A DO block, for a file without a transaction. It walks along a key, which concurrent updates do not change, and may be
 * run again after a failure where the change may be made again.
 */
export function inBatches({ table, relation, change }: Batches): string {
  const { key, note } = walkedKey(relation);
  const first = `SELECT ${key} FROM ${table}`;
  const body = change({ key, range: "BETWEEN batch_start AND batch_end" });
  const tag = body.includes("$batches$") ? "$all_batches$" : "$batches$";
  return `${note}DO ${tag}
DECLARE
  batch_start ${table}.${key}%TYPE := (${first} ORDER BY ${key} LIMIT 1);
  batch_end ${table}.${key}%TYPE;
BEGIN
  WHILE batch_start IS NOT NULL LOOP
    SELECT ${key} INTO batch_end FROM (
      ${first} WHERE ${key} >= batch_start ORDER BY ${key} LIMIT ${BATCH_ROWS}
    ) AS batch ORDER BY ${key} DESC LIMIT 1;
    ${body};
    COMMIT;
    batch_start := (${first} WHERE ${key} > batch_end ORDER BY ${key} LIMIT 1);
  END LOOP;
END
${tag};`;
}

/** The first column of the primary key, or of another unique key without NULLs: it is indexed, and in order. */
function walkedKey({ constraints, columns }: Relation): { readonly key: string; readonly note: string } {
  const notNull = (name: string) => columns.some((column) => column.name === name && column.notNull === true);
  const unique = constraints.find(({ kind }) => kind === "primary-key") ??
    constraints.find(({ kind, columns: own }) => kind === "unique" && own.length > 0 && notNull(own[0]!));
  const key = unique?.columns[0];
  if (key !== undefined) return { key: identifier(key), note: "" };
  return { key: "id", note: "-- Put a column here for id that is indexed and never NULL, such as the primary key.\n" };
}
