/** CREATE → DROP. */

import type { CreateFunctionStmt, IndexStmt, RangeVar } from "libpg-query";
import { argumentTypes } from "./argument_types.ts";
import { dotted, identifier, listedName, relationName } from "./identifiers.ts";
import { option } from "./option_values.ts";
import type { Statement } from "./parser.ts";

/** The DROP for a CREATE, or null where it is not certain. */
export function undoCreate(statement: Statement): string | null {
  const { kind, node } = statement;
  if ("if_not_exists" in node && node.if_not_exists === true) return null;
  if ("replace" in node && node.replace === true) return null;
  switch (kind) {
    case "CreateStmt":
      return dropRelation("TABLE", node.relation);
    case "CreateForeignTableStmt":
      return node.base?.if_not_exists ? null : dropRelation("FOREIGN TABLE", node.base?.relation);
    case "CreateTableAsStmt":
      return dropRelation(node.objtype === "OBJECT_MATVIEW" ? "MATERIALIZED VIEW" : "TABLE", node.into?.rel);
    case "ViewStmt":
      return dropRelation("VIEW", node.view);
    case "CreateSeqStmt":
      return dropRelation("SEQUENCE", node.sequence);
    case "IndexStmt":
      return dropIndex(node);
    case "CompositeTypeStmt":
      return dropRelation("TYPE", node.typevar);
    case "CreateEnumStmt":
    case "CreateRangeStmt":
      return `DROP TYPE ${listedName(node.typeName)}`;
    case "CreateDomainStmt":
      return `DROP DOMAIN ${listedName(node.domainname)}`;
    case "CreateFunctionStmt":
      return dropFunction(node);
    case "CreateExtensionStmt":
      // CASCADE installs others too, where they are not there yet.
      return option(node.options, "cascade") === null ? `DROP EXTENSION ${identifier(node.extname ?? "")}` : null;
    case "CreateSchemaStmt":
      // Without a name it is that of a role; what is created inside would keep the schema from being dropped.
      return node.schemaname === undefined || node.schemaElts !== undefined
        ? null
        : `DROP SCHEMA ${identifier(node.schemaname)}`;
    case "CreateTrigStmt":
      return dropOn("TRIGGER", node.trigname, node.relation);
    case "CreatePolicyStmt":
      return dropOn("POLICY", node.policy_name, node.table);
    default:
      return null;
  }
}

/** A temporary relation is gone with its session: there is nothing to take back. */
function dropRelation(what: string, relation: RangeVar | undefined): string | null {
  return relation === undefined || relation.relpersistence === "t" ? null : `DROP ${what} ${relationName(relation)}`;
}

/** An index is in the schema of its table, and its own name is never qualified. */
function dropIndex({ idxname, relation, concurrent }: IndexStmt): string | null {
  if (idxname === undefined || relation === undefined) return null;
  const name = dotted([relation.catalogname, relation.schemaname, idxname]);
  return `DROP INDEX ${concurrent ? "CONCURRENTLY " : ""}${name}`;
}

function dropFunction(node: CreateFunctionStmt): string | null {
  const types = argumentTypes(node);
  return types === null
    ? null
    : `DROP ${node.is_procedure ? "PROCEDURE" : "FUNCTION"} ${listedName(node.funcname)}(${types})`;
}

function dropOn(what: string, name: string | undefined, table: RangeVar | undefined): string | null {
  return name === undefined || table === undefined
    ? null
    : `DROP ${what} ${identifier(name)} ON ${relationName(table)}`;
}
