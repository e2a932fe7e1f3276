/** CREATE TABLE. */

import type { CreateStmt } from "libpg-query";
import type { Catalog, Column, Relation } from "./catalog.ts";
import { columnDefinition, type GivenConstraint } from "./column_definition.ts";
import { change, put } from "./edit.ts";
import { inOrder, replayConstraint } from "./replay_constraint.ts";
import { nameSequence, putSequence } from "./replay_sequence.ts";
import { emptyRelation, findRelation, newName } from "./resolve.ts";

export function replayCreateTable(catalog: Catalog, node: CreateStmt, by: bigint | null): void {
  const name = node.relation === undefined ? null : newName(catalog, node.relation);
  if (name === null) return;
  const before = findRelation(catalog, name);
  if (before !== null && (before.known || node.if_not_exists)) return;
  const table: Relation = {
    ...emptyRelation(name, node.partspec === undefined ? "table" : "partitioned-table"),
    ...(node.relation?.relpersistence === "u" ? { persistence: "unlogged" } : {}),
    madeBy: by,
  };
  put(catalog, table);
  const columns: Column[] = [];
  const constraints: GivenConstraint[] = [];
  for (const element of node.tableElts ?? []) {
    if ("Constraint" in element) constraints.push({ node: element.Constraint, column: null });
    if (!("ColumnDef" in element)) continue;
    const sequence = nameSequence(catalog, table, element.ColumnDef.colname ?? "");
    const defined = columnDefinition(catalog, element.ColumnDef, sequence);
    if (defined.hasSequence) putSequence(catalog, { name: sequence, table, by });
    columns.push(defined.column);
    constraints.push(...defined.constraints);
  }
  change(catalog, table, () => ({ columns }));
  for (const given of inOrder(constraints)) replayConstraint(catalog, table, { given, by });
}
