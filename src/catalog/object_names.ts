/** The names that the server chooses for what a statement leaves without one. */

import type { IndexElem } from "libpg-query";
import { type Catalog, qualified } from "./catalog.ts";
import { figuredName } from "./expression_name.ts";

/** The longest name in bytes: NAMEDATALEN - 1. */
const MAX_NAME_BYTES = 63;

/** A relation's name, columns or null, and what it is: `posts`, `user_id`, `fkey`. */
export interface NameParts {
  readonly table: string;
  /** null: the name is of the table and the label alone. */
  readonly columns: string | null;
  readonly label: string;
}

/** `posts_user_id_fkey`, cut to the length of a name: the longer of the first two parts gives way. */
export function objectName({ table, columns, label }: NameParts): string {
  const room = MAX_NAME_BYTES - byteLength(label) - 1 - (columns === null ? 0 : 1);
  let first = byteLength(table);
  let second = columns === null ? 0 : byteLength(columns);
  while (first + second > room) {
    if (first > second) first--;
    else second--;
  }
  const parts = [cut(table, first), ...(columns === null ? [] : [cut(columns, second)]), label];
  return parts.join("_");
}

export interface ChooseOptions {
  /** Whether the name is of a constraint, which no other of the schema may have; else of a relation alone. */
  readonly constraint: boolean;
  /** Whether the name is of a relation: an index, also that of a constraint, or a sequence. */
  readonly relation: boolean;
}

/** The first name of the parts, numbered where it must be, that nothing in the schema has. */
export function chooseName(
  catalog: Catalog,
  { schema, ...parts }: NameParts & { readonly schema: string },
  { constraint, relation }: ChooseOptions,
): string {
  for (let number = 0;; number++) {
    const name = objectName({ ...parts, label: number === 0 ? parts.label : `${parts.label}${number}` });
    const isTaken = relation && catalog.relations.has(qualified({ schema, name })) ||
      constraint && catalog.relations.hasConstraint({ schema, name });
    if (!isTaken) return name;
  }
}

/** The middle of a constraint's or an index's name: its columns, joined. */
export function joinedColumns(columns: readonly string[]): string {
  let joined = "";
  for (const column of columns) {
    if (joined !== "") joined += "_";
    joined += column;
    if (byteLength(joined) > MAX_NAME_BYTES) break;
  }
  return joined;
}

/** The names of an index's columns, INCLUDE among them: an expression has one after what it calls; each is once. */
export function indexColumnNames(elements: readonly IndexElem[]): readonly string[] {
  const names: string[] = [];
  for (const { name, expr } of elements) {
    const original = name ?? figuredName(expr) ?? "expr";
    let chosen = original;
    for (let number = 1; names.includes(chosen); number++) {
      chosen = cut(original, MAX_NAME_BYTES - `${number}`.length) + number;
    }
    names.push(chosen);
  }
  return names;
}

const encoder = new TextEncoder();

function byteLength(text: string): number {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 127) return encoder.encode(text).length;
  return text.length;
}

/** The longest beginning of whole characters that has no more bytes. */
function cut(text: string, bytes: number): string {
  if (byteLength(text) <= bytes) return text;
  let kept = "";
  let length = 0;
  for (const character of text) {
    length += byteLength(character);
    if (length > bytes) break;
    kept += character;
  }
  return kept;
}
