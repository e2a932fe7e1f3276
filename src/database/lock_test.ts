import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Failure } from "../errors/failure.ts";
import type { Lock } from "./held_lock.ts";
import { type Locked, lockKey, type LockOptions, takeLock } from "./lock.ts";
import { pause } from "./pause.ts";
import { type Row, type Session, SessionLost } from "./session.ts";

const TRACKER: Locked = { schema: "public", table: "schema_migrations" };

const KEY_OF_DEFAULT_TRACKER = 3054254624126018873n;

interface Fake {
  readonly session: Session;
  readonly sent: string[];
  readonly lose: () => void;
  disposed: boolean;
}

/**
 * A session whose lock is in other hands: `holders` says whose, try after try, and once it is used up the lock is free.
 * A holder of null is a run that ended before anybody could look.
 */
function sessionBehind(holders: readonly (Row | null)[]): Fake {
  const waiting = [...holders];
  let lose = () => {};
  const gone = new Promise<SessionLost>((resolve) => lose = () => resolve(new SessionLost("lost", null)));
  const fake: Fake = {
    sent: [],
    lose,
    disposed: false,
    session: {
      alive: true,
      status: "in-transaction",
      backendPid: 1,
      facts: {
        versionNumber: 170_000,
        inRecovery: false,
        readOnlyByDefault: false,
        startedAt: "1",
        systemIdentifier: "1",
        schema: "public",
        watchesClient: true,
        idlesOut: false,
        serverPid: 1,
      },
      gone,
      query(text) {
        fake.sent.push(text);
        if (text.includes("pg_try_advisory_xact_lock")) {
          return Promise.resolve([{ got: waiting.length > 0 ? "f" : "t" }]);
        }
        const holder = waiting.shift();
        return Promise.resolve(holder === null || holder === undefined ? [] : [holder]);
      },
      run(text) {
        fake.sent.push(text);
        return Promise.resolve({ tag: "", completed: 1, lastRow: [] });
      },
      [Symbol.asyncDispose]() {
        fake.disposed = true;
        return Promise.resolve();
      },
    } as Partial<Session> as Session,
  };
  return fake;
}

function holder(pid: number, more: Row = {}): Row {
  return { pid: `${pid}`, application: null, role: null, address: null, since: null, ...more };
}

function take(fake: Fake, options: Partial<LockOptions> = {}): Promise<Lock> {
  return takeLock(fake.session, TRACKER, {
    waitMs: 0,
    signal: new AbortController().signal,
    onWait: () => {},
    reopen: () => Promise.reject(new Error("no pooler is there")),
    ...options,
  });
}

Deno.test("lockKey() is the first 8 bytes of SHA-256 of the tracker's name, as PostgreSQL's bigint", () => {
  const key = lockKey({ schema: "public", table: "schema_migrations" });
  const digest = createHash("sha256").update("pgmigrate:public.schema_migrations").digest("hex");
  assert.equal(BigInt.asUintN(64, key).toString(16).padStart(16, "0"), digest.slice(0, 16));
  assert.equal(BigInt.asIntN(64, key), key);
});

Deno.test("lockKey() differs from table to table and from schema to schema, and never changes", () => {
  const keys = [["a", "b"], ["b", "a"], ["a", "B"], ["A", "b"], ["a b", ""]].map(([schema, table]) =>
    lockKey({ schema: schema!, table: table! })
  );
  assert.equal(new Set(keys).size, keys.length);
  // Versions of pgmigrate that ran side by side with other keys would not see each other.
  assert.equal(lockKey({ schema: "public", table: "schema_migrations" }), KEY_OF_DEFAULT_TRACKER);
});

