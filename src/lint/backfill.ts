/** Filling a column of a table that is in use. */

import type { Relation } from "../catalog/catalog.ts";
import { identifier } from "../sql/identifiers.ts";
import { inBatches } from "./batches.ts";
import type { NextMigration } from "./rule.ts";

export interface Backfill {
  /** The table as SQL. */
  readonly table: string;
  readonly relation: Relation;
  /** As the server has it. */
  readonly column: string;
  /** What it becomes, as SQL. */
  readonly value: string;
  /** What is to be changed of it before it runs, as a sentence. */
  readonly note?: string;
}

/** A migration that fills a column where it is NULL, in batches; it can be run again after a failure. */
export function backfill({ table, relation, column, value, note }: Backfill): NextMigration {
  const name = identifier(column);
  const sql = inBatches({
    table,
    relation,
    change: ({ key, range }) => `UPDATE ${table} SET ${name} = ${value}\n    WHERE ${key} ${range} AND ${name} IS NULL`,
  });
  return {
    title: `fill ${column} in batches`,
    sql: note === undefined ? sql : `-- ${note}\n${sql}`,
    noTransaction: true,
  };
}
