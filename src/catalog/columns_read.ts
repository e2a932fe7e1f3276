/** Which columns a view reads, by name. */

import { columnsIn, eachNode } from "./tree.ts";

/**
 * The columns that a query names, of whichever of its tables, each once.
 *
 * @returns null where it may read more than it names: `*`, a whole row, NATURAL, columns that get other names by
 * their place: `t AS x (a, b)`
 */
export function columnsRead(query: unknown): readonly string[] | null {
  const tables = new Set<string>();
  const alone = new Set<string>();
  const joined: string[] = [];
  let readsAll = false;
  eachNode(query, (kind, node) => {
    if (kind === "A_Star") readsAll = true;
    if (kind === "JoinExpr" && node.isNatural === true) readsAll = true;
    if (kind === "JoinExpr") joined.push(...stringsIn(node.usingClause));
    if (kind === "RangeVar" && typeof node.relname === "string") tables.add(node.relname);
    if (kind === "ColumnRef" && Array.isArray(node.fields) && node.fields.length === 1) {
      for (const name of stringsIn(node.fields)) alone.add(name);
    }
    const { alias } = node as { readonly alias?: { readonly aliasname?: string; readonly colnames?: unknown } };
    if ((kind === "RangeVar" || kind === "JoinExpr") && alias?.colnames !== undefined) readsAll = true;
    if (alias?.aliasname !== undefined) tables.add(alias.aliasname);
  });
  if (readsAll || [...tables].some((table) => alone.has(table))) return null;
  return [...new Set([...columnsIn(query), ...joined])];
}

function stringsIn(nodes: unknown): readonly string[] {
  const list = (nodes ?? []) as readonly { readonly String?: { readonly sval?: string } }[];
  return list.flatMap((node) => node.String?.sval ?? []);
}
