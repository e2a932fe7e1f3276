/** Objects that end with the session which made them, and so are missing in the one that goes on. */

import type { IntoClause, Node, RangeVar } from "libpg-query";
import { listedParts } from "./identifiers.ts";
import type { Statement } from "./parser.ts";

const TEMPORARY_SCHEMA = "pg_temp";

/** The temporary object that a statement makes, where that outlives its transaction; null for none. */
export function madeTemporary({ kind, node }: Statement): string | null {
  switch (kind) {
    case "CreateStmt":
      return node.oncommit === "ONCOMMIT_DROP" ? null : temporary(node.relation);
    case "CreateTableAsStmt":
      return intoTemporary(node.into);
    case "SelectStmt":
      return intoTemporary(node.intoClause);
    case "ViewStmt":
      return temporary(node.view);
    case "CreateSeqStmt":
      return temporary(node.sequence);
    case "CompositeTypeStmt":
      return temporary(node.typevar);
    case "CreateFunctionStmt":
      return inTemporarySchema(node.funcname);
    case "CreateDomainStmt":
      return inTemporarySchema(node.domainname);
    case "CreateEnumStmt":
    case "CreateRangeStmt":
      return inTemporarySchema(node.typeName);
    case "DefineStmt":
      return inTemporarySchema(node.defnames);
    default:
      return null;
  }
}

const RELATIONS: ReadonlySet<string> = new Set(["OBJECT_TABLE", "OBJECT_VIEW", "OBJECT_SEQUENCE"]);

/** The tables, views and sequences that a statement drops, without their schemas. */
export function droppedRelations({ kind, node }: Statement): readonly string[] {
  if (kind !== "DropStmt" || !RELATIONS.has(node.removeType ?? "")) return [];
  return (node.objects ?? []).flatMap((object) => "List" in object ? listedParts(object.List.items).slice(-1) : []);
}

function intoTemporary(into: IntoClause | undefined): string | null {
  return into?.onCommit === "ONCOMMIT_DROP" ? null : temporary(into?.rel);
}

function temporary(relation: RangeVar | undefined): string | null {
  const isTemporary = relation?.relpersistence === "t" || relation?.schemaname === TEMPORARY_SCHEMA;
  return isTemporary ? relation?.relname ?? null : null;
}

function inTemporarySchema(name: readonly Node[] | undefined): string | null {
  const parts = listedParts(name);
  return parts.at(-2) === TEMPORARY_SCHEMA ? parts.at(-1) ?? null : null;
}
