/** The default of a column that counts a sequence on: `nextval('public.posts_id_seq'::regclass)`. */

import type { Node } from "libpg-query";
import { identifier } from "../sql/identifiers.ts";
import { qualified, type QualifiedName } from "./catalog.ts";
import { mentionsText } from "./tree.ts";

export function nextValue(sequence: QualifiedName): Node {
  const text = (sval: string): Node => ({ String: { sval } });
  const name: Node = { A_Const: { sval: { sval: qualified(sequence) } } };
  const regclass: Node = { TypeCast: { arg: name, typeName: { names: [text("regclass")], typemod: -1 } } };
  return { FuncCall: { funcname: [text("nextval")], args: [regclass], funcformat: "COERCE_EXPLICIT_CALL" } };
}

/** Whether a default counts a sequence on, by either form of its name. */
export function countsOn(expression: Node | null, sequence: QualifiedName): boolean {
  return expression !== null &&
    (mentionsText(expression, qualified(sequence)) || mentionsText(expression, identifier(sequence.name)));
}
