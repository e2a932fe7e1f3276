/** Strings in a statement whose text stands there as it is, so that places in them are places in the file. */

import { tokens } from "./tokens.ts";

export interface StringLiteral {
  /** UTF-16 index of the first character between the quotes. */
  readonly start: number;
  readonly value: string;
}

/**
 * The first string of a statement behind a place, or at it.
 *
 * @param text its value by the parser
 * @returns null where it is written otherwise than it reads: with quotes or escapes in it
 */
export function stringLiteral(
  statement: { readonly start: number; readonly text: string },
  { location, text: value }: { readonly location: number; readonly text: string },
): StringLiteral | null {
  const { start, text } = statement;
  for (const token of tokens(text, { start: Math.max(location - start, 0), end: text.length })) {
    if (token.kind !== "string") continue;
    const quotes = /^(?:\$[^$]*\$|[^']*')/.exec(text.slice(token.start, token.end))![0].length;
    const isAsRead = text.startsWith(value, token.start + quotes);
    return isAsRead ? { start: start + token.start + quotes, value } : null;
  }
  return null;
}
