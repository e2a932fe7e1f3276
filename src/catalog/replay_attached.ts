/** What hangs on columns of a table beside indexes and constraints: it is lost with a column, or keeps it from going. */

import type {
  CommentStmt,
  CreatePolicyStmt,
  CreateStatsStmt,
  CreateTrigStmt,
  GrantStmt,
  Node,
  RangeVar,
} from "libpg-query";
import { listedParts } from "../sql/identifiers.ts";
import type { Attached, Catalog, Relation } from "./catalog.ts";
import { change } from "./edit.ts";
import { notPlain } from "./replay_index.ts";
import { findRelation, relationsWhere, resolveListed, resolveRelation } from "./resolve.ts";
import { columnsIn } from "./tree.ts";

/** The columns of UPDATE OF and of WHEN; what its function reads does not keep a column from going. */
export function replayTrigger(catalog: Catalog, node: CreateTrigStmt): void {
  const columns = [...listedParts(node.columns), ...columnsIn(node.whenClause)];
  attach(catalog, node.relation, { kind: "trigger", name: node.trigname ?? null, columns });
}

export function replayPolicy(
  catalog: Catalog,
  { table, policy_name: name, qual, with_check: check }: CreatePolicyStmt,
): void {
  attach(catalog, table, { kind: "policy", name: name ?? null, columns: columnsIn([qual, check]) });
}

export function replayStatistics(catalog: Catalog, { relations, defnames, exprs = [] }: CreateStatsStmt): void {
  const columns = exprs.flatMap((node) =>
    "StatsElem" in node
      ? [...columnsIn(node.StatsElem.expr), ...node.StatsElem.name === undefined ? [] : [node.StatsElem.name]]
      : []
  );
  for (const node of relations ?? []) {
    if (!("RangeVar" in node)) continue;
    attach(catalog, node.RangeVar, { kind: "statistics", name: listedParts(defnames).at(-1) ?? null, columns });
  }
}

export function replayComment(catalog: Catalog, { objtype, object, comment }: CommentStmt): void {
  if (object === undefined || !("List" in object)) return;
  const parts = object.List.items ?? [];
  if (objtype === "OBJECT_INDEX") {
    const index = resolveListed(catalog, parts);
    if (index !== null) notPlain(catalog, index);
    return;
  }
  if (objtype === "OBJECT_TABCONSTRAINT") return commentOnConstraint(catalog, parts);
  if (objtype !== "OBJECT_COLUMN") return;
  const table = resolveListed(catalog, parts.slice(0, -1));
  const columns = listedParts(parts.slice(-1));
  if (table === null || !isKept(catalog, table)) return;
  const about = ({ kind, columns: own }: Attached) => kind === "comment" && own[0] === columns[0];
  change(catalog, table, ({ attached = [] }) => ({
    attached: [
      ...attached.filter((one) => !about(one)),
      ...comment === undefined ? [] : [{ kind: "comment" as const, name: null, columns }],
    ],
  }));
}

function commentOnConstraint(catalog: Catalog, parts: readonly Node[]): void {
  const table = resolveListed(catalog, parts.slice(0, -1));
  const [name] = listedParts(parts.slice(-1));
  if (table === null || !isKept(catalog, table)) return;
  change(catalog, table, ({ constraints }) => ({
    constraints: constraints.map((one) => one.name === name ? { ...one, plain: false } : one),
  }));
}

/** What is taken away again is taken to be there still: whose it was is not kept. */
export function replayGrant(
  catalog: Catalog,
  { is_grant: isGrant, objtype, objects = [], privileges = [] }: GrantStmt,
): void {
  if (!isGrant || objtype !== "OBJECT_TABLE") return;
  const columns = privileges.flatMap((node) => "AccessPriv" in node ? listedParts(node.AccessPriv.cols) : []);
  if (columns.length === 0) return;
  for (const node of objects) {
    if ("RangeVar" in node) attach(catalog, node.RangeVar, { kind: "privileges", name: null, columns });
  }
}

/** What no statement made may be a view as well, and much hangs on it that nobody knows. */
function isKept(catalog: Catalog, relation: Relation): boolean {
  return findRelation(catalog, relation) !== null;
}

function attach(catalog: Catalog, name: RangeVar | undefined, attached: Attached): void {
  const table = name === undefined || attached.columns.length === 0 ? null : resolveRelation(catalog, name);
  if (table === null || !isKept(catalog, table)) return;
  change(catalog, table, (now) => ({ attached: [...now.attached ?? [], attached] }));
}

/** DROP TRIGGER and DROP POLICY name the table before the name, DROP STATISTICS a schema or nothing. */
export function dropAttached(catalog: Catalog, kind: Attached["kind"], names: readonly Node[] | undefined): void {
  const name = listedParts(names).at(-1);
  const isGone = (one: Attached) => one.kind === kind && one.name === name;
  const table = kind === "statistics" ? null : resolveListed(catalog, names?.slice(0, -1));
  const tables = kind === "statistics" ? withStatistics(catalog, name) : table === null ? [] : [table];
  for (const one of tables) {
    if (one.attached?.some(isGone)) {
      change(catalog, one, ({ attached = [] }) => ({ attached: attached.filter((own) => !isGone(own)) }));
    }
  }
}

function withStatistics(catalog: Catalog, name: string | undefined): readonly Relation[] {
  return relationsWhere(
    catalog,
    ({ attached = [] }) => attached.some((one) => one.kind === "statistics" && one.name === name),
  );
}
