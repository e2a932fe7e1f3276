/** What a migration that stopped outside a transaction has left, and how to go on, in words. */

import { tellsItself } from "../history/resume.ts";
import { placeInFile } from "../sql/sql_file.ts";
import { temporariesBehind } from "../sql/kept_statements.ts";
import type { Left } from "./left_behind.ts";
import type { Run } from "./send_statements.ts";

/** @param left `unknown` when the connection was lost */
export function stoppedSentence({ file, progress }: Run, left: Left | "unknown"): string {
  const { migration: { name, version }, statements } = file;
  const { done, sent, claim, sending } = progress;
  const uncertain = left === "unknown" && (sent !== null || sending === "commit");
  const nothing = left === "nothing" || claim === null || left === "unknown" && done === 0 && !uncertain;
  if (nothing) return `Nothing of ${name} was kept.`;
  if (statements === null) {
    return `How much of ${name} was done is not known. Look at the database, and then ${waysOn(version)}.`;
  }
  const kept = doneSentence(name, done, statements.length);
  const next = statements[done];
  if (next === undefined) return `${kept} pgmigrate up records it.`;
  const { line } = placeInFile(file.sql, next.start);
  const gone = temporariesBehind(statements.slice(0, done).map(({ effect }) => effect));
  const byHand =
    `With its session went ${gone.join(", ")}, without which it cannot go on. Do the rest by hand, from line ` +
    `${line}, and then pgmigrate up --mark-applied ${version}.`;
  const invalid = left === "unknown" ? [] : left.invalid;
  if (gone.length > 0 && invalid.length === 0) return `${kept} ${byHand}`;
  if (uncertain) return `${kept} Whether the one at line ${line} was done, the next pgmigrate up finds out.`;
  const goesOn = gone.length === 0 && tellsItself(next.effect, sent !== null);
  if (invalid.length > 0) {
    const [which, it] = invalid.length === 1 ? ["index", "it"] : ["indexes", "them"];
    const wayOn = goesOn
      ? `pgmigrate up drops ${it} and goes on at line ${line}.`
      : gone.length > 0
      ? `Drop ${it} with DROP INDEX CONCURRENTLY. ${byHand}`
      : `Drop ${it} with DROP INDEX CONCURRENTLY, and go on at line ${line}: ${waysOn(version)}.`;
    return `${kept} The INVALID ${which} ${invalid.join(", ")} stayed behind: writes keep ${it} up to date, queries ` +
      `cannot use ${it}. ${wayOn}`;
  }
  if (goesOn) return `${kept} pgmigrate up goes on at line ${line}.`;
  return `${kept} Go on at line ${line}: ${waysOn(version)}.`;
}

/** `2 of 4 statements of 002_b.sql are done and stay.` */
function doneSentence(name: string, done: number, total: number): string {
  if (done === 0) return `No statement of ${name} is done.`;
  const statements = `${total} ${total === 1 ? "statement" : "statements"}`;
  return `${done} of ${statements} of ${name} ${done === 1 ? "is done and stays" : "are done and stay"}.`;
}

/** The two ways on that only a person can choose between. */
function waysOn(version: bigint): string {
  return `pgmigrate up --retry ${version}, or, when you have done the rest, pgmigrate up --mark-applied ${version}`;
}
