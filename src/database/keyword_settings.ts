/** A key=value connection string as settings: `host=db dbname='a b' user=ann`. */

import { invalidDatabaseUrl } from "../errors/database_url.ts";
import type { Failure } from "../errors/failure.ts";
import type { Pair } from "./url_settings.ts";

/** A keyword, `=`; then a value in quotes, or one that ends at white space. `\` takes the next character as it is. */
const PAIR =
  /[ \t-\r]*([A-Za-z_][A-Za-z0-9_]*)[ \t-\r]*=[ \t-\r]*(?:'((?:[^'\\]|\\[^])*)'|((?!')(?:[^ \t-\r\\]|\\[^])*))(?=[ \t-\r]|$)/y;
const WHITE_SPACE = /[ \t-\r]*$/y;

/**
 * Reads `key = value` pairs as libpq does: values with white space stand in single quotes, `\'` and `\\` are escapes.
 *
 * @throws {Failure} `invalid-database-url`; it never holds a part of the text
 */
export function keywordSettings(text: string): readonly Pair[] {
  if (text.includes("\0")) throw unreadable();
  const pairs: Pair[] = [];
  for (let at = 0; match(WHITE_SPACE, { text, at }) === null; at = PAIR.lastIndex) {
    const [, name, quoted, plain] = match(PAIR, { text, at }) ?? [];
    if (name === undefined) throw unreadable();
    pairs.push([name, (quoted ?? plain ?? "").replace(/\\([^])/g, "$1")]);
  }
  return pairs;
}

function match(pattern: RegExp, { text, at }: { readonly text: string; readonly at: number }): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

function unreadable(): Failure {
  return invalidDatabaseUrl(
    "it is not a list of name=value",
    "Put values that hold white space in single quotes, with \\' for a quote and \\\\ for a backslash: " +
      "host=localhost user=ann dbname='it\\'s a b'",
  );
}
