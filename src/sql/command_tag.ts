/** What a statement is called: the command tag that a server would give it, without its counts. */

import type { Statement } from "./parser.ts";

/** Tags that the node's type alone decides; the others are below (PostgreSQL's own list of command tags). */
const TAGS: Readonly<Record<string, string>> = {
  AlterCollationStmt: "ALTER COLLATION",
  AlterDatabaseRefreshCollStmt: "ALTER DATABASE",
  AlterDatabaseSetStmt: "ALTER DATABASE",
  AlterDatabaseStmt: "ALTER DATABASE",
  AlterDefaultPrivilegesStmt: "ALTER DEFAULT PRIVILEGES",
  AlterDomainStmt: "ALTER DOMAIN",
  AlterEnumStmt: "ALTER TYPE",
  AlterEventTrigStmt: "ALTER EVENT TRIGGER",
  AlterExtensionContentsStmt: "ALTER EXTENSION",
  AlterExtensionStmt: "ALTER EXTENSION",
  AlterFdwStmt: "ALTER FOREIGN DATA WRAPPER",
  AlterForeignServerStmt: "ALTER SERVER",
  AlterOpFamilyStmt: "ALTER OPERATOR FAMILY",
  AlterOperatorStmt: "ALTER OPERATOR",
  AlterPolicyStmt: "ALTER POLICY",
  AlterPublicationStmt: "ALTER PUBLICATION",
  AlterRoleSetStmt: "ALTER ROLE",
  AlterRoleStmt: "ALTER ROLE",
  AlterSeqStmt: "ALTER SEQUENCE",
  AlterStatsStmt: "ALTER STATISTICS",
  AlterSubscriptionStmt: "ALTER SUBSCRIPTION",
  AlterSystemStmt: "ALTER SYSTEM",
  AlterTSConfigurationStmt: "ALTER TEXT SEARCH CONFIGURATION",
  AlterTSDictionaryStmt: "ALTER TEXT SEARCH DICTIONARY",
  AlterTableSpaceOptionsStmt: "ALTER TABLESPACE",
  AlterTypeStmt: "ALTER TYPE",
  AlterUserMappingStmt: "ALTER USER MAPPING",
  CallStmt: "CALL",
  CheckPointStmt: "CHECKPOINT",
  ClosePortalStmt: "CLOSE CURSOR",
  ClusterStmt: "CLUSTER",
  CommentStmt: "COMMENT",
  CompositeTypeStmt: "CREATE TYPE",
  ConstraintsSetStmt: "SET CONSTRAINTS",
  CopyStmt: "COPY",
  CreateAmStmt: "CREATE ACCESS METHOD",
  CreateCastStmt: "CREATE CAST",
  CreateConversionStmt: "CREATE CONVERSION",
  CreateDomainStmt: "CREATE DOMAIN",
  CreateEnumStmt: "CREATE TYPE",
  CreateEventTrigStmt: "CREATE EVENT TRIGGER",
  CreateExtensionStmt: "CREATE EXTENSION",
  CreateFdwStmt: "CREATE FOREIGN DATA WRAPPER",
  CreateForeignServerStmt: "CREATE SERVER",
  CreateForeignTableStmt: "CREATE FOREIGN TABLE",
  CreateOpClassStmt: "CREATE OPERATOR CLASS",
  CreateOpFamilyStmt: "CREATE OPERATOR FAMILY",
  CreatePLangStmt: "CREATE LANGUAGE",
  CreatePolicyStmt: "CREATE POLICY",
  CreatePublicationStmt: "CREATE PUBLICATION",
  CreateRangeStmt: "CREATE TYPE",
  CreateRoleStmt: "CREATE ROLE",
  CreateSchemaStmt: "CREATE SCHEMA",
  CreateSeqStmt: "CREATE SEQUENCE",
  CreateStatsStmt: "CREATE STATISTICS",
  CreateStmt: "CREATE TABLE",
  CreateSubscriptionStmt: "CREATE SUBSCRIPTION",
  CreateTableSpaceStmt: "CREATE TABLESPACE",
  CreateTransformStmt: "CREATE TRANSFORM",
  CreateTrigStmt: "CREATE TRIGGER",
  CreateUserMappingStmt: "CREATE USER MAPPING",
  CreatedbStmt: "CREATE DATABASE",
  DeallocateStmt: "DEALLOCATE",
  DeclareCursorStmt: "DECLARE CURSOR",
  DeleteStmt: "DELETE",
  DoStmt: "DO",
  DropOwnedStmt: "DROP OWNED",
  DropRoleStmt: "DROP ROLE",
  DropSubscriptionStmt: "DROP SUBSCRIPTION",
  DropTableSpaceStmt: "DROP TABLESPACE",
  DropUserMappingStmt: "DROP USER MAPPING",
  DropdbStmt: "DROP DATABASE",
  ExecuteStmt: "EXECUTE",
  ExplainStmt: "EXPLAIN",
  FetchStmt: "FETCH",
  ImportForeignSchemaStmt: "IMPORT FOREIGN SCHEMA",
  IndexStmt: "CREATE INDEX",
  InsertStmt: "INSERT",
  ListenStmt: "LISTEN",
  LoadStmt: "LOAD",
  LockStmt: "LOCK TABLE",
  MergeStmt: "MERGE",
  NotifyStmt: "NOTIFY",
  PrepareStmt: "PREPARE",
  ReassignOwnedStmt: "REASSIGN OWNED",
  RefreshMatViewStmt: "REFRESH MATERIALIZED VIEW",
  ReindexStmt: "REINDEX",
  RuleStmt: "CREATE RULE",
  SecLabelStmt: "SECURITY LABEL",
  TruncateStmt: "TRUNCATE TABLE",
  UnlistenStmt: "UNLISTEN",
  UpdateStmt: "UPDATE",
  VariableShowStmt: "SHOW",
  ViewStmt: "CREATE VIEW",
};

