/** The objects of a DROP, each as it is written. */

import type { Node } from "libpg-query";
import type { Statement } from "../sql/parser.ts";
import type { Span } from "./alter_table_actions.ts";
import { keyword, ownTokens, textOf } from "./text_edits.ts";

export interface DroppedObject {
  /** Its name, as the tree holds it. */
  readonly names: readonly Node[];
  readonly span: Span;
  /** As it is written: `"S".posts`. */
  readonly text: string;
}

/** The objects of DROP TABLE, DROP INDEX and the like, in order; none for any other statement. */
export function droppedObjects(statement: Statement): readonly DroppedObject[] {
  if (statement.kind !== "DropStmt") return [];
  const names = (statement.node.objects ?? []).flatMap((node) => "List" in node ? [node.List.items ?? []] : []);
  const spans = spansOf(statement);
  return names.map((own, index) => {
    const span = spans.length === names.length ? spans[index]! : { start: statement.start, end: statement.end };
    return { names: own, span, text: textOf(statement, span) };
  });
}

const KINDS = ["table", "index", "view", "sequence"];

/** What stands between the commas, without CASCADE or RESTRICT at the end. */
function spansOf(statement: Statement): readonly Span[] {
  const kind = keyword(statement, KINDS);
  if (kind === null) return [];
  const isWord = (token: Span, words: RegExp) => words.test(textOf(statement, token));
  const own = ownTokens(statement, kind.end);
  const first = own.findIndex((token) => token.kind !== "word" || !isWord(token, /^(concurrently|if|exists)$/i));
  const spans: { start: number; end: number }[] = [];
  for (const [index, token] of own.slice(first).entries()) {
    const text = textOf(statement, token);
    if (text === ",") continue;
    if (token.kind === "word" && index > 0 && isWord(token, /^(cascade|restrict)$/i) && isLast(token, own)) continue;
    const before = own[first + index - 1];
    const begins = spans.length === 0 || (before !== undefined && textOf(statement, before) === ",");
    if (begins) spans.push({ start: token.start, end: token.end });
    else spans.at(-1)!.end = token.end;
  }
  return spans;
}

function isLast(token: Span, all: readonly Span[]): boolean {
  return token === all.at(-1);
}
