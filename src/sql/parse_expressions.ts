/** Expressions as a server writes them, as the trees that the parser makes of them. */

import type { Node } from "libpg-query";
import { parse, type Statement } from "./parser.ts";

export interface Expressions {
  /** Of a text that was parsed as an expression. null: the parser, which is another version's than the server, does not know it. */
  readonly expression: (text: string) => Node | null;
  /** The same for the definition of a CHECK constraint: its expression. */
  readonly check: (text: string) => Node | null;
}

/** Parses all of them at once: a call of the parser costs more than what it is given. */
export async function parseExpressions(
  { expressions, constraints }: { readonly expressions: readonly string[]; readonly constraints: readonly string[] },
): Promise<Expressions> {
  const statements = new Map<string, string>([
    ...expressions.map((text) => [text, `SELECT ${text}`] as const),
    ...constraints.map((text) => [text, `ALTER TABLE t ADD ${text}`] as const),
  ]);
  const parsed = await parseEach([...statements.values()]);
  const found = (text: string) => parsed.get(statements.get(text) ?? "");
  return {
    expression(text) {
      const statement = found(text);
      const target = statement?.kind === "SelectStmt" ? statement.node.targetList?.[0] : undefined;
      return target !== undefined && "ResTarget" in target ? target.ResTarget.val ?? null : null;
    },
    check(text) {
      const statement = found(text);
      const command = statement?.kind === "AlterTableStmt" ? statement.node.cmds?.[0] : undefined;
      const def = command !== undefined && "AlterTableCmd" in command ? command.AlterTableCmd.def : undefined;
      return def !== undefined && "Constraint" in def ? def.Constraint.raw_expr ?? null : null;
    },
  };
}

/** @returns the statement of each text; one that the parser refuses is not among them, and costs a call for each */
async function parseEach(texts: readonly string[]): Promise<ReadonlyMap<string, Statement>> {
  if (texts.length === 0) return new Map();
  const all = await parse(texts.join(";\n"));
  if (all.kind === "statements" && all.statements.length === texts.length) {
    return new Map(texts.map((text, index) => [text, all.statements[index]!]));
  }
  if (texts.length === 1) return new Map();
  const half = texts.length >> 1;
  return new Map([...await parseEach(texts.slice(0, half)), ...await parseEach(texts.slice(half))]);
}
