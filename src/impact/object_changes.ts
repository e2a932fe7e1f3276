/** RENAME, SET SCHEMA, COMMENT, GRANT and others that touch the description of one object. */

import type {
  AlterDomainStmt,
  AlterObjectSchemaStmt,
  AlterPublicationStmt,
  AlterSeqStmt,
  CommentStmt,
  CreatePublicationStmt,
  CreateStatsStmt,
  GrantStmt,
  Node,
  ObjectType,
  RenameStmt,
  SecLabelStmt,
} from "libpg-query";
import type { Catalog, QualifiedName, RelationKind } from "../catalog/catalog.ts";
import {
  findRelation,
  indexesOf,
  isSame,
  ownedSequences,
  relationsWhere,
  resolveListed,
  resolveRelation,
  withDescendants,
} from "../catalog/resolve.ts";
import { madeType, typeNamed } from "../catalog/resolve_type.ts";
import { listedParts } from "../sql/identifiers.ts";
import { lockOwner } from "./definitions.ts";
import type { Scope } from "./effects.ts";
import { hasRows } from "./relatives.ts";

const KINDS: Partial<Readonly<Record<ObjectType, RelationKind>>> = {
  OBJECT_TABLE: "table",
  OBJECT_FOREIGN_TABLE: "foreign-table",
  OBJECT_VIEW: "view",
  OBJECT_MATVIEW: "materialized-view",
  OBJECT_SEQUENCE: "sequence",
  OBJECT_INDEX: "index",
};

/** Parts of a table, whose names the tree has as the table's with one more. */
const PARTS: readonly ObjectType[] = ["OBJECT_TABCONSTRAINT", "OBJECT_TRIGGER", "OBJECT_POLICY", "OBJECT_RULE"];

export function rename({ catalog, effects, postgresVersion }: Scope, node: RenameStmt): void {
  const { renameType = "OBJECT_TABLE", relation: name, subname = "" } = node;
  const kind = KINDS[node.renameType === "OBJECT_COLUMN" ? node.relationType ?? "OBJECT_TABLE" : renameType];
  if (renameType === "OBJECT_TYPE") lockComposite({ catalog, effects }, node.object);
  if (renameType === "OBJECT_ATTRIBUTE" && node.behavior === "DROP_CASCADE") {
    effects.notKnown(`Which tables are of the type ${name?.relname ?? ""} shows when it runs`);
  }
  const relation = name === undefined ? null : resolveRelation(catalog, name, { expected: kind ?? "table" });
  if (relation === null) return;
  const goesDown = ["OBJECT_COLUMN", "OBJECT_ATTRIBUTE"].includes(renameType) ||
    // Each partition has its own trigger of that name, which since 15 is renamed too.
    (renameType === "OBJECT_TRIGGER" && relation.kind === "partitioned-table" && postgresVersion >= 15) ||
    (renameType === "OBJECT_TABCONSTRAINT" &&
      relation.constraints.some((one) => one.name === subname && one.kind === "check"));
  const all = goesDown && name?.inh === true ? withDescendants(catalog, relation) : [relation];
  // Plans do not go by the name of an index, so that a weaker lock is enough.
  const mode = relation.index === null ? "AccessExclusiveLock" : "ShareUpdateExclusiveLock";
  for (const one of all) effects.lock(one, mode);
  if (renameType !== "OBJECT_TABCONSTRAINT") return;
  const index = findRelation(catalog, { schema: relation.schema, name: subname });
  if (index?.index != null && isSame(index.index.table, relation)) effects.lock(index, "ShareUpdateExclusiveLock");
}

/** A composite type is a relation too. */
export function lockComposite(
  { catalog, effects }: Pick<Scope, "catalog" | "effects">,
  object: Node | undefined,
): void {
  const names = object !== undefined && "List" in object ? object.List.items : undefined;
  const name = typeNamed(catalog, listedParts(names));
  const type = name === null ? null : findRelation(catalog, name);
  if (type?.kind === "composite-type") effects.lock(type, "AccessExclusiveLock");
}

export function setSchema({ catalog, effects }: Scope, { relation: name, objectType }: AlterObjectSchemaStmt): void {
  const kind = KINDS[objectType ?? "OBJECT_TABLE"];
  if (name === undefined || kind === undefined) return;
  const relation = resolveRelation(catalog, name, { expected: kind });
  if (relation === null) return;
  effects.lock(relation, "AccessExclusiveLock");
  for (const sequence of ownedSequences(catalog, relation)) effects.lock(sequence, "AccessExclusiveLock");
}

