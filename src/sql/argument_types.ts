/** The argument types that tell a function from others of its name. */

import type { CreateFunctionStmt, TypeName } from "libpg-query";
import { dotted, listedParts } from "./identifiers.ts";

/** What the parser turns the words of SQL into, and the words. */
const SQL_NAMES: Readonly<Record<string, string>> = {
  bool: "boolean",
  float4: "real",
  float8: "double precision",
  int2: "smallint",
  int4: "integer",
  int8: "bigint",
  interval: "interval",
  numeric: "numeric",
  timestamp: "timestamp",
  timestamptz: "timestamptz",
  varchar: "varchar",
};

/**
 * The arguments of `DROP FUNCTION name(…)`: the types of those that go in. Null where they are not certain: a type
 * copied from a column (`%TYPE`) may have changed since, and how a procedure's OUT argument counts depends on the
 * server's version.
 */
export function argumentTypes({ parameters, is_procedure: isProcedure }: CreateFunctionStmt): string | null {
  const types: string[] = [];
  for (const node of parameters ?? []) {
    if (!("FunctionParameter" in node)) return null;
    const { mode, argType } = node.FunctionParameter;
    if (mode === "FUNC_PARAM_TABLE") continue;
    if (mode === "FUNC_PARAM_OUT") {
      if (isProcedure) return null;
      continue;
    }
    const type = argType === undefined ? null : typeName(argType);
    if (type === null) return null;
    types.push(type);
  }
  return types.join(", ");
}

/** A type without its modifiers, which do not count in a function's identity; one `[]` stands for any dimensions. */
function typeName({ names, arrayBounds, pct_type: isCopied, setof: isSet }: TypeName): string | null {
  if (isCopied || isSet) return null;
  const parts = listedParts(names);
  const own = parts.length === 2 && parts[0] === "pg_catalog" ? SQL_NAMES[parts[1]!] : undefined;
  return (own ?? dotted(parts)) + ((arrayBounds ?? []).length > 0 ? "[]" : "");
}
