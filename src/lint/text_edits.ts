/** A statement's own text with a few words changed, so that everything else stays as somebody wrote it. */

import type { RangeVar } from "libpg-query";
import type { Statement } from "../sql/parser.ts";
import { type Token, tokens } from "../sql/tokens.ts";
import type { Span } from "./alter_table_actions.ts";

/** What takes the place of a part of the file's text; a part without characters is where something is put in. */
export interface Edit extends Span {
  readonly text: string;
}

/** The statement's text after edits that do not overlap. */
export function withEdits({ start, text }: Statement, edits: readonly Edit[]): string {
  let result = text;
  // From the last to the first; what is put in before what is taken out there comes last.
  for (const edit of edits.toSorted((a, b) => b.start - a.start || b.end - a.end)) {
    result = result.slice(0, edit.start - start) + edit.text + result.slice(edit.end - start);
  }
  return result;
}

/**
 * A word put in behind the first of the keywords that stands outside of parentheses, in the case of that keyword.
 *
 * @param keywords in lower case
 */
export function behindKeyword(statement: Statement, keywords: readonly string[], word: string): Edit | null {
  const found = keyword(statement, keywords);
  if (found === null) return null;
  const isLower = /^[a-z]/.test(textOf(statement, found));
  return { start: found.end, end: found.end, text: ` ${isLower ? word.toLowerCase() : word}` };
}

/** The first of some keywords, given in lower case, that stands outside of parentheses. */
export function keyword(
  statement: Statement,
  keywords: readonly string[],
  from: number = statement.start,
): Span | null {
  let depth = 0;
  for (const token of ownTokens(statement, from)) {
    const text = textOf(statement, token);
    if (text === "(") depth++;
    else if (text === ")") depth--;
    else if (depth === 0 && token.kind === "word" && keywords.includes(text.toLowerCase())) return token;
  }
  return null;
}

/** A relation's name as it stands in the text, its schema included, without ONLY. */
export function nameSpan(statement: Statement, { location }: RangeVar): Span | null {
  if (location === undefined) return null;
  const own = [...ownTokens(statement, location)];
  let last = 0;
  while (textOf(statement, own[last + 1] ?? NOTHING) === ".") last += 2;
  // The string that says how a U&"…" name is escaped.
  if (/^uescape$/i.test(textOf(statement, own[last + 1] ?? NOTHING))) last += 2;
  return own[last] === undefined ? null : { start: own[0]!.start, end: own[last]!.end };
}

const NOTHING: Span = { start: 0, end: 0 };

/** The tokens of a statement that are not comments, from an index of the file's text; so are their places. */
export function ownTokens({ start, text }: Statement, from: number = start): readonly Token[] {
  return [...tokens(text, { start: from - start, end: text.length })]
    .filter(({ kind }) => kind !== "comment")
    .map((token) => ({ ...token, start: token.start + start, end: token.end + start }));
}

/** What stands at a place of the file's text that is in a statement. */
export function textOf({ start, text }: Statement, span: Span): string {
  return text.slice(Math.max(span.start - start, 0), Math.max(span.end - start, 0));
}
