/**
 * Directives: comments `-- pgmigrate: KEY[=VALUE]` among the comments that open a file. They say how a file is to be
 * run, so that the file carries it wherever it goes.
 */

import type { DirectiveFault } from "../errors/migration_files.ts";
import { HOW_TO_WRITE_ATTEMPTS, readAttempts } from "./attempts.ts";
import { readDuration } from "./duration.ts";

/** What a file sets for itself. What it leaves out is as the options of the run say. */
export interface Directives {
  /** The file runs outside a transaction, one statement a message. */
  readonly noTransaction: boolean;
  /** Milliseconds; 0 for no limit. */
  readonly lockTimeoutMs?: number;
  /** How often it is tried for locks that others hold; 1 or more. */
  readonly lockAttempts?: number;
  /** Milliseconds that all its attempts and the pauses between them may take; 0 for no limit. */
  readonly lockBudgetMs?: number;
  /** Milliseconds; 0 for no limit. */
  readonly statementTimeoutMs?: number;
}

/** A directive that cannot be taken as it stands. */
export interface DirectiveProblem {
  /** Where the comment starts, as a UTF-16 index into the text. */
  readonly index: number;
  /** The comment as written. */
  readonly comment: string;
  /** `misplaced`: below the first statement, where it counts for nothing. It may stand in a string or a function's body. */
  readonly reason: DirectiveFault | "misplaced";
  /** With `bad-value`: how the value is written, a whole sentence. */
  readonly hint?: string;
}

export interface ReadDirectives {
  readonly directives: Directives;
  readonly problems: readonly DirectiveProblem[];
}

/** Every directive that says how a file is run, as an example. */
export const DIRECTIVE_EXAMPLES = [
  "no-transaction",
  "lock-timeout=2s",
  "lock-attempts=20",
  "lock-budget=30min",
  "statement-timeout=1h",
] as const;

type Draft = { -readonly [K in keyof Directives]?: Directives[K] };

/** Puts the value of a directive into a draft, or says how it is to be written. */
type Reader = (draft: Draft, value: string) => string | null;

const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ["lock-timeout", durationInto("lockTimeoutMs")],
  ["lock-attempts", attemptsInto],
  ["lock-budget", durationInto("lockBudgetMs")],
  ["statement-timeout", durationInto("statementTimeoutMs")],
]);

const DIRECTIVE = /^--\s*pgmigrate\s*:(.*)$/is;

/** A longer comment is not looked at for a misspelt directive, which takes time that grows with the square of it. */
const LONGEST_MISSPELT = 200;

const MISSPELT = new RegExp(
  "^--[\\s+]*\\S*?[\\s:]+no[-_ ]?transaction\\s*$|" +
    "^--\\s*pg[-_ ]?migrate[\\s:]+(?:lock[-_ ]?(?:timeout|attempts|budget)|statement[-_ ]?timeout)\\s*[=:]\\s*\\S+\\s*$",
  "i",
);
/** But for `ignore`, which speaks to `lint` and may stand at any statement. */
const MISPLACED = /(?<=^|[\r\n])[ \t]*(--[ \t]*pgmigrate[ \t]*:(?![ \t]*ignore[ \t]*(?:=|[\r\n]|$))[^\r\n]*)/gi;

/** The directive that says which rule `lint` is not to apply, `ignore=RULE reason`; what it makes of it is its own. */
const IGNORE = "ignore";

/** Reads the directives of a file, and lists each one that would otherwise be ignored in silence. */
export function readDirectives(text: string): ReadDirectives {
  const problems: DirectiveProblem[] = [];
  const draft: Draft = {};
  const taken = new Map<string, Comment>();
  const { comments, end } = openingComments(text);
  for (const at of comments) {
    const problem = readInto({ draft, taken }, at);
    if (problem !== null) problems.push({ ...at, ...problem });
  }
  // The order in which they stand does not matter, so this is known only at the end.
  for (const key of draft.noTransaction ? ["lock-attempts", "lock-budget"] : []) {
    const at = taken.get(key);
    if (at !== undefined) problems.push({ ...at, reason: "contradictory" });
  }
  for (const match of text.slice(end).matchAll(MISPLACED)) {
    const comment = match[1]!;
    const index = end + match.index + match[0].length - comment.length;
    problems.push({ index, comment: comment.trimEnd(), reason: "misplaced" });
  }
  return { directives: { ...draft, noTransaction: draft.noTransaction ?? false }, problems };
}

type Problem = Pick<DirectiveProblem, "reason" | "hint">;

function readInto(
  { draft, taken }: { readonly draft: Draft; readonly taken: Map<string, Comment> },
  at: Comment,
): Problem | null {
  const directive = directiveIn(at.comment);
  if (directive === null) return isMisspelt(at.comment) ? { reason: "misspelt" } : null;
  const { key, value } = directive;
  if (key === IGNORE) return null;
  const read = READERS.get(key);
  if (read === undefined && key !== "no-transaction") return { reason: "unknown" };
  if (read === undefined && value !== null) return { reason: "has-value" };
  if (read !== undefined && !value) return { reason: "needs-value" };
  if (taken.has(key)) return { reason: "repeated" };
  const hint = read === undefined ? null : read(draft, value!);
  if (hint !== null) return { reason: "bad-value", hint };
  if (read === undefined) draft.noTransaction = true;
  taken.set(key, at);
  return null;
}

/** Where the comment stands that holds a directive, as a UTF-16 index into the text; null where there is none. */
export function directiveIndex(text: string, key: string): number | null {
  const found = openingComments(text).comments.find(({ comment }) => directiveIn(comment)?.key === key);
  return found?.index ?? null;
}

/** What a comment says as a directive; null where it is none. */
function directiveIn(comment: string): { readonly key: string; readonly value: string | null } | null {
  const body = DIRECTIVE.exec(comment)?.[1]?.trim();
  if (body === undefined) return null;
  const equals = body.indexOf("=");
  return equals === -1
    ? { key: body, value: null }
    : { key: body.slice(0, equals).trim(), value: body.slice(equals + 1).trim() };
}

function isMisspelt(comment: string): boolean {
  const trimmed = comment.trimEnd();
  return trimmed.length <= LONGEST_MISSPELT && MISSPELT.test(trimmed);
}

function durationInto(key: "lockTimeoutMs" | "lockBudgetMs" | "statementTimeoutMs"): Reader {
  return (draft, value) => {
    const read = readDuration(value);
    if ("hint" in read) return read.hint;
    draft[key] = read.milliseconds;
    return null;
  };
}

function attemptsInto(draft: Draft, value: string): string | null {
  const attempts = readAttempts(value);
  if (attempts === null) return HOW_TO_WRITE_ATTEMPTS;
  draft.lockAttempts = attempts;
  return null;
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
