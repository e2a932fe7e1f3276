/** Where a query that a function or a DO block ran stands in the statement that holds it. */

import { indexAt } from "./positions.ts";

/**
 * The index in a text of a position in a query, which is a body or a part of one, as it is or with its quotes doubled;
 * null where the text does not have the query, or has it more than once.
 *
 * @param position of PostgreSQL's: characters from 1
 */
export function indexInText(text: string, { query, position }: {
  readonly query: string;
  readonly position: number;
}): number | null {
  const before = query.slice(0, indexAt(query, position));
  const found = [{ query, before }, { query: doubled(query), before: doubled(before) }]
    .map((written) => ({ written, start: onlyIndex(text, written.query) }))
    .find(({ start }) => start !== null);
  return found === undefined ? null : found.start! + found.written.before.length;
}

function doubled(text: string): string {
  return text.replaceAll("'", "''");
}

function onlyIndex(text: string, part: string): number | null {
  const start = text.indexOf(part);
  return part === "" || start === -1 || text.includes(part, start + 1) ? null : start;
}
