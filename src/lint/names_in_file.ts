/** Names of relations that change hands in a file. */

import type { RangeVar } from "libpg-query";
import type { QualifiedName } from "../catalog/catalog.ts";
import { listedParts } from "../sql/identifiers.ts";
import type { Statement } from "../sql/parser.ts";
import type { LintedFile } from "./rule.ts";

interface Place {
  readonly statement: Statement;
  readonly file: Pick<LintedFile, "statements">;
}

/** Whether a statement further down makes a relation of a name, or gives the name to one. */
export function takesName(name: QualifiedName, { statement, file }: Place): boolean {
  return file.statements.some((other) => other.start > statement.start && takenName(other, name));
}

/** Whether a statement further up takes a name away from the relation that had it. */
export function freesName(name: QualifiedName, { statement, file }: Place): boolean {
  return file.statements.some((other) => other.start < statement.start && freedName(other, name));
}

function takenName({ kind, node }: Statement, name: QualifiedName): boolean {
  switch (kind) {
    case "CreateStmt":
      return isNamed(node.relation, name);
    case "CreateTableAsStmt":
      return isNamed(node.into?.rel, name);
    case "ViewStmt":
      return isNamed(node.view, name);
    case "RenameStmt":
      return node.renameType?.match(RELATION) != null && node.newname === name.name && inSchema(node.relation, name);
    default:
      return false;
  }
}

function freedName({ kind, node }: Statement, name: QualifiedName): boolean {
  if (kind === "RenameStmt") return node.renameType?.match(RELATION) != null && isNamed(node.relation, name);
  if (kind !== "DropStmt") return false;
  return (node.objects ?? []).some((object) => {
    const parts = "List" in object ? listedParts(object.List.items) : [];
    return parts.at(-1) === name.name && (parts.at(-2) ?? name.schema) === name.schema;
  });
}

const RELATION = /^OBJECT_(TABLE|VIEW|MATVIEW|FOREIGN_TABLE)$/;

/** A name without a schema is taken for one of the same: search_path rarely changes within a file. */
function isNamed(range: RangeVar | undefined, name: QualifiedName): boolean {
  return range?.relname === name.name && inSchema(range, name);
}

function inSchema(range: RangeVar | undefined, { schema }: QualifiedName): boolean {
  return (range?.schemaname ?? schema) === schema;
}
