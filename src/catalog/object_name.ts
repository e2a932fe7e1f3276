/** Names that the server makes of others: `posts_user_id_fkey`. */

/** Bytes of a name, at most (NAMEDATALEN - 1). */
const MAX_NAME_BYTES = 63;

const encoder = new TextEncoder();

export interface NameParts {
  readonly table: string;
  /** A column, or several joined by `_`; null for none. */
  readonly column: string | null;
  /** What stands at the end: `fkey`. */
  readonly label: string;
}

/**
 * The first name free of those taken, as the server chooses it (`ChooseRelationName`, `ChooseConstraintName`): too long
 * a name loses characters of its longer part, and one that is taken gets a number behind its label.
 */
export function objectName({ table, column, label }: NameParts, taken: (name: string) => boolean): string {
  for (let number = 0;; number++) {
    const name = fitted([table, column], number === 0 ? label : `${label}${number}`);
    if (!taken(name)) return name;
  }
}

function fitted([table, column]: readonly [string, string | null], label: string): string {
  const room = MAX_NAME_BYTES - bytes(label) - 1 - (column === null ? 0 : 1);
  let [tableBytes, columnBytes] = [bytes(table), bytes(column ?? "")];
  while (tableBytes + columnBytes > room) {
    if (tableBytes > columnBytes) tableBytes--;
    else columnBytes--;
  }
  const parts = [clipped(table, tableBytes), ...(column === null ? [] : [clipped(column, columnBytes)]), label];
  return parts.join("_");
}

function bytes(text: string): number {
  return encoder.encode(text).length;
}

/** As many whole characters as fit. */
function clipped(text: string, limit: number): string {
  let [result, used] = ["", 0];
  for (const character of text) {
    used += bytes(character);
    if (used > limit) break;
    result += character;
  }
  return result;
}
