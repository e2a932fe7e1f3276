/** Where in a body of PL/pgSQL something stands, of which PL/pgSQL tells the text and the line. */

import type { PlpgsqlText } from "./plpgsql_steps.ts";
import type { StringLiteral } from "./string_literal.ts";
import { tokens } from "./tokens.ts";

export interface FoundText {
  readonly start: number;
  readonly end: number;
  /** What stands there, as long as it is, but as SQL. */
  readonly sql: string;
}

export class TextInBody {
  /** Where words and signs begin, comments left out. */
  readonly #starts: readonly number[];
  readonly #lines: readonly number[];
  /** Behind the last place of each text: the same may stand in a line twice. */
  readonly #found = new Map<string, number>();

  constructor(private readonly body: StringLiteral) {
    const { value } = body;
    this.#starts = [...tokens(value, { start: 0, end: value.length })]
      .filter(({ kind }) => kind !== "comment").map(({ start }) => start);
    // PL/pgSQL counts no other line ends.
    this.#lines = [0, ...value.matchAll(/\n/g).map(({ index }) => index + 1)];
  }

  /** @returns null for a statement that does not stand in the body as PL/pgSQL tells it; for an expression its line */
  find({ kind, query, line }: PlpgsqlText): FoundText | null {
    const lineStart = this.#lines[line - 1] ?? 0;
    const from = Math.max(lineStart, this.#found.get(query) ?? 0);
    const pattern = patternOf(query);
    for (const start of this.#starts) {
      if (start < from) continue;
      const length = this.body.value.startsWith(query, start)
        ? query.length
        : matchLength(pattern, this.body.value, start);
      if (length === 0) continue;
      const end = start + length;
      this.#found.set(query, end);
      return { start: this.body.start + start, end: this.body.start + end, sql: fitted(query, length) };
    }
    return kind === "statement" ? null : { ...this.#line(lineStart), sql: query };
  }

  /** Of `1..n` the end is no token of SQL. */
  #line(from: number): { readonly start: number; readonly end: number } {
    const text = /^[^\r\n]*/.exec(this.body.value.slice(from))![0].trimEnd();
    const end = this.body.start + from + text.length;
    return { start: end - text.trimStart().length, end };
  }
}

/** PERFORM stands where the query has SELECT, and INTO with its variables where it has spaces. */
function patternOf(query: string): RegExp {
  const [, select = "", rest = ""] = /^(SELECT)?([\s\S]*)$/.exec(query)!;
  const literal = rest.split(INTO).map((part, index) =>
    index % 2 === 0 ? RegExp.escape(part) : `[\\s\\S]{1,${part.length}}?`
  );
  return new RegExp(`${select === "" ? "" : "(?:SELECT|PERFORM)"}${literal.join("")}`, "iy");
}

/** Nothing shorter than `INTO x` is left of it. */
const INTO = /( {6,})/;

function matchLength(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0].length ?? 0;
}

/** The spaces are as many as what they stand for has bytes; and PERFORM is longer than SELECT. */
function fitted(query: string, length: number): string {
  if (query.length < length) return " ".repeat(length - query.length) + query;
  const surplus = query.length - length;
  return surplus === 0 ? query : query.replace(INTO, (spaces) => " ".repeat(Math.max(spaces.length - surplus, 1)));
}
