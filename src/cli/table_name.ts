/** Table names as PostgreSQL reads them. */

import { badTableName } from "../errors/command_line.ts";
import type { TableName } from "../run/options.ts";
import { showArgument } from "./show_argument.ts";

/** PostgreSQL cuts longer names off (NAMEDATALEN - 1); two that were cut could be the same. */
const LONGEST_NAME_BYTES = 63;

/** One identifier at the start of a text: quoted, with `""` for a quote, or plain. */
const IDENTIFIER = /^(?:"((?:[^"]|"")*)"|([A-Za-z_\u0080-\u{10ffff}][A-Za-z0-9_$\u0080-\u{10ffff}]*))/u;

/**
 * Reads `NAME` or `SCHEMA.NAME`; what is not in double quotes folds to lower case.
 * @param setting what to call it in an error: `--table`
 * @throws {Failure} `bad-table`
 */
export function parseTableName(text: string, setting: string): TableName {
  const refuse = (problem: string) => badTableName(setting, showArgument(text), problem);
  const names: string[] = [];
  let rest = text;
  while (true) {
    const found = IDENTIFIER.exec(rest);
    if (found === null) throw refuse(rest.startsWith('"') ? "a quote is not closed" : "not an identifier");
    const [whole, quoted, plain] = found;
    // Only ASCII letters fold: PostgreSQL leaves the others alone in a database with a multi-byte encoding.
    const name = quoted?.replaceAll('""', '"') ?? plain!.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
    if (name === "") throw refuse("a name is empty");
    if (name.includes("\0")) throw refuse("a name holds a NUL character");
    if (new TextEncoder().encode(name).length > LONGEST_NAME_BYTES) throw refuse("a name has more than 63 bytes");
    names.push(name);
    rest = rest.slice(whole.length);
    if (rest === "") break;
    if (!rest.startsWith(".")) throw refuse("not an identifier");
    rest = rest.slice(1);
  }
  const [first, second] = names;
  if (names.length > 2) throw refuse("at most a schema and a name");
  return second === undefined ? { schema: null, name: first! } : { schema: first!, name: second };
}
