import assert from "node:assert/strict";
import type { Database } from "../database/database.ts";
import type { Lock } from "../database/held_lock.ts";
import { type Session, SessionLost } from "../database/session.ts";
import { Failure } from "../errors/failure.ts";
import { interrupted } from "../errors/program.ts";
import { migrationFailed } from "../errors/running.ts";
import { lockTimeout } from "../errors/table_locks.ts";
import type { Event, Retrying } from "../events.ts";
import type { Migration } from "../migration/migration.ts";
import { applyWithRetries, type RetryOptions } from "./apply_with_retries.ts";
import type { Context } from "./context.ts";

const MIGRATION: Migration = {
  version: 2n,
  name: "2_b.sql",
  path: "m/2_b.sql",
  checksum: "",
  text: "",
  directives: { noTransaction: false },
};

const TIMED_OUT = lockTimeout("canceling statement", {
  contention: { kind: "lock-timeout", message: "canceling statement" },
});

interface Fake {
  readonly context: Context;
  readonly events: Event[];
  readonly interrupt: AbortController;
  nowMs: number;
}

function fake(random: number): Fake {
  const events: Event[] = [];
  const interrupt = new AbortController();
  const made: Fake = { events, interrupt, nowMs: 0, context: {} as Context };
  const context: Partial<Context> = {
    now: () => new Date(made.nowMs),
    random: () => random,
    report: (event) => events.push(event),
    signal: interrupt.signal,
  };
  return Object.assign(made, { context: context as Context });
}

function sessionThatEnds(gone: Promise<SessionLost>): Session {
  return { facts: { serverPid: 1 }, backendPid: 1, gone } as Partial<Session> as Session;
}

function options(more: Partial<RetryOptions> = {}): RetryOptions {
  return {
    migration: MIGRATION,
    limits: { lockTimeoutMs: 5_000, lockAttempts: 3, lockBudgetMs: 600_000, statementTimeoutMs: 0 },
    mayBegin: () => {},
    lock: null,
    database: {} as Database,
    session: sessionThatEnds(new Promise(() => {})),
    ...more,
  };
}

Deno.test("applyWithRetries() tells of each attempt and gives what the last one gave", async () => {
  const { context, events } = fake(0);
  let attempts = 0;
  const apply = () => ++attempts < 3 ? Promise.reject(TIMED_OUT) : Promise.resolve(42);
  assert.equal(await applyWithRetries(context, apply, options()), 42);
  assert.equal(attempts, 3);
  assert.deepEqual(events.map((event) => (event as Retrying).message), [
    "lock not had in 5 s; trying again in 0 ms (attempt 2 of 3)",
    "lock not had in 5 s; trying again in 0 ms (attempt 3 of 3)",
  ]);
});

Deno.test("applyWithRetries() gives up after the last attempt, with the time of each", async () => {
  const { context } = fake(0);
  await assert.rejects(applyWithRetries(context, () => Promise.reject(TIMED_OUT), options()), (error) => {
    assert.ok(error instanceof Failure);
    assert.deepEqual([error.code, error.exitCode], ["lock-timeout", 5]);
    assert.equal(error.message, "A lock on a table could not be had in time, in 3 attempts: canceling statement");
    assert.deepEqual(
      error.details.items,
      [1, 2, 3].map((attempt) => `1970-01-01 00:00:00 UTC, attempt ${attempt}: who was in the way was not seen`),
    );
    return true;
  });
});

Deno.test("applyWithRetries() shortens the last attempt to the budget that is left, and then gives up", async () => {
  const made = fake(0);
  const timeouts: number[] = [];
  const apply = ({ lockTimeoutMs }: { readonly lockTimeoutMs: number }) => {
    timeouts.push(lockTimeoutMs);
    made.nowMs += lockTimeoutMs;
    return Promise.reject(TIMED_OUT);
  };
  const limits = { lockTimeoutMs: 5_000, lockAttempts: 10, lockBudgetMs: 12_000, statementTimeoutMs: 0 };
  await assert.rejects(applyWithRetries(made.context, apply, options({ limits })), /in 3 attempts within 12 s/);
  assert.deepEqual(timeouts, [5_000, 5_000, 2_000]);
});

