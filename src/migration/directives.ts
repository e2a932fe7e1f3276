/**
 * Directives: comments `-- pgmigrate: KEY[=VALUE]` among the comments that open a file. They say how a file is to be
 * run, so that the file carries it wherever it goes.
 */

export interface Directives {
  /** The file runs outside a transaction, one statement a message. */
  readonly noTransaction: boolean;
}

/** A directive that cannot be taken as it stands. */
export interface DirectiveProblem {
  /** Where the comment starts, as a UTF-16 index into the text. */
  readonly index: number;
  /** The comment as written. */
  readonly comment: string;
  /**
   * `misspelt`: a comment that means a directive and is none, `-- pgmigrate no-transaction` without its colon.
   * `misplaced`: below the first statement, where it counts for nothing. It may stand in a string or a function's body.
   */
  readonly reason: "unknown" | "has-value" | "repeated" | "misspelt" | "misplaced";
}

export interface ReadDirectives {
  readonly directives: Directives;
  readonly problems: readonly DirectiveProblem[];
}

/** Every directive there is. */
export const DIRECTIVE_KEYS = ["no-transaction"] as const;

const DIRECTIVE = /^--\s*pgmigrate\s*:\s*(.*?)\s*$/is;
const MISSPELT = /^--[\s+]*\S*?[\s:]+no[-_ ]?transaction\s*$/i;
const MISPLACED = /(?<=^|[\r\n])[ \t]*(--[ \t]*pgmigrate[ \t]*:[^\r\n]*)/gi;

/** Reads the directives of a file, and lists each one that would otherwise be ignored in silence. */
export function readDirectives(text: string): ReadDirectives {
  const problems: DirectiveProblem[] = [];
  let noTransaction = false;
  const { comments, end } = openingComments(text);
  for (const { index, comment } of comments) {
    const reason = problemOf(comment, noTransaction);
    if (reason !== null) problems.push({ index, comment, reason });
    else if (DIRECTIVE.test(comment)) noTransaction = true;
  }
  for (const match of text.slice(end).matchAll(MISPLACED)) {
    const comment = match[1]!;
    const index = end + match.index + match[0].length - comment.length;
    problems.push({ index, comment: comment.trimEnd(), reason: "misplaced" });
  }
  return { directives: { noTransaction }, problems };
}

function problemOf(comment: string, seen: boolean): DirectiveProblem["reason"] | null {
  const body = DIRECTIVE.exec(comment)?.[1];
  if (body === undefined) return MISSPELT.test(comment) ? "misspelt" : null;
  const [key, value] = body.split("=", 2).map((part) => part.trim());
  if (!(DIRECTIVE_KEYS as readonly (string | undefined)[]).includes(key)) return "unknown";
  if (value !== undefined) return "has-value";
  return seen ? "repeated" : null;
}

/** Where the first statement of a text starts, after white space and comments; the text's length when it has none. */
export function firstStatementIndex(text: string): number {
  return openingComments(text).end;
}

interface Comment {
  readonly index: number;
  readonly comment: string;
}

/** The line comments before the first statement, and where that statement starts. Block comments nest in PostgreSQL. */
function openingComments(text: string): { readonly comments: readonly Comment[]; readonly end: number } {
  const comments: Comment[] = [];
  let at = 0;
  for (;;) {
    at += /^\s*/.exec(text.slice(at, at + 4096))![0].length;
    if (/\s/.test(text[at] ?? "")) continue;
    if (text.startsWith("--", at)) {
      const comment = /^[^\r\n]*/.exec(text.slice(at))![0];
      comments.push({ index: at, comment });
      at += comment.length;
    } else if (text.startsWith("/*", at)) {
      at = endOfBlockComment(text, at);
    } else {
      return { comments, end: at };
    }
  }
}

function endOfBlockComment(text: string, start: number): number {
  let depth = 0;
  for (const match of text.slice(start).matchAll(/\/\*|\*\//g)) {
    depth += match[0] === "/*" ? 1 : -1;
    if (depth === 0) return start + match.index + 2;
  }
  return text.length;
}
