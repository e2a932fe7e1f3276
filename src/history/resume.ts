/** Whether `up` goes on with a migration that was begun and not ended, as a function of what is known of it. */

import type { StatementEffect } from "../sql/statement_effect.ts";
import { temporariesBehind } from "../sql/kept_statements.ts";
import type { UnfinishedRow } from "./compare.ts";

/** The file of an unfinished migration, as it is now. */
export interface FileNow {
  readonly checksum: string;
  readonly noTransaction: boolean;
  /** What its statements do; null when it was not parsed. */
  readonly effects: readonly StatementEffect[] | null;
  /** Index of the first statement that is done and was edited since; null for none. */
  readonly editedDone: number | null;
}

/** Why a person has to say how to go on. */
export type Question =
  /** The file is another one than when it was begun. */
  | "edited"
  /** It is known how far it came, and that is half-way. */
  | "half-way"
  /** Nobody can tell whether the statement that was interrupted is done. */
  | "uncertain"
  /** What it made ended with its session, and the rest would miss it, or find something else of that name. */
  | "temporary"
  /** It is not known how far it came: it was not parsed, or ended the transaction that it ran in. */
  | "unknown";

export type Resumption =
  /** Nothing of it was done: it runs as if it had never begun. */
  | { readonly kind: "begin-again" }
  | { readonly kind: "go-on" }
  | { readonly kind: "ask"; readonly question: Question }
  /** It was asked to go on, and cannot. */
  | { readonly kind: "cannot"; readonly reason: "done-part-edited" | "runs-in-transaction" };

/** @param retry whether a person has said that it may go on */
export function decideResumption(row: UnfinishedRow, file: FileNow, retry: boolean): Resumption {
  const { statementsDone, statementsTotal, statementSent } = row;
  if (statementsTotal !== null && statementsDone === 0 && statementSent === null) return { kind: "begin-again" };
  if (!file.noTransaction) {
    if (!retry) return { kind: "ask", question: row.checksum === file.checksum ? "unknown" : "edited" };
    return statementsDone === 0 ? { kind: "begin-again" } : { kind: "cannot", reason: "runs-in-transaction" };
  }
  const next = file.effects?.[statementsDone];
  // To go on would be of no use, or do harm: no person can say that it may.
  if (next !== undefined && temporariesBehind(file.effects!.slice(0, statementsDone)).length > 0) {
    return { kind: "ask", question: "temporary" };
  }
  if (retry) return file.editedDone === null ? { kind: "go-on" } : { kind: "cannot", reason: "done-part-edited" };
  if (row.checksum !== file.checksum) return { kind: "ask", question: "edited" };
  if (file.effects === null || statementsTotal === null) return { kind: "ask", question: "unknown" };
  if (next === undefined || tellsItself(next, statementSent !== null)) return { kind: "go-on" };
  return { kind: "ask", question: mayBeDone(next, statementSent !== null) ? "uncertain" : "half-way" };
}

/**
 * Whether the database itself shows what is left to do of a statement that was interrupted, or sending it once more does
 * no harm: `up` then goes on by itself.
 *
 * @param sent whether it was sent outside a transaction
 */
export function tellsItself(effect: StatementEffect, sent: boolean): boolean {
  switch (effect.kind) {
    case "build-index":
      return effect.name !== null || !sent;
    case "drop-index":
    case "reindex":
    case "repeatable":
    case "session":
    case "transient":
      return true;
    default:
      return false;
  }
}

/** Whether a statement that was interrupted may be done, or done in part. */
export function mayBeDone(effect: StatementEffect, sent: boolean): boolean {
  return sent && effect.kind !== "session" && effect.kind !== "transient" && effect.kind !== "block";
}
