/** The options of a statement, `WITH (connect = false)` or `(CONCURRENTLY)`, as PostgreSQL reads them. */

import type { DefElem, Node } from "libpg-query";

/** The option of a name, or null where the statement does not give it. The last one wins, as with duplicates on a server. */
export function option(options: readonly Node[] | undefined, name: string): DefElem | null {
  const found = (options ?? []).findLast((node) => "DefElem" in node && node.DefElem.defname === name);
  return found !== undefined && "DefElem" in found ? found.DefElem : null;
}

/** Whether a boolean option is on, as `defGetBoolean` of PostgreSQL decides; an option without a value is. */
export function isOn(options: readonly Node[] | undefined, name: string, otherwise: boolean): boolean {
  const found = option(options, name);
  if (found === null) return otherwise;
  const value = optionText(found);
  return value === null || !["0", "false", "off"].includes(value);
}

/** Whether options of a procedure keep it from COMMIT: it would end what the server has to put back behind it. */
export function isAtomic(options: readonly Node[] | undefined): boolean {
  return option(options, "set") !== null || isOn(options, "security", false);
}

/** The value of an option in lower case; null for an option without one. */
export function optionText({ arg }: DefElem): string | null {
  if (arg === undefined) return null;
  if ("String" in arg) return (arg.String.sval ?? "").toLowerCase();
  if ("Boolean" in arg) return String(arg.Boolean.boolval ?? false);
  // The parser leaves out a field that is 0.
  if ("Integer" in arg) return String(arg.Integer.ival ?? 0);
  if ("A_Const" in arg) return arg.A_Const.sval?.sval?.toLowerCase() ?? String(arg.A_Const.ival?.ival ?? 0);
  // A bare word that is no keyword, such as OFF, comes as the name of a type.
  const last = "TypeName" in arg ? arg.TypeName.names?.at(-1) : undefined;
  return last !== undefined && "String" in last ? (last.String.sval ?? "").toLowerCase() : "";
}
