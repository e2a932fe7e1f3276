/** How certain the value of an expression is, which decides whether a default needs every row to be written. */

import { listedParts } from "../sql/identifiers.ts";
import { BUILTIN_FUNCTIONS, type Volatility } from "./builtin_functions.ts";
import type { Catalog } from "./catalog.ts";
import { EXTENSION_FUNCTIONS } from "./extension_functions.ts";
import { qualified } from "./catalog.ts";
import { eachNode } from "./tree.ts";

/** Casts to these read the clock or settings of the session, or a catalog. */
const STABLE_CASTS: ReadonlySet<string> = new Set(
  "date time timetz timestamp timestamptz money regclass regtype regproc regrole regnamespace regconfig".split(" "),
);

/**
 * The volatility of an expression, as far as it decides over rewrites: `unknown` where it calls a function that nobody
 * knows and nothing volatile. Operators are taken to be immutable.
 */
export function expressionVolatility(expression: unknown, catalog: Catalog): Volatility | "unknown" {
  let found: Volatility | "unknown" = "immutable";
  eachNode(expression, (kind, node) => {
    found = worse(found, ownVolatility(kind, node, catalog));
  });
  return found;
}

const ORDER = ["immutable", "stable", "unknown", "volatile"] as const;

function worse(one: Volatility | "unknown", other: Volatility | "unknown"): Volatility | "unknown" {
  return ORDER.indexOf(one) < ORDER.indexOf(other) ? other : one;
}

function ownVolatility(
  kind: string,
  node: Readonly<Record<string, unknown>>,
  catalog: Catalog,
): Volatility | "unknown" {
  if (kind === "FuncCall") {
    return functionVolatility(catalog, listedParts(node.funcname as Parameters<typeof listedParts>[0]));
  }
  // current_timestamp, current_user and others that are words of the grammar.
  if (kind === "SQLValueFunction" || kind === "SubLink") return "stable";
  if (kind !== "TypeCast") return "immutable";
  const { names } = (node.typeName ?? {}) as { names?: Parameters<typeof listedParts>[0] };
  return STABLE_CASTS.has(listedParts(names).at(-1) ?? "") ? "stable" : "immutable";
}

/**
 * The volatility of a function by its name, qualified or not. Where functions of one name differ, it is `unknown`,
 * since which one is called depends on the types of its arguments.
 */
export function functionVolatility(catalog: Catalog, parts: readonly string[]): Volatility | "unknown" {
  const name = parts.at(-1);
  if (name === undefined) return "unknown";
  const schema = parts.at(-2);
  if (schema === undefined || schema === "pg_catalog") {
    const builtin = BUILTIN_FUNCTIONS.get(name);
    if (builtin !== undefined) return builtin;
  }
  for (const candidate of schema === undefined ? catalog.searchPath : [schema]) {
    const [first, ...others] = catalog.functions.get(qualified({ schema: candidate, name })) ?? [];
    if (first === undefined) continue;
    return others.every(({ volatility }) => volatility === first.volatility) ? first.volatility : "unknown";
  }
  return EXTENSION_FUNCTIONS.get(name) ?? "unknown";
}
