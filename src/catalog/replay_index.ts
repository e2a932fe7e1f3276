/** CREATE INDEX, and the indexes that constraints make. */

import type { IndexElem, IndexStmt, Node } from "libpg-query";
import { type Catalog, type IndexDefinition, qualified, type QualifiedName, type Relation } from "./catalog.ts";
import { change, put } from "./edit.ts";
import { chooseName, indexColumnNames, joinedColumns } from "./object_names.ts";
import { inheritIndex } from "./replay_partition.ts";
import { childrenOf, emptyRelation, findRelation, resolveRelation } from "./resolve.ts";
import { columnsIn, withColumnRenamed } from "./tree.ts";

export interface NewIndex {
  /** null: the server chooses one. */
  readonly name: string | null;
  /** How a chosen name ends: `idx`, `key`, `pkey`, `excl`. */
  readonly label: string;
  readonly elements: readonly IndexElem[];
  readonly including: readonly IndexElem[];
  readonly where: Node | undefined;
  /** Whether there is nothing more to it than its columns. */
  readonly plain: boolean;
  readonly unique: boolean;
  readonly constraint: boolean;
  readonly by: bigint | null;
  /** null: nobody needs it, or there is more to it than that. */
  readonly definition: IndexDefinition | null;
}

export function replayCreateIndex(catalog: Catalog, node: IndexStmt, by: bigint | null): void {
  const table = node.relation === undefined ? null : resolveRelation(catalog, node.relation);
  if (table === null) return;
  // CREATE INDEX … ON ONLY makes one that is not valid until each partition has one that is attached to it.
  const isOnly = node.relation?.inh !== true && table.kind === "partitioned-table";
  const index = makeIndex(catalog, table, {
    name: node.idxname ?? null,
    label: "idx",
    elements: elementsOf(node.indexParams),
    including: elementsOf(node.indexIncludingParams),
    where: node.whereClause,
    plain: isPlain(node),
    definition: definitionOf(node),
    unique: node.unique ?? false,
    constraint: false,
    by,
  });
  if (index === null || table.kind !== "partitioned-table") return;
  const children = childrenOf(catalog, table);
  if (!isOnly) { for (const child of children) inheritIndex(catalog, index, child); }
  else if (children.length > 0) change(catalog, index, ({ index }) => ({ index: index && { ...index, valid: false } }));
}

function isPlain(node: IndexStmt): boolean {
  const { accessMethod = "btree", options, tableSpace, whereClause, nulls_not_distinct: notDistinct } = node;
  return accessMethod === "btree" && !notDistinct &&
    [options, tableSpace, whereClause, node.indexIncludingParams].every((part) => part === undefined) &&
    elementsOf(node.indexParams).every((element) =>
      element.name !== undefined && element.opclass === undefined && element.collation === undefined &&
      (element.ordering ?? "SORTBY_DEFAULT") === "SORTBY_DEFAULT" &&
      (element.nulls_ordering ?? "SORTBY_NULLS_DEFAULT") === "SORTBY_NULLS_DEFAULT"
    );
}

function definitionOf(node: IndexStmt): IndexDefinition | null {
  if (node.options !== undefined || node.tableSpace !== undefined) return null;
  return {
    method: node.accessMethod ?? "btree",
    elements: elementsOf(node.indexParams),
    including: elementsOf(node.indexIncludingParams),
    where: node.whereClause ?? null,
    nullsNotDistinct: node.nulls_not_distinct ?? false,
  };
}

/** The same where a column has another name. */
export function renamedDefinition(
  definition: IndexDefinition,
  names: { readonly from: string; readonly to: string },
): IndexDefinition {
  const renamed = (elements: readonly IndexElem[]) =>
    elements.map((element): IndexElem => ({
      ...element,
      ...element.name === names.from ? { name: names.to } : {},
      ...element.expr === undefined ? {} : { expr: withColumnRenamed(element.expr, names) },
    }));
  const { elements, including, where } = definition;
  return {
    ...definition,
    elements: renamed(elements),
    including: renamed(including),
    where: withColumnRenamed(where, names),
  };
}

/** Of an index, and nothing else: there is now more to it than the statement that made it says. */
export function notPlain(catalog: Catalog, name: QualifiedName): void {
  const index = findRelation(catalog, name);
  if (index === null || index.index === null) return;
  const { definition: _, ...facts } = index.index;
  change(catalog, index, () => ({ index: { ...facts, plain: false } }));
}

function elementsOf(nodes: readonly Node[] | undefined): readonly IndexElem[] {
  return (nodes ?? []).flatMap((node) => "IndexElem" in node ? [node.IndexElem] : []);
}

/** Makes an index in the schema of its table; null where its name is taken. */
export function makeIndex(catalog: Catalog, table: Relation, given: NewIndex): Relation | null {
  const { elements, including, where, plain, unique, constraint, by, definition } = given;
  const { schema } = table;
  const columnNames = indexColumnNames([...elements, ...including]);
  const name = given.name ?? chooseName(
    catalog,
    {
      schema,
      table: table.name,
      columns: given.label === "pkey" ? null : joinedColumns(columnNames),
      label: given.label,
    },
    { constraint, relation: true },
  );
  if (catalog.relations.has(qualified({ schema, name }))) return null;
  const isPartitioned = table.kind === "partitioned-table";
  const index: Relation = {
    ...emptyRelation({ schema, name }, isPartitioned ? "partitioned-index" : "index"),
    persistence: table.persistence,
    madeBy: by,
    index: {
      table: { schema, name: table.name },
      columns: elements.map(({ name }) => name ?? null),
      uses: columnsUsed([...elements, ...including], where),
      columnNames,
      unique,
      partial: where !== undefined,
      valid: true,
      constraint,
      plain,
      ...definition === null ? {} : { definition },
    },
  };
  put(catalog, index);
  return index;
}

function columnsUsed(elements: readonly IndexElem[], where: Node | undefined): readonly string[] {
  const used = elements.flatMap(({ name, expr }) => name === undefined ? columnsIn(expr) : [name]);
  return [...new Set([...used, ...columnsIn(where)])];
}
