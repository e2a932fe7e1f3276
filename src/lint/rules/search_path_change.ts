import type { Statement } from "../../sql/parser.ts";
import { sameTree } from "../../sql/same_tree.ts";
import type { Rule } from "../rule.ts";
import { runsInTransaction } from "../same_transaction.ts";
import { searchPathCalls } from "../search_path.ts";
import { ownTokens, textOf, withEdits } from "../text_edits.ts";

export const searchPathChange: Rule = {
  id: "search-path-change",
  severity: "warning",
  fires: "SET search_path and set_config('search_path', …) for the whole session",
  why:
    "Names without a schema mean something else from there on, for whoever uses the session next too: a test, a script of " +
    "psql that includes the file, a client of a pooler. pgmigrate resets the session behind every file. An empty " +
    "search_path is no finding, for it makes such names fail.",
  instead:
    "SET LOCAL search_path, which ends with the transaction; or write the schema before each name. In a file without a " +
    "transaction SET LOCAL does nothing.",
  source: "https://www.postgresql.org/docs/current/sql-set.html",
  examples: [
    {
      before: ["CREATE SCHEMA app;"],
      bad: "SET search_path = app;\nCREATE TABLE posts (id bigint PRIMARY KEY);",
      good: ["SET LOCAL search_path = app;\nCREATE TABLE posts (id bigint PRIMARY KEY);"],
    },
    {
      before: ["CREATE SCHEMA app;"],
      bad: "SELECT set_config('search_path', 'app', false);",
      good: ["SELECT set_config('search_path', 'app', true);"],
    },
  ],
  check: ({ statement, catalog }, file) => {
    const path = pathSet(statement)?.filter((schema) => schema !== "$user");
    // Said again, as it is, it changes nothing.
    if (path === undefined || sameTree(path, catalog.searchPath)) return [];
    const inside = runsInTransaction(file);
    const sql = inside ? madeLocal(statement) : null;
    return [{
      message: inside
        ? "Names without a schema mean something else from here on, in whatever uses this session next too."
        : "Names without a schema mean something else from here on. In a file without a transaction SET LOCAL does nothing: " +
          "write the schema before each name.",
      safeForm: sql === null ? null : `${sql};`,
      fix: sql === null ? null : { statement: sql, noTransaction: false, next: [] },
    }];
  },
};

/** What search_path is set to for the session; null for a statement that does not, or that empties it. */
function pathSet(statement: Statement): readonly string[] | null {
  const { kind, node } = statement;
  if (kind === "VariableSetStmt") {
    if (node.name !== "search_path" || node.kind !== "VAR_SET_VALUE" || node.is_local) return null;
    const names = (node.args ?? []).map((arg) => "A_Const" in arg ? arg.A_Const.sval?.sval ?? "" : "");
    return names.every((name) => name === "") ? null : names;
  }
  const call = searchPathCalls(statement).find(({ isLocal, value }) => isLocal === false && value !== "");
  if (call === undefined) return null;
  return (call.value ?? "").split(",").map((schema) => schema.trim().replaceAll('"', ""));
}

/** The same for the transaction alone; null where the words for it are not found. */
function madeLocal(statement: Statement): string | null {
  if (statement.kind === "VariableSetStmt") {
    const [set, next] = ownTokens(statement);
    if (set === undefined || next === undefined) return null;
    const isLower = textOf(statement, set) === "set";
    const local = isLower ? "local" : "LOCAL";
    const session = textOf(statement, next).toLowerCase() === "session" ? next : null;
    // `SET SCHEMA 'app'` is another spelling.
    const edit = session === null ? { start: set.end, end: set.end, text: ` ${local}` } : { ...session, text: local };
    return withEdits(statement, [edit]);
  }
  const [only, ...others] = searchPathCalls(statement);
  const location = only?.call.args?.[2];
  const start = location !== undefined && "A_Const" in location ? location.A_Const.location : undefined;
  if (start === undefined || others.length > 0) return null;
  const word = ownTokens(statement, start)[0];
  return word === undefined ? null : withEdits(statement, [{ start: word.start, end: word.end, text: "true" }]);
}
