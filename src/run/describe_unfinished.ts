/** How far an unfinished migration came, statement by statement. */

import { mayBeDone } from "../history/resume.ts";
import type { UnfinishedRow } from "../history/compare.ts";
import { placeInFile, type SqlFile } from "../sql/sql_file.ts";
import type { CheckedStatement } from "./check_files.ts";

/** The text that a migration was begun with, and its statements; null where they are not known. */
export interface Begun extends Omit<SqlFile, "path"> {
  readonly statements: readonly CheckedStatement[];
}

/** Of more statements than this in a row with the same to say of them, only their range is given. */
const MOST_LISTED = 5;

/** Of a statement, only its first words are shown. */
const MOST_SHOWN = 60;

/** A line for each statement: `line 4: not done: SELECT 1 / 0`. */
export function statementItems(begun: Begun, row: UnfinishedRow): readonly string[] {
  const { statements } = begun;
  const { statementsDone: done, statementSent } = row;
  const current = statements[done];
  const uncertain = current !== undefined && mayBeDone(current.effect, statementSent !== null);
  return [
    ...itemsOf(begun, statements.slice(0, done), "done"),
    ...itemsOf(begun, statements.slice(done, done + 1), uncertain ? "may be done" : "not done"),
    ...itemsOf(begun, statements.slice(done + 1), "not done"),
  ];
}

function itemsOf(begun: Begun, statements: readonly CheckedStatement[], what: string): readonly string[] {
  const line = ({ start }: CheckedStatement) => lineOf(begun, start);
  if (statements.length <= MOST_LISTED) {
    return statements.map((statement) => `line ${line(statement)}: ${what}: ${beginning(begun.text, statement)}`);
  }
  const [first, last] = [statements[0]!, statements.at(-1)!];
  return [`lines ${line(first)} to ${line(last)}: ${what}: ${statements.length} statements`];
}

function beginning(text: string, { start, end }: CheckedStatement): string {
  const words = text.slice(start, end).replaceAll(/\s+/g, " ");
  return words.length <= MOST_SHOWN ? words : `${words.slice(0, MOST_SHOWN)} …`;
}

/** `Begun 2026-11-22 15:10:00 UTC. It stopped with: division by zero [22012]` */
export function begunSentence({ startedAt, attempt, failure }: UnfinishedRow): string {
  const tries = attempt === 1 ? "" : `, attempt ${attempt}`;
  const end = failure === null ? "What stopped it is not known" : `It stopped with: ${failure}`;
  const begun = `${startedAt.toISOString().slice(0, 19).replace("T", " ")} UTC`;
  return `Begun ${begun}${tries}. ${end}`;
}

/** Line of the first statement that is not known to be done; null where there is none. */
export function stoppedAtLine(begun: Begun, { statementsDone }: UnfinishedRow): number | null {
  const next = begun.statements[statementsDone];
  return next === undefined ? null : lineOf(begun, next.start);
}

function lineOf(begun: Begun, index: number): number {
  return placeInFile({ path: "", ...begun }, index).line;
}
