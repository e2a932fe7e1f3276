/** CREATE TABLE. */

import type { CreateStmt, Node } from "libpg-query";
import { listedParts } from "../sql/identifiers.ts";
import type { Catalog, Column, Relation } from "./catalog.ts";
import { columnDefinition, type GivenConstraint } from "./column_definition.ts";
import { change, nameOf, put } from "./edit.ts";
import { inOrder, replayConstraint } from "./replay_constraint.ts";
import { copyConstraints, copyIndexes, likeColumns, likeSource } from "./replay_like.ts";
import { inheritConstraints, inheritedColumns, inheritIndexes, partitionKeyOf } from "./replay_partition.ts";
import { nameSequence, putSequence } from "./replay_sequence.ts";
import { emptyRelation, findRelation, newName, resolveRelation } from "./resolve.ts";
import { typeNamed } from "./resolve_type.ts";

export function replayCreateTable(
  catalog: Catalog,
  node: CreateStmt,
  { by, isForeign = false }: { readonly by: bigint | null; readonly isForeign?: boolean },
): void {
  const name = node.relation === undefined ? null : newName(catalog, node.relation);
  const before = name === null ? null : findRelation(catalog, name);
  if (name === null || before !== null && (before.known || node.if_not_exists)) return;
  const parents = (node.inhRelations ?? []).flatMap((one) =>
    "RangeVar" in one ? resolveRelation(catalog, one.RangeVar) ?? [] : []
  );
  const kind = node.partspec !== undefined ? "partitioned-table" : isForeign ? "foreign-table" : "table";
  const table: Relation = {
    ...emptyRelation(name, kind),
    ...(node.relation?.relpersistence === "u" ? { persistence: "unlogged" } : {}),
    madeBy: by,
    parents: parents.map(nameOf),
    partition: node.partbound === undefined ? null : { isDefault: node.partbound.is_default === true },
    partitionKey: node.partspec === undefined ? null : partitionKeyOf(node.partspec),
  };
  put(catalog, table);
  fill(catalog, { table, node, parents, by });
}

interface Filling {
  readonly table: Relation;
  readonly node: CreateStmt;
  readonly parents: readonly Relation[];
  readonly by: bigint | null;
}

function fill(catalog: Catalog, { table, node, parents, by }: Filling): void {
  const isPartition = node.partbound !== undefined;
  const inherited = inheritedColumns(parents, { isPartition });
  const columns = [...inherited, ...typedColumns(catalog, node)];
  const constraints: GivenConstraint[] = [];
  let known = parents.every((parent) => parent.known);
  for (const element of [...node.tableElts ?? [], ...node.constraints ?? []]) {
    if ("Constraint" in element) constraints.push({ node: element.Constraint, column: null });
    else if ("TableLikeClause" in element) {
      const source = likeSource(catalog, element.TableLikeClause);
      known &&= source?.known === true;
      columns.push(...likeColumns(catalog, element.TableLikeClause, { table, by }));
    } else constraints.push(...defineColumn(catalog, element, { table, columns, by }));
  }
  change(catalog, table, () => ({ columns, known }));
  const now = () => findRelation(catalog, table) ?? table;
  for (const parent of parents) inheritConstraints(catalog, { parent, child: now(), isNew: true });
  for (const element of node.tableElts ?? []) {
    if ("TableLikeClause" in element) copyConstraints(catalog, element.TableLikeClause, now());
  }
  for (const given of inOrder(constraints)) replayConstraint(catalog, now(), { given, by });
  for (const element of node.tableElts ?? []) {
    if ("TableLikeClause" in element) copyIndexes(catalog, element.TableLikeClause, now());
  }
  if (isPartition) { for (const parent of parents) inheritIndexes(catalog, parent, now()); }
}

/** CREATE TABLE … OF a composite type. */
function typedColumns(catalog: Catalog, { ofTypename }: CreateStmt): readonly Column[] {
  const name = ofTypename === undefined ? null : typeNamed(catalog, listedParts(ofTypename.names));
  return name === null ? [] : findRelation(catalog, name)?.columns ?? [];
}

/** Puts a column among the others, or what is said of one that is inherited to it. */
function defineColumn(
  catalog: Catalog,
  element: Node,
  { table, columns, by }: { readonly table: Relation; readonly columns: Column[]; readonly by: bigint | null },
): readonly GivenConstraint[] {
  if (!("ColumnDef" in element)) return [];
  const { colname = "" } = element.ColumnDef;
  const sequence = nameSequence(catalog, table, colname);
  const { column, hasSequence, constraints } = columnDefinition(catalog, element.ColumnDef, sequence);
  if (hasSequence) putSequence(catalog, { name: sequence, table, column: colname, by });
  const at = columns.findIndex(({ name }) => name === colname);
  if (at === -1) columns.push(column);
  else {
    const inherited = columns[at]!;
    columns[at] = {
      ...inherited,
      type: column.type ?? inherited.type,
      default: column.default ?? inherited.default,
      generated: column.generated ?? inherited.generated,
      identity: column.identity || inherited.identity,
    };
  }
  return constraints;
}
