/** The tokens of SQL that the parser has taken, read at once and without the parser: where its tree names no place. */

export interface Token {
  /** `word`: an unquoted name or keyword. `name`: a quoted one. `sign`: one character of punctuation or an operator. */
  readonly kind: "word" | "name" | "string" | "number" | "comment" | "sign";
  /** UTF-16 index of its first character. */
  readonly start: number;
  /** UTF-16 index behind its last one. */
  readonly end: number;
}

/** Each at the place that `lastIndex` says; block comments nest, so that only their begin is here. */
const PATTERNS: readonly (readonly [Token["kind"], RegExp])[] = [
  ["comment", /--[^\r\n]*/y],
  ["string", /[eE]'[^'\\]*(?:(?:\\[\s\S]|'')[^'\\]*)*'/y],
  ["string", /(?:[bBxXnN]|[uU]&)?'[^']*(?:''[^']*)*'/y],
  ["string", /\$([A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$[\s\S]*?\$\1\$/y],
  ["name", /(?:[uU]&)?"[^"]*(?:""[^"]*)*"/y],
  ["word", /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y],
  ["number", /(?:\d[\d_]*\.?|\.\d)[\w.]*(?:(?<=\d[eE])[+-]\d+)?/y],
];

const SPACE = /[ \t\n\r\f\v]+/y;

/** The tokens of a part of a text, comments included. */
export function* tokens(text: string, { start, end }: { start: number; end: number }): Generator<Token> {
  for (let at = start; at < end;) {
    SPACE.lastIndex = at;
    if (SPACE.test(text)) {
      at = SPACE.lastIndex;
      continue;
    }
    const token = tokenAt(text, at);
    yield token;
    at = token.end;
  }
}

function tokenAt(text: string, start: number): Token {
  if (text.startsWith("/*", start)) return { kind: "comment", start, end: endOfBlockComment(text, start) };
  for (const [kind, pattern] of PATTERNS) {
    pattern.lastIndex = start;
    if (pattern.test(text)) return { kind, start, end: pattern.lastIndex };
  }
  return { kind: "sign", start, end: start + 1 };
}

function endOfBlockComment(text: string, start: number): number {
  let depth = 0;
  for (const { 0: { length }, index } of text.slice(start).matchAll(/\/\*|\*\//g)) {
    depth += text[start + index] === "/" ? 1 : -1;
    if (depth === 0) return start + index + length;
  }
  return text.length;
}
