/** The directives `-- pgmigrate: ignore=RULE reason` of a file: which findings they take away, and from where. */

import { firstStatementIndex } from "../migration/directives.ts";
import type { Statement } from "../sql/parser.ts";
import type { Bodies, Step } from "../sql/routine_body.ts";
import { tokens } from "../sql/tokens.ts";
import { behindSemicolon } from "./behind_semicolon.ts";

/** One directive. Places are UTF-16 indices into the file's text. */
export interface Ignore {
  readonly start: number;
  readonly end: number;
  /** The rule's id, whether there is such a rule or not. */
  readonly rule: string;
  /** Empty where none is given. */
  readonly reason: string;
  /**
   * The statement that it is about, or what stands in a DO block; `file`: all of them; null: it stands below the last, and
   * is about none.
   */
  readonly about: Span | "file" | null;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** Looked for first: few files have one. */
const MAY_IGNORE = /pgmigrate\s*:\s*ignore/i;

const IGNORE = /^--\s*pgmigrate\s*:\s*ignore\s*(?:=\s*(\S*)\s*(.*))?$/is;

/**
 * Reads a file's directives, in order. Among the comments that open the file, one is about the whole of it; inside of a
 * statement or behind it on its last line, about that statement; above a statement, about the next.
 */
export function readIgnores(
  text: string,
  { statements, bodies }: { readonly statements: readonly Statement[]; readonly bodies: Bodies },
): readonly Ignore[] {
  if (!MAY_IGNORE.test(text)) return [];
  const head = firstStatementIndex(text);
  const own = directivesIn(text, { start: 0, end: text.length }, statements);
  const inBlocks = statements.flatMap((statement) => {
    const body = statement.kind === "DoStmt" ? bodies.get(statement.node) ?? null : null;
    return body === null ? [] : stringsIn(text, statement).flatMap((span) => directivesOf(text, span, stepsIn(body)));
  });
  return [...own.map((one) => one.start < head ? { ...one, about: "file" as const } : one), ...inBlocks]
    .toSorted((one, other) => one.start - other.start);
}

/** Of a body, and of the texts that it gives to EXECUTE. */
function directivesOf(text: string, span: Span, steps: readonly Span[]): readonly Ignore[] {
  const inner = stringsIn(text, span).filter(({ start, end }) =>
    steps.some((step) => step.start >= start && step.end <= end)
  );
  return [...directivesIn(text, span, steps), ...inner.flatMap((one) => directivesOf(text, one, steps))];
}

function directivesIn(text: string, { start, end }: Span, statements: readonly Span[]): readonly Ignore[] {
  const ignores: Ignore[] = [];
  for (const token of tokens(text, { start, end })) {
    const comment = text.slice(token.start, Math.min(token.end, end));
    const match = token.kind === "comment" ? IGNORE.exec(comment) : null;
    if (match === null) continue;
    const [, rule = "", reason = ""] = match;
    const about = statementAt(token.start, { text, statements });
    ignores.push({
      start: token.start,
      end: token.start + match[0].trimEnd().length,
      rule,
      reason: reason.trim(),
      about,
    });
  }
  return ignores;
}

/** What stands between the quotes. */
function stringsIn(text: string, statement: Span): readonly Span[] {
  return [...tokens(text, statement)].flatMap(({ kind, start, end }) => {
    const quote = kind === "string" ? /^(?:\$[^$]*\$|[eE]?')/.exec(text.slice(start, end))?.[0].length : undefined;
    return quote === undefined ? [] : [{ start: start + quote, end: end - quote }];
  });
}

/** What findings stand at, in the order of the text. */
function stepsIn(body: readonly Step[]): readonly Span[] {
  return body.flatMap((step): readonly Span[] => {
    if (step.kind === "branch") return stepsIn(step.steps);
    return step.kind === "commit" ? [] : [step.kind === "statement" ? step.statement : step.span];
  }).toSorted((one, other) => one.start - other.start);
}

function statementAt(
  index: number,
  { text, statements }: { readonly text: string; readonly statements: readonly Span[] },
): Span | null {
  const next = statements.findIndex(({ end }) => end > index);
  if (next !== -1 && statements[next]!.start < index) return statements[next]!;
  const before = statements[next === -1 ? statements.length - 1 : next - 1];
  if (before !== undefined && !/[\r\n]/.test(text.slice(behindSemicolon(text, before.end), index))) return before;
  return statements[next] ?? null;
}
