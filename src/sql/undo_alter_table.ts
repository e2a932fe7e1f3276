/** ALTER TABLE → the opposite actions, last first. */

import type { AlterTableCmd, AlterTableStmt, Constraint } from "libpg-query";
import { identifier, relationName } from "./identifiers.ts";
import type { Undo } from "./undo.ts";

const KEYWORDS: Readonly<Record<string, string>> = {
  OBJECT_TABLE: "TABLE",
  OBJECT_FOREIGN_TABLE: "FOREIGN TABLE",
  OBJECT_VIEW: "VIEW",
};

/** The ALTER TABLE that takes back every action, or null where one of them is not certain. */
export function undoAlterTable(node: AlterTableStmt): Undo | null {
  const what = KEYWORDS[node.objtype ?? ""];
  if (what === undefined || node.relation === undefined || node.missing_ok) return null;
  const actions: Undo[] = [];
  for (const command of node.cmds ?? []) {
    const action = "AlterTableCmd" in command ? undoAction(command.AlterTableCmd) : null;
    if (action === null) return null;
    actions.unshift(action);
  }
  if (actions.length === 0) return null;
  const only = what === "TABLE" && !node.relation.inh ? "ONLY " : "";
  const table = `ALTER ${what} ${only}${relationName(node.relation)}`;
  const notes = new Set(actions.flatMap(({ note }) => note === undefined ? [] : [note]));
  const list = actions.map(({ sql }) => sql);
  const sql = list.length === 1 ? `${table} ${list[0]}` : `${table}\n  ${list.join(",\n  ")}`;
  return notes.size === 0 ? { sql } : { sql, note: [...notes].join(" ") };
}

function undoAction({ subtype, name = "", def, missing_ok: missingOk }: AlterTableCmd): Undo | null {
  if (missingOk) return null;
  const column = `ALTER COLUMN ${identifier(name)}`;
  switch (subtype) {
    case "AT_AddColumn":
      return def !== undefined && "ColumnDef" in def
        ? { sql: `DROP COLUMN ${identifier(def.ColumnDef.colname ?? "")}` }
        : null;
    case "AT_AddConstraint":
      return def !== undefined && "Constraint" in def ? undoConstraint(def.Constraint) : null;
    case "AT_ColumnDefault":
      // Without an expression it is DROP DEFAULT, and what the default was is not in the statement.
      return def === undefined
        ? null
        : { sql: `${column} DROP DEFAULT`, note: "A default that the column had before is not restored." };
    case "AT_SetNotNull":
      return { sql: `${column} DROP NOT NULL` };
    case "AT_DropNotNull":
      return { sql: `${column} SET NOT NULL` };
    default:
      return null;
  }
}

function undoConstraint({ conname, contype, indexname }: Constraint): Undo | null {
  // USING INDEX makes an older index part of the constraint, and it would go with it. A NOT NULL constraint may have
  // met one that was there.
  if (conname === undefined || indexname !== undefined || contype === "CONSTR_NOTNULL") return null;
  const sql = `DROP CONSTRAINT ${identifier(conname)}`;
  return contype === "CONSTR_PRIMARY" ? { sql, note: "The columns of the primary key stay NOT NULL." } : { sql };
}
