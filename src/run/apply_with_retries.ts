/** Tries a migration again that others have kept from its locks. Each attempt begins where the first one did. */

import type { Database } from "../database/database.ts";
import type { Lock } from "../database/held_lock.ts";
import { pause } from "../database/pause.ts";
import { giveUpUnheard } from "../database/lone_look.ts";
import type { Backend } from "../database/look_sql.ts";
import { isPooled } from "../database/pooler.ts";
import type { Session } from "../database/session.ts";
import { lockLost } from "../errors/connection_lost.ts";
import { Failure } from "../errors/failure.ts";
import type { Migration } from "../migration/migration.ts";
import type { Context } from "./context.ts";
import { lossFailure } from "./explain.ts";
import { type Limits, lockTimeoutWithin } from "./limits.ts";
import { afterAttempt } from "./retry_policy.ts";
import { attemptsMet, type FailedAttempt, givenUp, retryWords } from "./retry_words.ts";
import { watchMigration } from "./watch_migration.ts";

/** As the reason of a loss. */
const UNHEARD = "the server has answered, and the answer has not come: something between drops its packets";

/** What an attempt is given. */
export interface Attempt {
  /** In milliseconds; 0 for no limit. */
  readonly lockTimeoutMs: number;
  /** To be called with the backend that runs the migration, where a pooler gives it another than the session's own. */
  readonly onBackend: (backend: Backend) => void;
}

export interface RetryOptions {
  readonly migration: Migration;
  readonly limits: Limits;
  /** Throws when another attempt must not be begun. */
  readonly mayBegin: () => void | Promise<void>;
  /** Looks at what an attempt waits for; null on the embedded database, where there is nobody to wait for. */
  readonly lock: Lock | null;
  readonly session: Session;
  readonly database: Database;
}

/**
 * Watches a migration while it is applied, and applies it again when a lock_timeout or a deadlock ended it.
 *
 * @param apply throws a failure with `contention` where it may be called again
 * @returns what `apply` gives
 * @throws {Failure} what `apply` throws, with the blockers of each attempt where there was more to try
 */
export async function applyWithRetries(
  context: Context,
  apply: (attempt: Attempt) => Promise<number>,
  { migration: { version, name, path, directives }, limits, mayBegin, lock, session, database }: RetryOptions,
): Promise<number> {
  const loss = lossOf({ session, lock, path });
  const began = context.now().getTime();
  const failed: FailedAttempt[] = [];
  const onSilence = () => session.giveUp(UNHEARD);
  for (;;) {
    const elapsedMs = context.now().getTime() - began;
    const lockTimeoutMs = lockTimeoutWithin(limits, elapsedMs);
    const ended = new AbortController();
    let backend: Backend | null = isPooled(session) ? null : session.backendPid;
    const watch = lock === null
      ? null
      : watchMigration(lock, { version, name, lockTimeoutMs, backend: () => backend, onSilence }, context.report);
    lock?.session.gone.then(() => giveUpUnheard(database, session, { backend: () => backend, stop: ended.signal }));
    try {
      return await apply({ lockTimeoutMs, onBackend: (its) => backend = its });
    } catch (error) {
      const last = watch?.lastWait() ?? null;
      if (!(error instanceof Failure) || directives.noTransaction || !mayBeTriedAgain(error)) throw error;
      failed.push({
        at: context.now(),
        failure: error,
        wait: last?.wait ?? null,
        waitedMs: last?.waitedMs ?? (lockTimeoutMs || null),
      });
    } finally {
      watch?.stop();
      ended.abort();
    }
    const attempt = failed.length;
    const next = afterAttempt(
      { attempt, elapsedMs: context.now().getTime() - began },
      { ...limits, random: context.random() },
    );
    if ("exhausted" in next) throw givenUp(failed, { exhausted: next.exhausted, lockBudgetMs: limits.lockBudgetMs });
    const { failure, wait } = failed.at(-1)!;
    context.report({
      event: "retrying",
      version,
      name,
      reason: failure.details.contention!.kind,
      attempt: attempt + 1,
      attempts: limits.lockAttempts,
      pauseMs: next.pauseMs,
      wait,
      message: retryWords(failed.at(-1)!, { ...next, attempt: attempt + 1, attempts: limits.lockAttempts }),
    });
    await pause(next.pauseMs, AbortSignal.any([context.signal, loss])).catch((error) => {
      throw error === loss.reason ? loss.reason.with({ items: attemptsMet(failed) }) : error;
    });
    await mayBegin();
  }
}

/** Aborts, with the failure that it is, when the run has lost what an attempt needs. */
function lossOf(
  { session, lock, path }: Pick<RetryOptions, "session" | "lock"> & { readonly path: string },
): AbortSignal {
  const loss = new AbortController();
  session.gone.then((lost) => loss.abort(lossFailure(lost, path)));
  lock?.session.gone.then(() => loss.abort(lockLost({ halfWay: false })));
  return loss.signal;
}

/** Only where nothing of it was kept. */
function mayBeTriedAgain({ details: { contention, kept } }: Failure): boolean {
  return contention !== undefined && (kept ?? "nothing") === "nothing";
}
