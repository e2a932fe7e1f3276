/** VACUUM, ANALYZE, TRUNCATE, LOCK and REFRESH MATERIALIZED VIEW. */

import type { LockStmt, Node, RefreshMatViewStmt, TruncateStmt, VacuumStmt } from "libpg-query";
import type { Relation } from "../catalog/catalog.ts";
import {
  findRelation,
  indexesOf,
  ownedSequences,
  relationsWhere,
  resolveRelation,
  withDescendants,
} from "../catalog/resolve.ts";
import { isOn } from "../sql/option_values.ts";
import type { Scope } from "./effects.ts";
import { LOCK_MODES } from "./impact.ts";
import { lockForQuery } from "./query_locks.ts";
import { foreignKeysTo, hasRows, withChildren } from "./relatives.ts";

export function vacuum(scope: Scope, { rels = [], options, is_vacuumcmd: isVacuum = false }: VacuumStmt): void {
  const { catalog, effects, postgresVersion } = scope;
  const full = isOn(options, "full", false);
  const tables = rels.length === 0
    ? relationsWhere(catalog, (one) => hasRows(one) || one.kind === "partitioned-table")
    : rels.flatMap((node) => {
      const name = "VacuumRelation" in node ? node.VacuumRelation.relation : undefined;
      const table = name === undefined ? null : resolveRelation(catalog, name);
      if (table === null || name === undefined) return [];
      // Since 18 the tables that inherit are taken too, unless ONLY is said.
      const goesDown = table.kind === "partitioned-table" || (postgresVersion >= 18 && name.inh === true);
      if (!goesDown && !isVacuum) sampleChildren(scope, table);
      return withChildren(catalog, { relation: table, only: !goesDown });
    });
  if (rels.length === 0 && !catalog.isWhole) effects.notKnown("It is for every table of the database");
  for (const table of tables) {
    effects.lock(table, full && isVacuum ? "AccessExclusiveLock" : "ShareUpdateExclusiveLock");
    if (full && isVacuum && hasRows(table)) {
      effects.rewrite(table, "its rows are copied to a new file");
      effects.scan(table, "its rows are copied to a new file");
    }
    if (!hasRows(table)) continue;
    const mode = !isVacuum ? "AccessShareLock" : full ? "AccessExclusiveLock" : "RowExclusiveLock";
    for (const index of indexesOf(catalog, table)) effects.lock(index, mode);
  }
}

/** ANALYZE of a table also looks at a sample of what inherits from it. */
function sampleChildren({ catalog, effects }: Scope, table: Relation): void {
  for (const one of withDescendants(catalog, table).slice(1)) effects.lock(one, "AccessShareLock");
}

export function truncate(scope: Scope, { relations = [], behavior, restart_seqs: restart }: TruncateStmt): void {
  const { catalog, effects } = scope;
  const tables: Relation[] = rangeVars(relations).flatMap((name) => {
    const relation = resolveRelation(catalog, name);
    return relation === null ? [] : withChildren(catalog, { relation, only: name.inh !== true });
  });
  // The list grows while it is walked: CASCADE takes the tables that point to those, and so on.
  for (const table of tables) {
    const pointing = behavior === "DROP_CASCADE" ? foreignKeysTo(catalog, table) : [];
    for (const one of pointing.flatMap(({ from }) => withDescendants(catalog, from))) {
      if (!tables.includes(one)) tables.push(one);
    }
    effects.lock(table, "AccessExclusiveLock");
    if (!hasRows(table)) continue;
    effects.rewrite(table, "it gets a new, empty file");
    for (const index of indexesOf(catalog, table)) effects.lock(index, "AccessExclusiveLock");
    for (const sequence of restart ? ownedSequences(catalog, table) : []) effects.lock(sequence, "AccessExclusiveLock");
  }
}

export function lockTables(scope: Scope, { relations = [], mode = 8 }: LockStmt): void {
  const { catalog, effects } = scope;
  for (const name of rangeVars(relations)) {
    const relation = resolveRelation(catalog, name);
    if (relation === null) continue;
    lockOne(relation, name.inh !== true);
  }

  function lockOne(relation: Relation, only: boolean): void {
    const lockMode = LOCK_MODES[mode - 1] ?? "AccessExclusiveLock";
    for (const one of withChildren(catalog, { relation, only })) effects.lock(one, lockMode);
    for (const name of relation.kind === "view" ? relation.dependsOn : []) {
      const source = findRelation(catalog, name);
      if (source === null) effects.lock(name, lockMode);
      else lockOne(source, false);
    }
  }
}

export function refresh(scope: Scope, { relation, concurrent, skipData }: RefreshMatViewStmt): void {
  const { catalog, effects } = scope;
  const view = relation === undefined ? null : resolveRelation(catalog, relation, { expected: "materialized-view" });
  if (view === null) return;
  effects.lock(view, concurrent ? "ExclusiveLock" : "AccessExclusiveLock");
  const indexes = indexesOf(catalog, view);
  for (const index of indexes) effects.lock(index, concurrent ? "RowExclusiveLock" : "AccessExclusiveLock");
  if (!concurrent) effects.rewrite(view, "it gets a new file with what its query returns now");
  if (concurrent) effects.scan(view, "its rows are compared with those that its query returns now");
  else if (indexes.length > 0 && !skipData) effects.scan(view, "its indexes are built again from every row");
  for (const name of skipData ? [] : view.dependsOn) {
    const source = findRelation(catalog, name);
    if (source === null) effects.lock(name, "AccessShareLock");
    else {
      lockForQuery(scope, { relation: source, mode: "AccessShareLock", only: false });
      for (const one of withDescendants(catalog, source).filter(hasRows)) {
        effects.scan(one, "the query of the materialized view is run", false);
      }
    }
  }
}

function rangeVars(nodes: readonly Node[]) {
  return nodes.flatMap((node) => "RangeVar" in node ? [node.RangeVar] : []);
}
