/** What a table has from the tables above it: partitions and heirs. */

import type { PartitionBoundSpec, PartitionSpec } from "libpg-query";
import type { Catalog, Column, IndexFacts, PartitionKey, Relation, TableConstraint } from "./catalog.ts";
import { addConstraint, change, nameOf, put } from "./edit.ts";
import { chooseName, joinedColumns } from "./object_names.ts";
import { childrenOf, emptyRelation, findRelation, indexesOf, isSame } from "./resolve.ts";

const STRATEGIES = {
  PARTITION_STRATEGY_RANGE: "range",
  PARTITION_STRATEGY_LIST: "list",
  PARTITION_STRATEGY_HASH: "hash",
} as const;

export function partitionKeyOf(spec: PartitionSpec): PartitionKey {
  const columns = (spec.partParams ?? []).flatMap((node) =>
    "PartitionElem" in node ? [node.PartitionElem.name ?? null] : []
  );
  return { strategy: STRATEGIES[spec.strategy ?? "PARTITION_STRATEGY_RANGE"], columns };
}

/** The columns that a table begins with for those of its parents; one that several have is one. */
export function inheritedColumns(parents: readonly Relation[], { isPartition }: { readonly isPartition: boolean }) {
  const columns: Column[] = [];
  for (const parent of parents) {
    for (const column of parent.columns) {
      const at = columns.findIndex(({ name }) => name === column.name);
      if (at === -1) columns.push({ ...column, identity: isPartition && column.identity });
      else if (column.notNull) columns[at] = { ...columns[at]!, notNull: true };
    }
  }
  return columns;
}

/** Gives a table the CHECKs and NOT NULLs of a parent, and a partition the rest. In a new table they hold. */
export function inheritConstraints(
  catalog: Catalog,
  { parent, child, isNew }: { readonly parent: Relation; readonly child: Relation; readonly isNew: boolean },
): void {
  const isPartition = child.partition !== null;
  for (const constraint of parent.constraints) {
    if (
      constraint.kind === "check" || constraint.kind === "not-null" || isPartition && constraint.kind === "foreign-key"
    ) {
      inheritConstraint(catalog, child, { ...constraint, validated: isNew || constraint.validated });
    }
  }
}

/** A constraint that a table has already is merged with the one from above. */
export function inheritConstraint(catalog: Catalog, child: Relation, constraint: TableConstraint): void {
  const now = findRelation(catalog, child) ?? child;
  const { kind, columns } = constraint;
  if (kind === "not-null") {
    change(catalog, now, (table) => ({
      columns: table.columns.map((column) => column.name === columns[0] ? { ...column, notNull: true } : column),
    }));
    if (now.constraints.some((own) => own.kind === kind && own.columns[0] === columns[0])) return;
  } else if (kind === "foreign-key") {
    if (now.constraints.some((own) => isSameKey(own, constraint))) return;
  } else if (now.constraints.some(({ name }) => name === constraint.name)) return;
  const isTaken = now.constraints.some(({ name }) => name === constraint.name);
  const name = isTaken
    ? chooseName(
      catalog,
      { schema: now.schema, table: now.name, columns: joinedColumns(columns), label: "fkey" },
      { constraint: true, relation: false },
    )
    : constraint.name;
  addConstraint(catalog, now, { ...constraint, name });
}

function isSameKey(one: TableConstraint, other: TableConstraint): boolean {
  return one.references !== null && other.references !== null && isSame(one.references, other.references) &&
    one.columns.length === other.columns.length && one.columns.every((column, at) => column === other.columns[at]);
}

/** Gives a partition an index for each of the partitioned table: one that it has and that fits, or a new one. */
export function inheritIndexes(catalog: Catalog, parent: Relation, child: Relation): void {
  for (const index of indexesOf(catalog, parent)) inheritIndex(catalog, index, child);
}

