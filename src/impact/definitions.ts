/** CREATE TABLE, CREATE VIEW and others that make something out of what is there. */

import type {
  CreateSeqStmt,
  CreateStmt,
  CreateTableAsStmt,
  CreateTrigStmt,
  Node,
  RangeVar,
  RuleStmt,
  ViewStmt,
} from "libpg-query";
import type { Relation } from "../catalog/catalog.ts";
import {
  findRelation,
  indexesOf,
  newName,
  resolveListed,
  resolveRelation,
  withDescendants,
} from "../catalog/resolve.ts";
import { typeNamed } from "../catalog/resolve_type.ts";
import { listedParts } from "../sql/identifiers.ts";
import { option } from "../sql/option_values.ts";
import { constraintsIn } from "./add_column.ts";
import { attachedForeignKeys, lockDefault } from "./partitions.ts";
import type { Scope } from "./effects.ts";
import { queriesIn } from "./queries.ts";

export function createTable(scope: Scope, node: CreateStmt): void {
  const { catalog, effects } = scope;
  if (node.if_not_exists && node.relation !== undefined && exists(scope, node.relation)) return;
  const type = node.ofTypename === undefined ? null : typeNamed(catalog, listedParts(node.ofTypename.names));
  const composite = type === null ? null : findRelation(catalog, type);
  if (composite !== null) effects.lock(composite, "AccessShareLock");
  for (const parent of rangeVars(node.inhRelations)) {
    const table = resolveRelation(catalog, parent);
    if (table === null) continue;
    effects.lock(table, node.partbound === undefined ? "ShareUpdateExclusiveLock" : "AccessExclusiveLock");
    if (node.partbound === undefined) continue;
    for (const index of indexesOf(catalog, table)) effects.lock(index, "ShareUpdateExclusiveLock");
    lockDefault(scope, { table, bound: node.partbound });
    attachedForeignKeys(scope, table);
  }
  for (const element of node.tableElts ?? []) {
    if (!("TableLikeClause" in element) || element.TableLikeClause.relation === undefined) continue;
    const source = resolveRelation(catalog, element.TableLikeClause.relation);
    if (source !== null) effects.lock(source, "AccessShareLock");
  }
  for (const { contype, pktable } of constraintsIn(node)) {
    const parent = contype === "CONSTR_FOREIGN" && pktable !== undefined && !isItself(node, pktable)
      ? resolveRelation(catalog, pktable)
      : null;
    for (const one of parent === null ? [] : withDescendants(catalog, parent)) {
      effects.lock(one, "ShareRowExclusiveLock");
    }
  }
}

/** A foreign key of a new table may point to the table itself. */
function isItself({ relation }: CreateStmt, other: RangeVar): boolean {
  return relation?.relname === other.relname &&
    (other.schemaname === undefined || other.schemaname === relation?.schemaname);
}

function exists({ catalog }: Scope, name: RangeVar): boolean {
  const made = newName(catalog, name);
  return made !== null && findRelation(catalog, made) !== null;
}

export function createTableAs(scope: Scope, { query, into, if_not_exists: optional }: CreateTableAsStmt): void {
  if (optional && into?.rel !== undefined && exists(scope, into.rel)) return;
  queriesIn(scope, query, into?.skipData ? "read" : "run");
}

export function createView(scope: Scope, { view, query, replace }: ViewStmt): void {
  const made = view === undefined ? null : newName(scope.catalog, view);
  const before = made === null || !replace ? null : findRelation(scope.catalog, made);
  if (before !== null) scope.effects.lock(before, "AccessExclusiveLock");
  queriesIn(scope, query, "read");
}

export function createTrigger({ catalog, effects }: Scope, { relation, row, constrrel }: CreateTrigStmt): void {
  const table = relation === undefined ? null : resolveRelation(catalog, relation);
  if (table === null) return;
  // A trigger for rows is made on each partition.
  const all = row && table.kind === "partitioned-table" ? withDescendants(catalog, table) : [table];
  for (const one of all) effects.lock(one, "ShareRowExclusiveLock");
  const other = constrrel === undefined ? null : resolveRelation(catalog, constrrel);
  if (other !== null) effects.lock(other, "AccessShareLock");
}

export function createRule(scope: Scope, { relation, actions, whereClause }: RuleStmt): void {
  lockOne(scope, relation);
  queriesIn(scope, [actions, whereClause], "read");
}

/** What ALTER TABLE does not do itself, but takes its strongest lock for: a policy. */
export function lockOne({ catalog, effects }: Scope, name: RangeVar | undefined): void {
  const relation = name === undefined ? null : resolveRelation(catalog, name);
  if (relation !== null) effects.lock(relation, "AccessExclusiveLock");
}

export function createSequence(scope: Scope, { sequence, options, if_not_exists: optional }: CreateSeqStmt): void {
  if (optional && sequence !== undefined && exists(scope, sequence)) return;
  lockOwner(scope, options);
}

/** The table of OWNED BY. */
export function lockOwner({ catalog, effects }: Scope, options: readonly Node[] | undefined): void {
  const owner = option(options, "owned_by")?.arg;
  const names = owner !== undefined && "List" in owner ? owner.List.items ?? [] : [];
  // OWNED BY NONE is a list of one.
  const table: Relation | null = names.length < 2 ? null : resolveListed(catalog, names.slice(0, -1));
  if (table !== null) effects.lock(table, "AccessShareLock");
}

function rangeVars(nodes: readonly Node[] = []): readonly RangeVar[] {
  return nodes.flatMap((node) => "RangeVar" in node ? [node.RangeVar] : []);
}
