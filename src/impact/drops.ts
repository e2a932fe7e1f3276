/** DROP of anything, with what CASCADE takes along. */

import type { DropStmt, Node, ObjectType } from "libpg-query";
import type { Catalog, QualifiedName, Relation, RelationKind } from "../catalog/catalog.ts";
import {
  childrenOf,
  findRelation,
  indexesOf,
  isSame,
  ownedSequences,
  relationsWhere,
  resolveListed,
  withDescendants,
} from "../catalog/resolve.ts";
import { typeNamed } from "../catalog/resolve_type.ts";
import { listedParts } from "../sql/identifiers.ts";
import { dropsConstraint } from "./alter_constraints.ts";
import { dropsColumn } from "./drop_column.ts";
import type { Scope } from "./effects.ts";
import { defaultSequence } from "./functions.ts";
import { ancestorsOf, foreignKeysTo, viewsOn } from "./relatives.ts";

/** What DROP names that is in `pg_class`. */
const RELATIONS: Partial<Readonly<Record<ObjectType, RelationKind>>> = {
  OBJECT_TABLE: "table",
  OBJECT_FOREIGN_TABLE: "foreign-table",
  OBJECT_VIEW: "view",
  OBJECT_MATVIEW: "materialized-view",
  OBJECT_SEQUENCE: "sequence",
  OBJECT_INDEX: "index",
};

/** What stands on a table: `DROP TRIGGER name ON table`. */
const ON_TABLES: readonly ObjectType[] = ["OBJECT_TRIGGER", "OBJECT_RULE", "OBJECT_POLICY"];

/** On these nothing hangs that a lock is taken on, or it is looked up in the catalog's types. */
const WITHOUT_TABLES: readonly ObjectType[] = [
  "OBJECT_PUBLICATION",
  "OBJECT_EVENT_TRIGGER",
  "OBJECT_ACCESS_METHOD",
  "OBJECT_TRANSFORM",
  "OBJECT_TSCONFIGURATION",
  "OBJECT_TSDICTIONARY",
  "OBJECT_TSPARSER",
  "OBJECT_TSTEMPLATE",
];

export function drop(scope: Scope, node: DropStmt): void {
  const { objects = [], removeType = "OBJECT_TABLE", behavior, concurrent = false } = node;
  const cascade = behavior === "DROP_CASCADE";
  for (const object of objects) {
    const names = namesOf(object);
    if (ON_TABLES.includes(removeType)) dropOnTable(scope, { names, removeType });
    else if (RELATIONS[removeType] !== undefined) {
      const relation = resolveListed(scope.catalog, names, { expected: RELATIONS[removeType] });
      if (relation !== null) dropsRelation(scope, { relation, cascade, concurrent });
    } else if (removeType === "OBJECT_SCHEMA") dropSchema(scope, { name: listedParts(names).at(-1) ?? "", cascade });
    else if (removeType === "OBJECT_TYPE" || removeType === "OBJECT_DOMAIN") dropType(scope, { names, cascade });
    else if (removeType === "OBJECT_STATISTIC_EXT") {
      scope.effects.notKnown("The statement does not say of which table the statistics are");
    } else if (cascade && !WITHOUT_TABLES.includes(removeType)) {
      scope.effects.notKnown("What hangs on it, and goes with it by CASCADE, shows when it runs");
    }
  }
}

/** The name of an object: a list, a single string, or a type. */
function namesOf(object: Node): readonly Node[] {
  if ("List" in object) return object.List.items ?? [];
  if ("TypeName" in object) return object.TypeName.names ?? [];
  return [object];
}

function dropOnTable(
  { catalog, effects }: Scope,
  { names, removeType }: { readonly names: readonly Node[]; readonly removeType: ObjectType },
): void {
  const table = resolveListed(catalog, names.slice(0, -1));
  if (table === null) return;
  // A trigger for rows of a partitioned table is on its partitions too; one for statements is not.
  const all = removeType === "OBJECT_TRIGGER" && table.kind === "partitioned-table"
    ? withDescendants(catalog, table)
    : [table];
  for (const one of all) effects.lock(one, "AccessExclusiveLock");
}

export interface DroppedRelation {
  readonly relation: Relation;
  readonly cascade: boolean;
  readonly concurrent?: boolean;
}

/** A relation that goes, with all that goes with it. */
export function dropsRelation(scope: Scope, { relation, cascade, concurrent = false }: DroppedRelation): void {
  if (relation.index !== null) return dropIndex(scope, { index: relation, concurrent });
  const gone = new Set<Relation>();
  dropAll(scope, { relation, cascade, gone });
}