Deno.test("applyWithRetries() tries nothing again that kept a part, ran outside a transaction, or failed otherwise", async () => {
  const { context, events } = fake(0);
  const once = async (failure: Error, more: Partial<RetryOptions> = {}) => {
    let attempts = 0;
    const apply = () => {
      attempts++;
      return Promise.reject(failure);
    };
    await assert.rejects(applyWithRetries(context, apply, options(more)), (error) => error === failure);
    assert.equal(attempts, 1);
  };
  await once(TIMED_OUT.with({ kept: "part" }));
  await once(TIMED_OUT.with({ kept: "unknown" }));
  await once(migrationFailed("syntax error", {}));
  await once(new TypeError("a defect"));
  await once(TIMED_OUT, { migration: { ...MIGRATION, directives: { noTransaction: true } } });
  assert.deepEqual(events, []);
});

Deno.test("applyWithRetries() ends its pause at once when it is interrupted", async () => {
  // A pause of days, were it not for the interrupt.
  const { context, interrupt } = fake(1e6);
  const reason = interrupted("SIGINT");
  const limits = { lockTimeoutMs: 5_000, lockAttempts: 3, lockBudgetMs: 0, statementTimeoutMs: 0 };
  let attempts = 0;
  const apply = () => {
    attempts++;
    return Promise.reject(TIMED_OUT);
  };
  const report = () => queueMicrotask(() => interrupt.abort(reason));
  await assert.rejects(
    applyWithRetries({ ...context, report }, apply, options({ limits })),
    (error) => error === reason,
  );
  assert.equal(attempts, 1);
});

/** What ends the pause behind the first attempt, which would be one of days. */
async function endOfPause(more: (lost: Promise<SessionLost>) => Partial<RetryOptions>, lost: SessionLost) {
  const { context } = fake(1e6);
  const gone = Promise.withResolvers<SessionLost>();
  const limits = { lockTimeoutMs: 5_000, lockAttempts: 3, lockBudgetMs: 0, statementTimeoutMs: 0 };
  const report = () => queueMicrotask(() => gone.resolve(lost));
  let attempts = 0;
  const apply = () => {
    attempts++;
    return Promise.reject(TIMED_OUT);
  };
  const running = applyWithRetries({ ...context, report }, apply, options({ limits, ...more(gone.promise) }));
  const failure = await running.catch((error) => error);
  assert.ok(failure instanceof Failure);
  assert.equal(attempts, 1);
  assert.deepEqual(failure.details.items, ["1970-01-01 00:00:00 UTC, attempt 1: who was in the way was not seen"]);
  return failure;
}

Deno.test("applyWithRetries() ends its pause with the loss of the session, and says why it was lost and who was in the way", async () => {
  const message = "terminating connection due to administrator command";
  const lost = new SessionLost(message, { severity: "FATAL", sqlstate: "57P01", message });
  const failure = await endOfPause((gone) => ({ session: sessionThatEnds(gone) }), lost);
  assert.deepEqual([failure.code, failure.message, failure.details.sqlstate, failure.details.file], [
    "connection-lost",
    `The connection to the server was lost: ${message}`,
    "57P01",
    "m/2_b.sql",
  ]);
});

Deno.test("applyWithRetries() ends its pause with the loss of the lock", async () => {
  const lock = (gone: Promise<SessionLost>) => ({ session: { gone }, watch: () => () => {} }) as unknown as Lock;
  const failure = await endOfPause((gone) => ({ lock: lock(gone) }), new SessionLost("the server closed it", null));
  assert.deepEqual([failure.code, failure.exitCode], ["lock-lost", 4]);
});

Deno.test("applyWithRetries() begins no attempt once the lock of the run is lost", async () => {
  const { context } = fake(0);
  const lost = migrationFailed("lock lost", {});
  let attempts = 0;
  const apply = () => {
    attempts++;
    return Promise.reject(TIMED_OUT);
  };
  const mayBegin = () => {
    throw lost;
  };
  await assert.rejects(applyWithRetries(context, apply, options({ mayBegin })), (error) => error === lost);
  assert.equal(attempts, 1);
});
