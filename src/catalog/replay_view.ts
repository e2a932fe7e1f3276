/** What is made of a query: views, materialized views, tables. */

import type { CreateTableAsStmt, IntoClause, Node, RefreshMatViewStmt, SelectStmt, ViewStmt } from "libpg-query";
import { listedParts } from "../sql/identifiers.ts";
import type { Catalog, Relation, RelationKind } from "./catalog.ts";
import { columnsRead } from "./columns_read.ts";
import { change, put } from "./edit.ts";
import { queryColumns } from "./query_columns.ts";
import { relationsIn } from "./query_relations.ts";
import { emptyRelation, findRelation, isSame, newName, resolveRelation, TEMPORARY_SCHEMA } from "./resolve.ts";

export function replayView(catalog: Catalog, node: ViewStmt, by: bigint | null): void {
  const { view, query, aliases, replace } = node;
  if (view === undefined) return;
  const dependsOn = relationsIn(catalog, query);
  // A view over a temporary table is temporary, whether the statement says so or not.
  const temporary = view.relpersistence === "t" || dependsOn.some(({ schema }) => schema === TEMPORARY_SCHEMA);
  const name = newName(catalog, temporary ? { ...view, relpersistence: "t" } : view);
  const before = name === null ? null : findRelation(catalog, name);
  if (name === null || before?.known && !(replace && before.kind === "view")) return;
  const { columns, complete } = queryColumns(catalog, query, listedParts(aliases));
  put(catalog, {
    ...emptyRelation(name, "view"),
    madeBy: before?.known ? before.madeBy : by,
    known: complete,
    columns,
    dependsOn: dependsOn.filter((one) => !isSame(one, name)),
    ...readsOf(query),
  });
}

function readsOf(query: Node | undefined): Pick<Relation, "reads"> {
  const reads = columnsRead(query);
  return reads === null ? {} : { reads };
}

/** CREATE TABLE AS, CREATE MATERIALIZED VIEW. */
export function replayTableAs(catalog: Catalog, node: CreateTableAsStmt, by: bigint | null): void {
  const kind = node.objtype === "OBJECT_MATVIEW" ? "materialized-view" : "table";
  makeFromQuery(catalog, { into: node.into, query: node.query, kind, by });
}

/** REFRESH MATERIALIZED VIEW, which fills it or, WITH NO DATA, empties it. */
export function replayRefresh(catalog: Catalog, { relation, skipData }: RefreshMatViewStmt): void {
  const view = relation === undefined ? null : resolveRelation(catalog, relation, { expected: "materialized-view" });
  if (view?.kind === "materialized-view") change(catalog, view, () => ({ populated: skipData !== true }));
}

/** SELECT … INTO. */
export function replaySelectInto(catalog: Catalog, node: SelectStmt, by: bigint | null): void {
  let first = node;
  while (first.larg !== undefined) first = first.larg;
  if (first.intoClause !== undefined) {
    makeFromQuery(catalog, { into: first.intoClause, query: { SelectStmt: node }, kind: "table", by });
  }
}

interface FromQuery {
  readonly into: IntoClause | undefined;
  readonly query: Node | undefined;
  readonly kind: RelationKind;
  readonly by: bigint | null;
}

function makeFromQuery(catalog: Catalog, { into, query, kind, by }: FromQuery): void {
  const name = into?.rel === undefined ? null : newName(catalog, into.rel);
  if (name === null || findRelation(catalog, name)?.known) return;
  const { columns, complete } = queryColumns(catalog, query, listedParts(into?.colNames));
  put(catalog, {
    ...emptyRelation(name, kind),
    ...(into?.rel?.relpersistence === "u" ? { persistence: "unlogged" } : {}),
    madeBy: by,
    known: complete,
    columns,
    dependsOn: kind === "materialized-view" ? relationsIn(catalog, query) : [],
    ...(kind === "materialized-view" ? { populated: into?.skipData !== true, ...readsOf(query) } : {}),
  });
}
