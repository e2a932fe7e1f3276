/** RENAME → rename back. */

import type { AlterEnumStmt, RenameStmt } from "libpg-query";
import { dotted, identifier, listedParts, literal, relationName } from "./identifiers.ts";
import type { Statement } from "./parser.ts";

type Rename = Extract<Statement, { readonly kind: "RenameStmt" | "AlterEnumStmt" }>;

/** The renaming back, or null where it is not certain that something was renamed. */
export function undoRename({ kind, node }: Rename): string | null {
  return kind === "AlterEnumStmt" ? undoEnum(node) : node.missing_ok ? null : undoName(node);
}

function undoName(node: RenameStmt): string | null {
  const { renameType, newname: to = "" } = node;
  const from = node.subname ?? "";
  switch (renameType) {
    case "OBJECT_TABLE":
    case "OBJECT_FOREIGN_TABLE":
    case "OBJECT_VIEW":
    case "OBJECT_MATVIEW":
    case "OBJECT_INDEX":
    case "OBJECT_SEQUENCE":
      return relationBack(KEYWORDS[renameType]!, node);
    case "OBJECT_COLUMN":
      return partBack("COLUMN", node);
    case "OBJECT_TABCONSTRAINT":
      return partBack("CONSTRAINT", node);
    case "OBJECT_ATTRIBUTE":
      return partBack("ATTRIBUTE", node);
    case "OBJECT_TYPE":
    case "OBJECT_DOMAIN":
      return typeBack(KEYWORDS[renameType]!, node);
    case "OBJECT_SCHEMA":
      return `ALTER SCHEMA ${identifier(to)} RENAME TO ${identifier(from)}`;
    case "OBJECT_TRIGGER":
    case "OBJECT_POLICY":
      return node.relation === undefined
        ? null
        : `ALTER ${KEYWORDS[renameType]} ${identifier(to)} ON ${relationName(node.relation)} RENAME TO ${
          identifier(from)
        }`;
    default:
      return null;
  }
}

const KEYWORDS: Readonly<Record<string, string>> = {
  OBJECT_TABLE: "TABLE",
  OBJECT_FOREIGN_TABLE: "FOREIGN TABLE",
  OBJECT_VIEW: "VIEW",
  OBJECT_MATVIEW: "MATERIALIZED VIEW",
  OBJECT_INDEX: "INDEX",
  OBJECT_SEQUENCE: "SEQUENCE",
  OBJECT_TYPE: "TYPE",
  OBJECT_DOMAIN: "DOMAIN",
  OBJECT_TRIGGER: "TRIGGER",
  OBJECT_POLICY: "POLICY",
};

/** The new name is in the schema of the old one. */
function relationBack(what: string, { relation, newname = "" }: RenameStmt): string | null {
  if (relation?.relname === undefined) return null;
  const { catalogname, schemaname, relname } = relation;
  return `ALTER ${what} ${dotted([catalogname, schemaname, newname])} RENAME TO ${identifier(relname)}`;
}

function partBack(part: "COLUMN" | "CONSTRAINT" | "ATTRIBUTE", node: RenameStmt): string | null {
  const { relation, subname = "", newname = "", relationType } = node;
  if (relation === undefined) return null;
  // A rename of a constraint does not say of what; the grammar has it for tables only.
  const what = part === "CONSTRAINT" ? "TABLE" : KEYWORDS[relationType ?? ""];
  if (what === undefined) return null;
  const only = what === "TABLE" && !relation.inh ? "ONLY " : "";
  return `ALTER ${what} ${only}${relationName(relation)} RENAME ${part} ${identifier(newname)} TO ${
    identifier(subname)
  }`;
}

function typeBack(what: string, { object, newname = "" }: RenameStmt): string | null {
  if (object === undefined || !("List" in object)) return null;
  const parts = listedParts(object.List.items);
  const name = parts.at(-1);
  if (name === undefined) return null;
  return `ALTER ${what} ${dotted([...parts.slice(0, -1), newname])} RENAME TO ${identifier(name)}`;
}

/** A value that was added cannot be taken out again. */
function undoEnum({ typeName, oldVal, newVal }: AlterEnumStmt): string | null {
  if (oldVal === undefined || newVal === undefined) return null;
  return `ALTER TYPE ${dotted(listedParts(typeName))} RENAME VALUE ${literal(newVal)} TO ${literal(oldVal)}`;
}
