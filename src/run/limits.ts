/** How long a migration may wait and run: by its own directives, else by the options of the run. */

import type { Directives } from "../migration/directives.ts";
import type { UpOptions } from "./options.ts";

/** Durations are in milliseconds; 0 is for no limit. */
export type Limits = Pick<UpOptions, "lockTimeoutMs" | "lockAttempts" | "lockBudgetMs" | "statementTimeoutMs">;

export function limitsOf(directives: Directives, options: Limits): Limits {
  const { noTransaction, statementTimeoutMs = options.statementTimeoutMs } = directives;
  if (noTransaction) {
    // Waits of CREATE INDEX CONCURRENTLY count against lock_timeout, and a failure leaves an invalid index: it has none
    // unless the file asks for it, and what a statement did outside a transaction forbids to try again.
    return { lockTimeoutMs: directives.lockTimeoutMs ?? 0, lockAttempts: 1, lockBudgetMs: 0, statementTimeoutMs };
  }
  const { lockAttempts = options.lockAttempts, lockBudgetMs = options.lockBudgetMs } = directives;
  const lockTimeoutMs = lockTimeoutWithin({
    lockTimeoutMs: directives.lockTimeoutMs ?? options.lockTimeoutMs,
    lockBudgetMs,
  }, 0);
  return { lockTimeoutMs, lockAttempts, lockBudgetMs, statementTimeoutMs };
}

/**
 * lock_timeout of an attempt: no longer than the budget that is left. 0 is for no limit, and stays so: who asks to wait
 * for ever, waits.
 *
 * @param elapsedMs since the first attempt began
 */
export function lockTimeoutWithin(
  { lockTimeoutMs, lockBudgetMs }: Pick<Limits, "lockTimeoutMs" | "lockBudgetMs">,
  elapsedMs: number,
): number {
  if (lockTimeoutMs === 0 || lockBudgetMs === 0) return lockTimeoutMs;
  return Math.max(1, Math.min(lockTimeoutMs, Math.round(lockBudgetMs - elapsedMs)));
}
