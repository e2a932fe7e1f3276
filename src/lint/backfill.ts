/** Filling a column of a table that is in use: in batches, each committed by itself. */

import type { Relation } from "../catalog/catalog.ts";
import { identifier } from "../sql/identifiers.ts";
import type { NextMigration } from "./rule.ts";

/** Rows of a batch: short enough that nobody waits long for one of its rows, long enough for the commits not to count. */
const BATCH_ROWS = 10_000;

export interface Backfill {
  /** The table as SQL. */
  readonly table: string;
  readonly relation: Relation;
  /** As the server has it. */
  readonly column: string;
  /** What it becomes, as SQL. */
  readonly value: string;
  /** Which rows are still to be filled, as SQL, where it is not those with NULL in the column. */
  readonly where?: string;
}

/**
 * A migration that fills a column. It walks along a key, which concurrent updates do not change, and can be run again
 * after a failure.
 */
export function backfill({ table, relation, column, value, where }: Backfill): NextMigration {
  const name = identifier(column);
  const { key, note } = keyOf(relation);
  const first = `SELECT ${key} FROM ${table}`;
  const sql = `${note}DO $backfill$
DECLARE
  batch_start ${table}.${key}%TYPE := (${first} ORDER BY ${key} LIMIT 1);
  batch_end ${table}.${key}%TYPE;
BEGIN
  WHILE batch_start IS NOT NULL LOOP
    SELECT ${key} INTO batch_end FROM (
      ${first} WHERE ${key} >= batch_start ORDER BY ${key} LIMIT ${BATCH_ROWS}
    ) AS batch ORDER BY ${key} DESC LIMIT 1;
    UPDATE ${table} SET ${name} = ${value}
    WHERE ${key} BETWEEN batch_start AND batch_end AND ${where ?? `${name} IS NULL`};
    COMMIT;
    batch_start := (${first} WHERE ${key} > batch_end ORDER BY ${key} LIMIT 1);
  END LOOP;
END
$backfill$;`;
  return { title: `fill ${column} in batches`, sql, noTransaction: true };
}

/** The first column of the primary key, or of another unique key without NULLs: it is indexed, and in order. */
function keyOf({ constraints, columns }: Relation): { readonly key: string; readonly note: string } {
  const notNull = (name: string) => columns.some((column) => column.name === name && column.notNull === true);
  const unique = constraints.find(({ kind }) => kind === "primary-key") ??
    constraints.find(({ kind, columns: own }) => kind === "unique" && own.length > 0 && notNull(own[0]!));
  const key = unique?.columns[0];
  if (key !== undefined) return { key: identifier(key), note: "" };
  return { key: "id", note: "-- Put a column here for id that is indexed and never NULL, such as the primary key.\n" };
}