Deno.test("takeLock() takes a free lock at once, in a transaction that no timeout ends, and never waits inside the server", async () => {
  const fake = sessionBehind([]);
  {
    await using lock = await take(fake);
    assert.equal(lock.held, true);
    assert.equal(fake.sent.length, 1);
    assert.match(fake.sent[0]!, /^BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY;/);
    assert.ok(fake.sent[0]!.includes(`pg_try_advisory_xact_lock(${KEY_OF_DEFAULT_TRACKER})`));
    for (const setting of ["statement_timeout", "transaction_timeout", "idle_in_transaction_session_timeout"]) {
      assert.ok(fake.sent[0]!.includes(`SET LOCAL "${setting}" = 0`), setting);
    }
  }
  assert.doesNotMatch(fake.sent.join(), /pg_advisory_(xact_)?lock/);
  assert.equal(fake.disposed, true);
});

Deno.test("takeLock() that may not wait tries once, and says who holds the lock", async () => {
  const fake = sessionBehind([
    holder(4711, { application: "pgmigrate", role: "app", address: "10.0.0.7", since: "2026-11-22 15:10:00 UTC" }),
  ]);
  await assert.rejects(take(fake), (error) => {
    assert.ok(error instanceof Failure);
    assert.deepEqual([error.code, error.exitCode], ["lock-not-had", 5]);
    assert.match(error.message, /public\.schema_migrations/);
    assert.deepEqual(error.details.items, [
      "held by pid 4711 (application pgmigrate, user app, from 10.0.0.7, since 2026-11-22 15:10:00 UTC)",
    ]);
    return true;
  });
  assert.equal(fake.sent.filter((text) => text.includes("pg_try_advisory_xact_lock")).length, 1);
});

Deno.test("takeLock() tells of each holder once while it waits, and then has the lock", async () => {
  const fake = sessionBehind([holder(1), holder(1), holder(2), null, holder(1)]);
  const told: string[] = [];
  {
    await using _lock = await take(fake, { waitMs: 60_000, onWait: (holder) => told.push(holder) });
  }
  assert.deepEqual(told.map((text) => text.slice(0, 5)), ["pid 1", "pid 2", "a run", "pid 1"]);
  assert.equal(fake.sent.filter((text) => text.includes("pg_try_advisory_xact_lock")).length, 6);
});

Deno.test("takeLock() ends its waiting with the reason of the signal", async () => {
  const controller = new AbortController();
  const reason = new Error("enough");
  const fake = sessionBehind(Array.from({ length: 1000 }, () => holder(1)));
  const taking = take(fake, { waitMs: 60_000, signal: controller.signal, onWait: () => controller.abort(reason) });
  await assert.rejects(taking, (error) => error === reason);
});

Deno.test("takeLock() lets the loss of its session through", async () => {
  const fake = sessionBehind([]);
  const lost = new SessionLost("the server closed the connection", null);
  const session = { ...fake.session, query: () => Promise.reject(lost) };
  await assert.rejects(take({ ...fake, session }), (error) => error === lost);
});

Deno.test("A lock is no longer held once its session is gone", async () => {
  const fake = sessionBehind([]);
  await using lock = await take(fake);
  fake.lose();
  await fake.session.gone;
  assert.equal(lock.held, false);
});

Deno.test("pause() ends by itself, and leaves nothing behind at the signal", async () => {
  const controller = new AbortController();
  const listening = new Set<unknown>();
  const signal: AbortSignal = Object.assign(controller.signal, {
    addEventListener: (_: string, listener: unknown) => listening.add(listener),
    removeEventListener: (_: string, listener: unknown) => listening.delete(listener),
  });
  const pausing = pause(1, signal);
  assert.equal(listening.size, 1);
  await pausing;
  assert.equal(listening.size, 0);
});

Deno.test("pause() throws the reason of the signal, at once where it had aborted before", async () => {
  const controller = new AbortController();
  const reason = new Error("enough");
  const pausing = pause(2 ** 30, controller.signal);
  controller.abort(reason);
  await assert.rejects(pausing, (error) => error === reason);
  await assert.rejects(pause(2 ** 30, controller.signal), (error) => error === reason);
});
