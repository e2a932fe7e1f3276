/** When a migration that a lock has stopped is tried again. */

import type { Limits } from "./limits.ts";

/** The longest first pause; each further one may be twice as long as the one before. */
const FIRST_PAUSE_MS = 500;

/** No pause is longer. */
const LONGEST_PAUSE_MS = 30_000;

/**
 * Full jitter: each pause is a random part of the longest that it may be, so that runs and applications that met once do
 * not meet again in step.
 *
 * @param attempt the one that failed, from 1
 * @param random from 0 to 1
 */
export function pauseAfter(attempt: number, random: number): number {
  return Math.round(random * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1)));
}

/**
 * What follows an attempt that failed: a pause before the next, in milliseconds; or why there is none.
 *
 * @param failed the attempt that failed, from 1, and the milliseconds since the first one began
 * @param random from 0 to 1
 */
export function afterAttempt(
  { attempt, elapsedMs }: { readonly attempt: number; readonly elapsedMs: number },
  { lockAttempts, lockBudgetMs, random }: Pick<Limits, "lockAttempts" | "lockBudgetMs"> & { readonly random: number },
): { readonly pauseMs: number } | { readonly exhausted: "attempts" | "budget" } {
  if (attempt >= lockAttempts) return { exhausted: "attempts" };
  const pauseMs = pauseAfter(attempt, random);
  if (lockBudgetMs > 0 && elapsedMs + pauseMs >= lockBudgetMs) return { exhausted: "budget" };
  return { pauseMs };
}
