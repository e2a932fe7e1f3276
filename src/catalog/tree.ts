/** Walking a parse tree. */

import { listedParts } from "../sql/identifiers.ts";

type Fields = Readonly<Record<string, unknown>>;

/**
 * Calls back for every node of a tree, in the order of the text as far as the tree has it, those above before those
 * below, with the name of its type and its fields. Without recursion: a tree may be nested more deeply than the stack.
 */
export function eachNode(tree: unknown, visit: (kind: string, node: Fields) => void): void {
  const open: unknown[] = [tree];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value !== "object" || value === null) continue;
    const entries = Array.isArray(value) ? null : Object.entries(value);
    const [kind, node] = entries?.[0] ?? [];
    // A node is an object of one key, the name of its type, which begins with a capital; that of a field never does.
    if (entries?.length === 1 && isCapital(kind!) && typeof node === "object" && node !== null) {
      visit(kind!, node as Fields);
    }
    const children = entries?.map(([, child]) => child) ?? value as unknown[];
    for (let at = children.length - 1; at >= 0; at--) open.push(children[at]);
  }
}

function isCapital(name: string): boolean {
  const code = name.charCodeAt(0);
  return code >= 65 && code <= 90;
}

/** The columns that an expression over one table names, each once, in the order in which they first appear. */
export function columnsIn(expression: unknown): readonly string[] {
  const found = new Set<string>();
  eachNode(expression, (kind, node) => {
    if (kind !== "ColumnRef" || !Array.isArray(node.fields)) return;
    const last: unknown = node.fields.at(-1);
    if (typeof last !== "object" || last === null || !("String" in last)) return;
    const { sval } = last.String as { sval?: string };
    if (sval !== undefined) found.add(sval);
  });
  return [...found];
}

/** The names of the functions that an expression calls, each with its schema where it has one. */
export function functionsIn(expression: unknown): readonly (readonly string[])[] {
  const found: (readonly string[])[] = [];
  eachNode(expression, (kind, node) => {
    if (kind === "FuncCall") found.push(listedParts(node.funcname as Parameters<typeof listedParts>[0]));
  });
  return found;
}

/** Whether a tree holds a constant of this text. */
export function mentionsText(tree: unknown, text: string): boolean {
  let found = false;
  eachNode(tree, (kind, node) => {
    if (kind === "A_Const") found ||= (node.sval as { sval?: string } | undefined)?.sval === text;
  });
  return found;
}

/** A copy of an expression in which a column has another name. */
export function withColumnRenamed<Tree>(
  tree: Tree,
  { from, to }: { readonly from: string; readonly to: string },
): Tree {
  if (tree === null || !columnsIn(tree).includes(from)) return tree;
  const copy = structuredClone(tree);
  eachNode(copy, (kind, node) => {
    if (kind !== "ColumnRef" || !Array.isArray(node.fields)) return;
    const name = node.fields.at(-1)?.String as { sval?: string } | undefined;
    if (name?.sval === from) name.sval = to;
  });
  return copy;
}
