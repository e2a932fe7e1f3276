/** What is told of attempts that locks of others have ended. */

import type { Failure } from "../errors/failure.ts";
import { deadlock, lockTimeout } from "../errors/table_locks.ts";
import type { LockWait } from "../events.ts";
import { blockersWords, spanWords, waitWords } from "./wait_words.ts";

export interface FailedAttempt {
  /** When it ended. */
  readonly at: Date;
  /** With `contention`. */
  readonly failure: Failure;
  /** Who was in the way when that was last looked at; null where it was not seen. */
  readonly wait: LockWait | null;
  /** How long it waited, in milliseconds; null where that is not known. */
  readonly waitedMs: number | null;
}

/** Of very many attempts the last ones are told. */
const MOST_ATTEMPTS_TOLD = 20;

/** `lock on public.posts not had in 5 s (held by …); trying again in 1.2 s (attempt 2 of 10)` */
export function retryWords(
  { failure, wait, waitedMs }: FailedAttempt,
  { pauseMs, attempt, attempts }: { readonly pauseMs: number; readonly attempt: number; readonly attempts: number },
): string {
  const time = waitedMs === null ? "in time" : `in ${secondsWords(waitedMs)}`;
  const what = failure.details.contention?.kind === "deadlock"
    ? "ended by a deadlock"
    : `lock${wait?.relation == null ? "" : ` on ${wait.relation}`} not had ${time}`;
  const met = wait === null ? detailOf(failure) : inTheWayWords(wait);
  return `${what}${met === null ? "" : ` (${met})`}; trying again in ${
    secondsWords(pauseMs)
  } (attempt ${attempt} of ${attempts})`;
}

function inTheWayWords(wait: LockWait): string {
  const { blockers, more, relation } = wait;
  return relation === null || blockers.length === 0 ? waitWords(wait) : blockersWords(blockers, more);
}

/** The failure of the last attempt, with what each of them met. */
export function givenUp(
  failed: readonly FailedAttempt[],
  { exhausted, lockBudgetMs }: { readonly exhausted: "attempts" | "budget"; readonly lockBudgetMs: number },
): Failure {
  const { contention, ...details } = failed.at(-1)!.failure.details;
  const budget = exhausted === "budget" ? ` within ${secondsWords(lockBudgetMs)}` : "";
  const tries = failed.length === 1 ? budget : `, in ${failed.length} attempts${budget}`;
  const items = attemptsMet(failed);
  const failure = contention?.kind === "deadlock" ? deadlock : lockTimeout;
  return failure(contention?.message ?? "", { ...details, items }, tries);
}

/** What each attempt met, a line each. */
export function attemptsMet(failed: readonly FailedAttempt[]): readonly string[] {
  const told = failed.slice(-MOST_ATTEMPTS_TOLD);
  return told.map((attempt, index) => attemptWords(attempt, failed.length - told.length + index + 1));
}

/** Of a deadlock the server tells who waited for whom, a line each. */
function detailOf({ details: { detail } }: Failure): string | null {
  return detail === undefined ? null : detail.trim().replace(/\s*\n\s*/g, " ");
}

function attemptWords({ at, wait, failure }: FailedAttempt, number: number): string {
  const time = `${at.toISOString().slice(0, 19).replace("T", " ")} UTC`;
  const met = wait === null ? detailOf(failure) ?? "who was in the way was not seen" : waitWords(wait);
  return `${time}, attempt ${number}: ${met}`;
}

/** `200 ms`, `1.2 s`, `5 s`. */
function secondsWords(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  return milliseconds < 60_000 ? `${Math.round(milliseconds / 100) / 10} s` : spanWords(milliseconds / 1000);
}