export function inheritIndex(catalog: Catalog, above: Relation, child: Relation): void {
  const facts = above.index;
  if (facts === null) return;
  const fits = ({ parents, index }: Relation) => index !== null && parents.length === 0 && sameIndex(index, facts);
  const own = indexesOf(catalog, child).find(fits);
  if (own !== undefined) return change(catalog, own, () => ({ parents: [nameOf(above)] }));
  const kind = facts.constraint ? constraintOf(catalog, above)?.kind ?? null : null;
  const isPartitioned = child.kind === "partitioned-table";
  const made: Relation = {
    ...emptyRelation(
      { schema: child.schema, name: indexName(catalog, child, { facts, kind }) },
      isPartitioned ? "partitioned-index" : "index",
    ),
    persistence: child.persistence,
    madeBy: child.madeBy,
    parents: [nameOf(above)],
    index: { ...facts, table: nameOf(child), valid: true },
  };
  put(catalog, made);
  if (kind !== null) addConstraint(catalog, child, { ...constraintOf(catalog, above)!, name: made.name });
  if (isPartitioned) {
    for (const grandchild of childrenOf(catalog, child)) inheritIndex(catalog, made, grandchild);
  }
}

function sameIndex(one: IndexFacts, other: IndexFacts): boolean {
  return one.unique === other.unique && one.partial === other.partial && one.constraint === other.constraint &&
    one.columns.length === other.columns.length && one.columns.every((column, at) => column === other.columns[at]);
}

function constraintOf(catalog: Catalog, { name, index }: Relation): TableConstraint | null {
  const table = index === null ? null : findRelation(catalog, index.table);
  return table?.constraints.find((constraint) => constraint.name === name) ?? null;
}

const LABELS: Readonly<Record<string, string>> = { "primary-key": "pkey", unique: "key", exclude: "excl" };

function indexName(
  catalog: Catalog,
  { schema, name: table }: Relation,
  { facts, kind }: { readonly facts: IndexFacts; readonly kind: TableConstraint["kind"] | null },
): string {
  const columns = kind === "primary-key" ? null : joinedColumns(facts.columnNames);
  const label = kind === null ? "idx" : LABELS[kind] ?? "idx";
  return chooseName(catalog, { schema, table, columns, label }, { constraint: kind !== null, relation: true });
}

/** ATTACH PARTITION, of a table or of an index. */
export function attach(
  catalog: Catalog,
  { parent, child, bound }: {
    readonly parent: Relation;
    readonly child: Relation;
    readonly bound: PartitionBoundSpec | undefined;
  },
): void {
  if (parent.index !== null) return change(catalog, child, () => ({ parents: [nameOf(parent)] }));
  const partition = { isDefault: bound?.is_default === true };
  change(catalog, child, () => ({ parents: [nameOf(parent)], partition }));
  const now = () => findRelation(catalog, child) ?? child;
  inheritIndexes(catalog, parent, now());
  inheritConstraints(catalog, { parent, child: now(), isNew: false });
}

/** DETACH PARTITION: what it has from above stays its own. CONCURRENTLY leaves its bounds behind as a CHECK. */
export function detach(
  catalog: Catalog,
  { parent, child, concurrent }: { readonly parent: Relation; readonly child: Relation; readonly concurrent: boolean },
): void {
  if (concurrent) addBounds(catalog, parent, child);
  change(catalog, child, ({ parents }) => ({
    parents: parents.filter((one) => !isSame(one, parent)),
    partition: null,
  }));
  const above = indexesOf(catalog, parent);
  for (const index of indexesOf(catalog, child)) {
    change(catalog, index, ({ parents }) => ({
      parents: parents.filter((one) => !above.some((other) => isSame(other, one))),
    }));
  }
}

/** The CHECK's expression is not made here: nothing is known of it but its columns. */
function addBounds(catalog: Catalog, { partitionKey }: Relation, child: Relation): void {
  const columns = (partitionKey?.columns ?? []).filter((column) => column !== null);
  const { schema, name: table } = child;
  const only = columns.length === 1 ? columns[0]! : null;
  const parts = { schema, table, columns: only, label: "check" };
  addConstraint(catalog, child, {
    name: chooseName(catalog, parts, { constraint: true, relation: false }),
    kind: "check",
    validated: true,
    columns,
    expression: null,
    references: null,
    referencedColumns: [],
    onDelete: null,
    onUpdate: null,
  });
}
