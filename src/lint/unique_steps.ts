/** UNIQUE and PRIMARY KEY for a table that is in use: the index first, while others write, and the constraint from it. */

import type { Constraint, Node } from "libpg-query";
import { identifier, listedParts } from "../sql/identifiers.ts";
import { optionText } from "../sql/option_values.ts";
import type { NextMigration } from "./rule.ts";
import type { TableSql } from "./table_sql.ts";

export interface UniqueKey {
  readonly constraint: Constraint;
  /** Its columns, which a constraint at a column does not name. */
  readonly columns: readonly string[];
}

/** The name that the server gives a key whose statement names none. */
export function keyName({ freeName }: TableSql, { constraint, columns }: UniqueKey): string {
  if (constraint.conname !== undefined) return constraint.conname;
  return constraint.contype === "CONSTR_PRIMARY" ? freeName(null, "pkey") : freeName(columns.join("_"), "key");
}

/**
 * The migrations that take the constraint's place; null where there is no such form: a partitioned table takes neither
 * CONCURRENTLY nor USING INDEX, and no statement makes the index of WITHOUT OVERLAPS for itself.
 */
export function uniqueSteps(sql: TableSql, key: UniqueKey): readonly NextMigration[] | null {
  if (sql.relation.kind === "partitioned-table" || key.constraint.without_overlaps) return null;
  const name = keyName(sql, key);
  return [
    { title: `build the index of ${name}`, sql: `${buildIndex(sql.table, { key, name })};`, noTransaction: true },
    { title: `add ${name}`, sql: `${sql.alter} ${adoptIndex(key, name)};`, noTransaction: false },
  ];
}

/** The index of a key by itself. */
export function buildIndex(table: string, { key, name }: { readonly key: UniqueKey; readonly name: string }): string {
  const { constraint, columns } = key;
  const { including, nulls_not_distinct, options, indexspace } = constraint;
  return [
    `CREATE UNIQUE INDEX CONCURRENTLY ${identifier(name)} ON ${table} (${columns.map(identifier).join(", ")})`,
    including === undefined ? "" : ` INCLUDE (${listedParts(including).map(identifier).join(", ")})`,
    nulls_not_distinct ? " NULLS NOT DISTINCT" : "",
    options === undefined ? "" : ` WITH (${options.map(storageOption).join(", ")})`,
    indexspace === undefined ? "" : ` TABLESPACE ${identifier(indexspace)}`,
  ].join("");
}

/** The action that makes a constraint of the index. */
export function adoptIndex({ constraint }: UniqueKey, name: string): string {
  const kind = constraint.contype === "CONSTR_PRIMARY" ? "PRIMARY KEY" : "UNIQUE";
  const deferrable = constraint.deferrable ? " DEFERRABLE" : "";
  const deferred = constraint.initdeferred ? " INITIALLY DEFERRED" : "";
  return `ADD CONSTRAINT ${identifier(name)} ${kind} USING INDEX ${identifier(name)}${deferrable}${deferred}`;
}

function storageOption(node: Node): string {
  if (!("DefElem" in node)) return "";
  const { defname = "", arg } = node.DefElem;
  return arg === undefined ? defname : `${defname} = ${optionText(node.DefElem)}`;
}
