/** Which relations others may be using, so that somebody waits for a lock on them. */

import type { Catalog, QualifiedName, Relation, RelationKind } from "../catalog/catalog.ts";
import { findRelation } from "../catalog/resolve.ts";
import type { Statement } from "../sql/parser.ts";
import type { LintedFile, LintedStatement, LockInUse } from "./rule.ts";

/** Whether others may be using a relation: it exists, this file did not make it, and it is not temporary. */
export function isInUse(
  relation: Relation | null,
  { version }: Pick<LintedFile, "version">,
): relation is Relation {
  return relation !== null && relation.madeBy !== version && relation.persistence !== "temporary";
}

/** The locks of a statement for which somebody may be waiting. */
export function locksInUse(
  { statement, impact, catalog }: LintedStatement,
  file: Pick<LintedFile, "version">,
): readonly LockInUse[] {
  return impact.locks.flatMap((lock) => {
    const relation = findRelation(catalog, lock.relation);
    if (relation !== null && !isInUse(relation, file)) return [];
    return [{ ...lock, kind: relation?.kind ?? kindNamed(statement), tree: topOf(relation, catalog) ?? lock.relation }];
  });
}

function topOf(relation: Relation | null, catalog: Catalog): QualifiedName | null {
  let top = relation;
  while (top !== null && top.partition !== null && top.parents[0] !== undefined) {
    const parent = findRelation(catalog, top.parents[0]);
    if (parent === null) return top.parents[0];
    top = parent;
  }
  return top;
}

const READ_BY_QUERIES: ReadonlySet<RelationKind> = new Set([
  "table",
  "partitioned-table",
  "foreign-table",
  "view",
  "materialized-view",
]);

/** The tables and views that nobody else can read or write until the transaction ends. */
export function heldExclusively(locks: readonly LockInUse[]): readonly LockInUse[] {
  return locks.filter(({ mode, kind }) => mode === "AccessExclusiveLock" && READ_BY_QUERIES.has(kind));
}

/** Those of them that hold rows. */
export function isTable({ kind }: LockInUse): boolean {
  return READ_BY_QUERIES.has(kind) && kind !== "view";
}

/** What a relation that is taken to exist is taken for, by the words of the statement. */
function kindNamed({ kind, node }: Statement): RelationKind {
  const objectType = kind === "DropStmt"
    ? node.removeType
    : kind === "AlterTableStmt"
    ? node.objtype
    : kind === "RenameStmt" && node.renameType !== "OBJECT_COLUMN"
    ? node.renameType
    : kind === "ViewStmt"
    ? "OBJECT_VIEW"
    : kind === "ReindexStmt" && node.kind === "REINDEX_OBJECT_INDEX"
    ? "OBJECT_INDEX"
    : undefined;
  return KINDS[objectType ?? ""] ?? "table";
}

const KINDS: Readonly<Record<string, RelationKind>> = {
  OBJECT_INDEX: "index",
  OBJECT_VIEW: "view",
  OBJECT_MATVIEW: "materialized-view",
  OBJECT_SEQUENCE: "sequence",
  OBJECT_FOREIGN_TABLE: "foreign-table",
  OBJECT_TYPE: "composite-type",
};
