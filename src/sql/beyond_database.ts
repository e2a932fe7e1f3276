/** Which statements change what all databases of a server share, and so outlast the database that they were run in. */

import type { Statement } from "./parser.ts";

const SHARED: Partial<Record<Statement["kind"], string>> = {
  CreateRoleStmt: "CREATE ROLE",
  AlterRoleStmt: "ALTER ROLE",
  AlterRoleSetStmt: "ALTER ROLE … SET",
  DropRoleStmt: "DROP ROLE",
  GrantRoleStmt: "GRANT of a role",
  CreatedbStmt: "CREATE DATABASE",
  DropdbStmt: "DROP DATABASE",
  AlterDatabaseStmt: "ALTER DATABASE",
  AlterDatabaseSetStmt: "ALTER DATABASE … SET",
  CreateTableSpaceStmt: "CREATE TABLESPACE",
  DropTableSpaceStmt: "DROP TABLESPACE",
  AlterTableSpaceOptionsStmt: "ALTER TABLESPACE",
  AlterSystemStmt: "ALTER SYSTEM",
};

/** Objects that belong to no database (PostgreSQL documentation, "System Catalogs": those with shared catalogs). */
const SHARED_OBJECTS: Readonly<Record<string, string>> = {
  OBJECT_ROLE: "role",
  OBJECT_DATABASE: "database",
  OBJECT_TABLESPACE: "tablespace",
};

/** What it is, as `CREATE ROLE`; null for a statement whose effect stays inside its database, as far as can be seen. */
export function reachesBeyondDatabase({ kind, node }: Statement): string | null {
  switch (kind) {
    case "RenameStmt":
      return sharedObject("ALTER", node.renameType);
    case "AlterOwnerStmt":
      return sharedObject("ALTER", node.objectType);
    case "CommentStmt":
      return sharedObject("COMMENT ON", node.objtype);
    case "GrantStmt":
      return sharedObject(node.is_grant ? "GRANT on" : "REVOKE on", node.objtype);
    default:
      return SHARED[kind] ?? null;
  }
}

function sharedObject(verb: string, type: string | undefined): string | null {
  const object = SHARED_OBJECTS[type ?? ""];
  return object === undefined ? null : `${verb} ${object.toUpperCase()}`;
}