/** The table of an index is locked as well, since plans of queries on it may use the index. */
function dropIndex(
  { catalog, effects }: Scope,
  { index, concurrent }: { readonly index: Relation; readonly concurrent: boolean },
): void {
  for (const one of withDescendants(catalog, index)) {
    effects.lock(one.index!.table, concurrent ? "ShareUpdateExclusiveLock" : "AccessExclusiveLock");
    effects.lock(one, "AccessExclusiveLock");
  }
}

interface Dropping {
  readonly relation: Relation;
  readonly cascade: boolean;
  /** What is dealt with already. */
  readonly gone: Set<Relation>;
}

function dropAll(scope: Scope, { relation, cascade, gone }: Dropping): void {
  if (gone.has(relation)) return;
  gone.add(relation);
  const { catalog, effects } = scope;
  effects.lock(relation, "AccessExclusiveLock");
  lockPartitioned(scope, relation);
  for (const index of indexesOf(catalog, relation)) effects.lock(index, "AccessExclusiveLock");
  // The foreign keys of a partition are those of the table that it is a part of, which stays, or goes with it.
  for (const constraint of relation.partition === null ? relation.constraints : []) {
    if (constraint.references !== null) dropsConstraint(scope, { table: relation, constraint });
  }
  for (const sequence of ownedSequences(catalog, relation)) dropAll(scope, { relation: sequence, cascade, gone });
  const partitions = relation.kind === "partitioned-table" || cascade ? childrenOf(catalog, relation) : [];
  for (const child of partitions) dropAll(scope, { relation: child, cascade, gone });
  if (!cascade) return;
  // A foreign key that points to a partitioned table goes when one of its partitions does.
  for (const target of [relation, ...relation.partition === null ? [] : ancestorsOf(catalog, relation)]) {
    for (const { from } of foreignKeysTo(catalog, target)) {
      for (const one of [from, target].flatMap((table) => withDescendants(catalog, table))) {
        effects.lock(one, "AccessExclusiveLock");
      }
    }
  }
  for (const view of viewsOn(catalog, relation)) dropAll(scope, { relation: view, cascade, gone });
  for (const table of relation.kind === "sequence" ? usersOf(catalog, relation) : []) {
    effects.lock(table, "AccessExclusiveLock");
  }
}

/** Who goes leaves a gap: the table that it is a part of is locked, and the partition that would get its rows. */
function lockPartitioned({ catalog, effects }: Scope, { partition, parents }: Relation): void {
  if (partition === null) return;
  for (const name of parents) {
    effects.lock(name, "AccessExclusiveLock");
    const other = childrenOf(catalog, name).find((child) => child.partition?.isDefault === true);
    if (other !== undefined) effects.lock(other, "AccessExclusiveLock");
  }
}

/** The tables with a default from a sequence. */
function usersOf(catalog: Catalog, sequence: Relation): readonly Relation[] {
  return relationsWhere(catalog, ({ columns }) =>
    columns.some((column) => {
      const named = defaultSequence(catalog, column);
      return named !== null && isSame(named, sequence);
    }));
}

function dropSchema(scope: Scope, { name, cascade }: { readonly name: string; readonly cascade: boolean }): void {
  if (!cascade) return;
  const gone = new Set<Relation>();
  for (const relation of relationsWhere(scope.catalog, ({ schema, index }) => schema === name && index === null)) {
    dropAll(scope, { relation, cascade, gone });
  }
  for (const type of scope.catalog.types.values()) {
    if (type.schema === name) dropsType(scope, { type, gone });
  }
}

function dropType(
  scope: Scope,
  { names, cascade }: { readonly names: readonly Node[]; readonly cascade: boolean },
): void {
  const type = typeNamed(scope.catalog, listedParts(names));
  if (type === null) return;
  const own = findRelation(scope.catalog, type);
  if (own?.kind === "composite-type") {
    scope.effects.lock(own, "AccessExclusiveLock");
    if (cascade) scope.effects.notKnown(`Which tables are of the type ${own.name} shows when it runs`);
  }
  if (cascade) dropsType(scope, { type, gone: new Set() });
}

/** The columns of a type go with it. */
function dropsType(
  scope: Scope,
  { type, gone }: { readonly type: QualifiedName; readonly gone: ReadonlySet<Relation> },
): void {
  for (const table of relationsWhere(scope.catalog, (one) => !gone.has(one))) {
    for (const column of table.columns) {
      if (column.type === null || !isSame(column.type, type)) continue;
      scope.effects.lock(table, "AccessExclusiveLock");
      dropsColumn(scope, { table, name: column.name, cascade: true });
    }
  }
}
