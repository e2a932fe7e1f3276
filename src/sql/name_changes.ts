/** Statements after which a name without a schema may mean something else than before. */

import type { A_Const, FuncCall } from "libpg-query";
import { listedParts } from "./identifiers.ts";
import type { Statement } from "./parser.ts";

/** `"$user"` in search_path is the schema of the role, so that a new role means a new path. */
const SETTINGS: ReadonlySet<string> = new Set(["search_path", "role", "session_authorization"]);

/** As code that is a string says it: what it builds out of pieces is not found. */
const SPOKEN_OF =
  /search_path|set_config|pg_settings|\bset\s+(?:(?:local|session)\s+)?(?:role|schema|authorization)\b/i;

export type NameChange =
  /** From here to the end of the file. */
  | "from-here"
  /** In sessions to come, and so for everything in the file when it is taken back. */
  | "later-sessions";

/**
 * Whether a statement sets search_path or the role, however it is spelled; null where it does not. What a function does
 * that it calls is not looked at.
 */
export function nameChange(statement: Statement): NameChange | null {
  const { kind, node } = statement;
  switch (kind) {
    case "VariableSetStmt":
      return isSetting(node.name) ? "from-here" : null;
    case "AlterRoleSetStmt":
    case "AlterDatabaseSetStmt":
      return isSetting(node.setstmt?.name) ? "later-sessions" : null;
    case "DoStmt":
      return SPOKEN_OF.test(statement.text) ? "from-here" : null;
    // Only a definition: SET in it counts while the function runs.
    case "CreateFunctionStmt":
      return null;
    default:
      return setsConfig(statement) ? "from-here" : null;
  }
}

/** Settings have no case, in quotes either. */
function isSetting(name: string | undefined): boolean {
  return SETTINGS.has((name ?? "").toLowerCase());
}

/** Calls of set_config, and the update of pg_settings that does the same. Without recursion, as trees are deep. */
function setsConfig({ kind, node }: Statement): boolean {
  if (kind === "UpdateStmt" && node.relation?.relname === "pg_settings") return true;
  const open: unknown[] = [node];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value !== "object" || value === null) continue;
    if ("FuncCall" in value && setsName(value.FuncCall as FuncCall)) return true;
    open.push(...Object.values(value));
  }
  return false;
}

/** The name of the setting may be an expression. */
function setsName({ funcname, args = [] }: FuncCall): boolean {
  if (listedParts(funcname).at(-1) !== "set_config") return false;
  const name = args[0];
  const constant: A_Const | null = name !== undefined && "A_Const" in name ? name.A_Const : null;
  return constant?.sval === undefined || isSetting(constant.sval.sval);
}