export function comment({ catalog, effects }: Scope, { objtype, object }: CommentStmt | SecLabelStmt): void {
  const names = object !== undefined && "List" in object ? object.List.items ?? [] : [];
  if (objtype === undefined || names.length === 0) return;
  const kind = KINDS[objtype];
  const isPart = PARTS.includes(objtype);
  if (kind === undefined && objtype !== "OBJECT_COLUMN" && !isPart) return;
  const relation = resolveListed(catalog, kind === undefined ? names.slice(0, -1) : names, {
    expected: kind ?? "table",
  });
  if (relation !== null) effects.lock(relation, isPart ? "AccessShareLock" : "ShareUpdateExclusiveLock");
}

export function createStatistics({ catalog, effects }: Scope, { relations = [] }: CreateStatsStmt): void {
  for (const node of relations) {
    const table = "RangeVar" in node ? resolveRelation(catalog, node.RangeVar) : null;
    if (table !== null) effects.lock(table, "ShareUpdateExclusiveLock");
  }
}

/** Since 18 the relations of GRANT and REVOKE cannot go away meanwhile. */
export function grant(
  { catalog, effects, postgresVersion }: Scope,
  { objtype, targtype, objects = [] }: GrantStmt,
): void {
  const kind = objtype === "OBJECT_SEQUENCE" ? "sequence" : "table";
  if (postgresVersion < 18 || targtype !== "ACL_TARGET_OBJECT") return;
  if (objtype !== "OBJECT_TABLE" && objtype !== "OBJECT_SEQUENCE") return;
  for (const node of objects) {
    const relation = "RangeVar" in node ? resolveRelation(catalog, node.RangeVar, { expected: kind }) : null;
    if (relation !== null) effects.lock(relation, "AccessShareLock");
  }
}

export function publication({ catalog, effects }: Scope, node: CreatePublicationStmt | AlterPublicationStmt): void {
  if ("action" in node && node.action === "AP_SetObjects") {
    effects.notKnown("Which tables the publication has had shows when it runs");
  }
  for (const object of node.pubobjects ?? []) {
    const name = "PublicationObjSpec" in object ? object.PublicationObjSpec.pubtable?.relation : undefined;
    const table = name === undefined ? null : resolveRelation(catalog, name);
    if (table === null) continue;
    const goesDown = name?.inh === true && table.kind !== "partitioned-table";
    for (const one of goesDown ? withDescendants(catalog, table) : [table]) {
      effects.lock(one, "ShareUpdateExclusiveLock");
    }
  }
}

export function alterSequence(scope: Scope, { sequence: name, options, for_identity: identity }: AlterSeqStmt): void {
  const sequence = name === undefined ? null : resolveRelation(scope.catalog, name, { expected: "sequence" });
  if (sequence === null || identity) return;
  scope.effects.lock(sequence, "ShareRowExclusiveLock");
  lockOwner(scope, options);
}

/** The letters that the grammar has for what ALTER DOMAIN does, where rows are looked at for it. */
const LOOKS: Readonly<Record<string, string>> = {
  C: "every value of the domain is checked",
  O: "every value of the domain is checked for NULL",
  V: "every value of the domain is checked",
};

export function alterDomain({ catalog, effects }: Scope, { subtype = "", typeName, def }: AlterDomainStmt): void {
  const reason = LOOKS[subtype];
  const domain = typeNamed(catalog, listedParts(typeName));
  if (reason === undefined || domain === null) return;
  if (def !== undefined && "Constraint" in def && def.Constraint.skip_validation) return;
  if (madeType(catalog, domain) === null) {
    return effects.notKnown(`Nothing is known of the domain ${listedParts(typeName).join(".")}, nor who uses it`);
  }
  for (const table of usersOf(catalog, domain)) {
    effects.lock(table, "ShareLock");
    if (hasRows(table)) effects.scan(table, reason);
  }
}

/** Tables with a column of a domain, or of one that is over it. */
function usersOf(catalog: Catalog, domain: QualifiedName): readonly ReturnType<typeof relationsWhere>[number][] {
  const isOver = (type: QualifiedName | null): boolean =>
    type !== null && (isSame(type, domain) || isOver(madeType(catalog, type)?.base ?? null));
  return relationsWhere(
    catalog,
    ({ kind, columns }) =>
      ["table", "materialized-view", "partitioned-table"].includes(kind) && columns.some(({ type }) => isOver(type)),
  );
}

/** A new owner is also that of its indexes and sequences. */
export function lockOwned({ catalog, effects }: Scope, name: QualifiedName): void {
  for (const index of indexesOf(catalog, name)) effects.lock(index, "AccessExclusiveLock");
  for (const sequence of ownedSequences(catalog, name)) effects.lock(sequence, "AccessExclusiveLock");
}