/** Kinds of objects whose name in a tag is not that of the kind. */
const OBJECTS: Readonly<Record<string, string>> = {
  OBJECT_ATTRIBUTE: "TYPE",
  OBJECT_DOMCONSTRAINT: "DOMAIN",
  OBJECT_FDW: "FOREIGN DATA WRAPPER",
  OBJECT_FOREIGN_SERVER: "SERVER",
  OBJECT_MATVIEW: "MATERIALIZED VIEW",
  OBJECT_OPCLASS: "OPERATOR CLASS",
  OBJECT_OPFAMILY: "OPERATOR FAMILY",
  OBJECT_STATISTIC_EXT: "STATISTICS",
  OBJECT_TABCONSTRAINT: "TABLE",
  OBJECT_TSCONFIGURATION: "TEXT SEARCH CONFIGURATION",
  OBJECT_TSDICTIONARY: "TEXT SEARCH DICTIONARY",
  OBJECT_TSPARSER: "TEXT SEARCH PARSER",
  OBJECT_TSTEMPLATE: "TEXT SEARCH TEMPLATE",
};

/** `ALTER TABLE`, `CREATE INDEX`, `UPDATE`. */
export function commandTag(statement: Statement): string {
  const { kind, node } = statement;
  switch (kind) {
    case "AlterTableStmt":
      return `ALTER ${objectOf(node.objtype)}`;
    case "AlterObjectDependsStmt":
    case "AlterObjectSchemaStmt":
    case "AlterOwnerStmt":
      return `ALTER ${objectOf(node.objectType)}`;
    case "RenameStmt":
      return `ALTER ${objectOf(node.renameType === "OBJECT_COLUMN" ? node.relationType : node.renameType)}`;
    case "AlterFunctionStmt":
      return `ALTER ${objectOf(node.objtype)}`;
    case "AlterTableMoveAllStmt":
      return `ALTER ${objectOf(node.objtype)}`;
    case "DropStmt":
      return `DROP ${objectOf(node.removeType)}`;
    case "DefineStmt":
      return `CREATE ${objectOf(node.kind)}`;
    case "CreateFunctionStmt":
      return node.is_procedure === true ? "CREATE PROCEDURE" : "CREATE FUNCTION";
    case "CreateTableAsStmt":
      return node.objtype === "OBJECT_MATVIEW" ? "CREATE MATERIALIZED VIEW" : "CREATE TABLE AS";
    case "SelectStmt":
      return node.intoClause === undefined ? "SELECT" : "SELECT INTO";
    case "GrantStmt":
      return node.is_grant === true ? "GRANT" : "REVOKE";
    case "GrantRoleStmt":
      return node.is_grant === true ? "GRANT ROLE" : "REVOKE ROLE";
    case "VacuumStmt":
      return node.is_vacuumcmd === true ? "VACUUM" : "ANALYZE";
    case "VariableSetStmt":
      return node.kind === "VAR_RESET" || node.kind === "VAR_RESET_ALL" ? "RESET" : "SET";
    case "DiscardStmt":
      return `DISCARD ${node.target?.replace("DISCARD_", "") ?? "ALL"}`;
    case "TransactionStmt":
      return transactionTag(node.kind);
    default:
      return TAGS[kind] ?? firstWord(statement);
  }
}

function objectOf(kind: string | undefined): string {
  if (kind === undefined) return "TABLE";
  return OBJECTS[kind] ?? kind.replace(/^OBJECT_/, "").replaceAll("_", " ");
}

/** START TRANSACTION is told from BEGIN; of the others each has one tag. */
function transactionTag(kind: string | undefined): string {
  const words = (kind ?? "").replace("TRANS_STMT_", "").replaceAll("_", " ");
  if (words === "START") return "START TRANSACTION";
  if (words === "ROLLBACK TO") return "ROLLBACK";
  return words === "PREPARE" ? "PREPARE TRANSACTION" : words;
}

/** For a statement of a later grammar. */
function firstWord({ text }: Statement): string {
  return /^\w+/.exec(text)?.[0].toUpperCase() ?? "";
}
