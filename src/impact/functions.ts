/** Functions that a query calls. */

import { BUILTIN_FUNCTIONS } from "../catalog/builtin_functions.ts";
import type { Catalog, Column, Relation } from "../catalog/catalog.ts";
import { resolveListed } from "../catalog/resolve.ts";
import { dotted } from "../sql/identifiers.ts";
import type { Scope } from "./effects.ts";

/** These change or read a sequence, and lock it as INSERT does a table. */
const OF_SEQUENCES: ReadonlySet<string> = new Set(["nextval", "setval", "currval"]);

/** These run a query that is given as text, or read a table that is named in it. */
const OF_TEXT = /^(query|table|cursor|schema|database)_to_xml|^ts_stat$|^ts_rewrite$|^lo_(import|export)$/;

/** Notes what a call does: nothing for most of the server's own, anything for all others. */
export function noteFunction(scope: Scope, parts: readonly string[], call: unknown): void {
  const name = parts.at(-1) ?? "";
  const schema = parts.at(-2);
  const builtIn = (schema === "pg_catalog" || (schema === undefined && BUILTIN_FUNCTIONS.has(name))) &&
    !OF_TEXT.test(name);
  if (!builtIn) return scope.effects.notKnown(`It calls ${dotted(parts)}, and what a function does shows when it runs`);
  if (!OF_SEQUENCES.has(name)) return;
  const sequence = sequenceOf(scope.catalog, call);
  if (sequence !== null) scope.effects.lock(sequence, "RowExclusiveLock");
}

/** The sequence that a column's default takes numbers from; null for another default. */
export function defaultSequence(catalog: Catalog, column: Column): Relation | null {
  return column.default !== null && "FuncCall" in column.default ? sequenceOf(catalog, column.default.FuncCall) : null;
}

/** The sequence that `nextval('posts_id_seq')` names; null where it is not a constant. */
function sequenceOf(catalog: Catalog, call: unknown): Relation | null {
  const [first] = (call as { args?: readonly unknown[] }).args ?? [];
  const text = constantOf(first);
  if (text === null) return null;
  // A name in a string is written as in SQL: in quotes where it is not in small letters.
  const parts = [...text.matchAll(/"((?:[^"]|"")*)"|([^".]+)/g)].map(([, quoted, plain]) =>
    quoted?.replaceAll('""', '"') ?? plain!.trim().toLowerCase()
  );
  return resolveListed(catalog, parts.map((sval) => ({ String: { sval } })), { expected: "sequence" });
}

function constantOf(node: unknown): string | null {
  if (typeof node !== "object" || node === null) return null;
  if ("TypeCast" in node) return constantOf((node.TypeCast as { arg?: unknown }).arg);
  if (!("A_Const" in node)) return null;
  return (node.A_Const as { sval?: { sval?: string } }).sval?.sval ?? null;
}
