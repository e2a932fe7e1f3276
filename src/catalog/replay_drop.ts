/** DROP of whatever it is. */

import type { DropStmt, Node } from "libpg-query";
import { listedParts } from "../sql/identifiers.ts";
import { type Attached, type Catalog, qualified, type QualifiedName } from "./catalog.ts";
import { removeRelation } from "./edit.ts";
import { dropRelation, dropTyped } from "./drop_relation.ts";
import { dropAttached } from "./replay_attached.ts";
import { dropFunction } from "./replay_function.ts";
import { findRelation, isSame, resolveListed } from "./resolve.ts";
import { typeNamed } from "./resolve_type.ts";

const RELATIONS: ReadonlySet<string> = new Set(
  ["TABLE", "VIEW", "MATVIEW", "INDEX", "SEQUENCE", "FOREIGN_TABLE"].map((kind) => `OBJECT_${kind}`),
);

const FUNCTIONS: ReadonlySet<string> = new Set(
  ["FUNCTION", "PROCEDURE", "ROUTINE", "AGGREGATE"].map((kind) => `OBJECT_${kind}`),
);

const ATTACHED: Readonly<Record<string, Attached["kind"]>> = {
  OBJECT_TRIGGER: "trigger",
  OBJECT_POLICY: "policy",
  OBJECT_STATISTIC_EXT: "statistics",
};

export function replayDrop(catalog: Catalog, { removeType = "OBJECT_TABLE", objects }: DropStmt): void {
  for (const object of objects ?? []) {
    if (RELATIONS.has(removeType) && "List" in object) dropListed(catalog, object.List.items);
    else if (ATTACHED[removeType] !== undefined && "List" in object) {
      dropAttached(catalog, ATTACHED[removeType], object.List.items);
    } else if (FUNCTIONS.has(removeType) && "ObjectWithArgs" in object) dropFunction(catalog, object.ObjectWithArgs);
    else if (removeType === "OBJECT_SCHEMA" && "String" in object) dropSchema(catalog, object.String.sval ?? "");
    else if (removeType === "OBJECT_EXTENSION" && "String" in object) {
      catalog.extensions.delete(object.String.sval ?? "");
    } else if ((removeType === "OBJECT_TYPE" || removeType === "OBJECT_DOMAIN") && "TypeName" in object) {
      const type = typeNamed(catalog, listedParts(object.TypeName.names));
      if (type !== null) dropType(catalog, type);
    }
  }
}

function dropListed(catalog: Catalog, names: readonly Node[] | undefined): void {
  const relation = resolveListed(catalog, names);
  if (relation !== null) dropRelation(catalog, relation);
}

/** Drops a type with the columns that have it and the domains over it. */
function dropType(catalog: Catalog, type: QualifiedName): void {
  if (!catalog.types.delete(qualified(type))) return;
  removeRelation(catalog, type);
  dropTyped(catalog, type);
  for (const { base, schema, name } of [...catalog.types.values()]) {
    if (base !== null && isSame(base, type)) dropType(catalog, { schema, name });
  }
}

function dropSchema(catalog: Catalog, schema: string): void {
  for (const relation of catalog.relations.inSchema(schema)) {
    const now = findRelation(catalog, relation);
    if (now !== null) dropRelation(catalog, now);
  }
  for (const type of [...catalog.types.values()]) if (type.schema === schema) dropType(catalog, type);
  for (const [key, [first]] of [...catalog.functions]) if (first?.schema === schema) catalog.functions.delete(key);
}
