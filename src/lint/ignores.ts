/** The directives `-- pgmigrate: ignore=RULE reason` of a file: which findings they take away, and from where. */

import { firstStatementIndex } from "../migration/directives.ts";
import type { Statement } from "../sql/parser.ts";
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
  /** The statement that it is about; `file`: all of them; null: it stands below the last, and is about none. */
  readonly about: Statement | "file" | null;
}

/** Looked for first: few files have one. */
const MAY_IGNORE = /pgmigrate\s*:\s*ignore/i;

const IGNORE = /^--\s*pgmigrate\s*:\s*ignore\s*(?:=\s*(\S*)\s*(.*))?$/is;

/**
 * Reads a file's directives, in order. Among the comments that open the file, one is about the whole of it; inside of a
 * statement or behind it on its last line, about that statement; above a statement, about the next.
 */
export function readIgnores(text: string, statements: readonly Statement[]): readonly Ignore[] {
  if (!MAY_IGNORE.test(text)) return [];
  const head = firstStatementIndex(text);
  const ignores: Ignore[] = [];
  for (const { kind, start, end } of tokens(text, { start: 0, end: text.length })) {
    const match = kind === "comment" ? IGNORE.exec(text.slice(start, end)) : null;
    if (match === null) continue;
    const [, rule = "", reason = ""] = match;
    const about = start < head ? "file" : statementAt(start, { text, statements });
    ignores.push({ start, end: start + match[0].trimEnd().length, rule, reason: reason.trim(), about });
  }
  return ignores;
}

function statementAt(
  index: number,
  { text, statements }: { readonly text: string; readonly statements: readonly Statement[] },
): Statement | null {
  const next = statements.findIndex(({ end }) => end > index);
  if (next !== -1 && statements[next]!.start < index) return statements[next]!;
  const before = statements[next === -1 ? statements.length - 1 : next - 1];
  if (before !== undefined && !/[\r\n]/.test(text.slice(behindSemicolon(text, before.end), index))) return before;
  return statements[next] ?? null;
}
