/** Names in messages and in SQL to paste. */

import type { QualifiedName } from "../catalog/catalog.ts";
import { dotted } from "../sql/identifiers.ts";

/** A name as most people write it: without the schema `public`. */
export function shownName({ schema, name }: QualifiedName): string {
  return dotted(schema === "public" ? [name] : [schema, name]);
}

/** `a`, `a and b`, `a, b and c`. */
export function listOf(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/** The same, of which nobody wants to read more than a few: `a, b, c and 4 more`. */
export function fewOf(names: readonly string[]): string {
  const hidden = names.length - MOST_SHOWN;
  return hidden < 2 ? listOf(names) : `${names.slice(0, MOST_SHOWN).join(", ")} and ${hidden} more`;
}

const MOST_SHOWN = 3;
