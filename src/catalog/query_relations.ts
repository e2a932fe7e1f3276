/** The relations that a query names. */

import type { RangeVar } from "libpg-query";
import type { Catalog, QualifiedName } from "./catalog.ts";
import { nameOf } from "./edit.ts";
import { isSame, resolveRelation } from "./resolve.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Names that stand for a common table expression in a part of a query. */
type Scope = ReadonlySet<string>;

const NONE: Scope = new Set();

/** The relations that a query or another statement names, each once, those of subqueries and WITH among them. */
export function relationsIn(catalog: Catalog, tree: unknown): readonly QualifiedName[] {
  const found: QualifiedName[] = [];
  for (const name of namesIn(tree)) {
    const relation = resolveRelation(catalog, name);
    if (relation !== null && !found.some((one) => isSame(one, relation))) found.push(nameOf(relation));
  }
  return found;
}

/** Without recursion: a tree may be nested more deeply than the stack is. */
function namesIn(tree: unknown): readonly RangeVar[] {
  const names: RangeVar[] = [];
  const open: { readonly value: unknown; readonly scope: Scope }[] = [{ value: tree, scope: NONE }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, scope } = next;
    if (typeof value !== "object" || value === null) continue;
    if (Array.isArray(value)) {
      for (const one of value.toReversed()) open.push({ value: one, scope });
      continue;
    }
    const node = value as Fields;
    if (typeof node.relname === "string") {
      const name = node as RangeVar;
      if (name.schemaname !== undefined || !scope.has(node.relname)) names.push(name);
      continue;
    }
    const { withClause, ...others } = node;
    const inner = withClause === undefined ? scope : openWith(withClause as Fields, { scope, open });
    for (const one of Object.values(others).toReversed()) open.push({ value: one, scope: inner });
  }
  return names;
}

/** WITH a AS (…), b AS (…): each sees those before it, with RECURSIVE all of them; what is around sees all. */
function openWith(
  { ctes, recursive }: Fields,
  { scope, open }: { readonly scope: Scope; readonly open: { value: unknown; scope: Scope }[] },
): Scope {
  const list = (Array.isArray(ctes) ? ctes : []).map((cte) => cte.CommonTableExpr as Fields);
  const all: Scope = new Set([...scope, ...list.map(({ ctename }) => String(ctename))]);
  const seen = new Set(scope);
  for (const { ctename, ctequery } of list) {
    open.push({ value: ctequery, scope: recursive ? all : new Set(seen) });
    seen.add(String(ctename));
  }
  return all;
}
