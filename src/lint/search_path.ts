/** Statements that change what a name without a schema means. */

import type { A_Const, FuncCall, Node } from "libpg-query";
import { listedParts } from "../sql/identifiers.ts";
import type { Statement } from "../sql/parser.ts";

/** A call `set_config('search_path', …)` in a SELECT. */
export interface SearchPathCall {
  readonly call: FuncCall;
  /** Whether it counts until the end of the transaction; null where that is an expression. */
  readonly isLocal: boolean | null;
  /** null where it is an expression. */
  readonly value: string | null;
}

/** Whether a statement sets search_path to something, for the session or for the transaction. */
export function setsSearchPath(statement: Statement): boolean {
  const { kind, node } = statement;
  if (kind === "VariableSetStmt") return node.kind === "VAR_SET_VALUE" && node.name === "search_path";
  return searchPathCalls(statement).length > 0;
}

/** The calls of a SELECT without FROM, as pg_dump writes it. */
export function searchPathCalls({ kind, node }: Statement): readonly SearchPathCall[] {
  if (kind !== "SelectStmt" || node.fromClause !== undefined) return [];
  return (node.targetList ?? []).flatMap((target) => {
    const value = "ResTarget" in target ? target.ResTarget.val : undefined;
    if (value === undefined || !("FuncCall" in value)) return [];
    const call = value.FuncCall;
    const [name, path, local] = call.args ?? [];
    if (listedParts(call.funcname).at(-1) !== "set_config" || constant(name)?.sval?.sval !== "search_path") return [];
    return [{ call, isLocal: booleanOf(local), value: textOf(path) }];
  });
}

function textOf(node: Node | undefined): string | null {
  const value = constant(node);
  return value?.sval === undefined ? null : value.sval.sval ?? "";
}

/** `true`, or `'t'` as some write it; the parser leaves out what is false. */
function booleanOf(node: Node | undefined): boolean | null {
  const value = constant(node);
  if (value?.boolval !== undefined) return value.boolval.boolval ?? false;
  return value?.sval === undefined ? null : /^(t|true|y|yes|on|1)$/i.test(value.sval.sval ?? "");
}

function constant(node: Node | undefined): A_Const | null {
  return node !== undefined && "A_Const" in node ? node.A_Const : null;
}
