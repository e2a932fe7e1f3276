import assert from "node:assert/strict";
import type { Lock, Watched } from "../database/held_lock.ts";
import type { Look, ProgressRow } from "../database/look.ts";
import type { Blocker, Event, LockWait } from "../events.ts";
import { lookEvery, watchMigration } from "./watch_migration.ts";

const NOTHING: Look = { wait: null, standby: false, silent: false, progress: null, inTheWay: false };

function blocker(pid: number, more: Partial<Blocker> = {}): Blocker {
  return {
    pid,
    gid: null,
    application: null,
    user: "app",
    client: null,
    process: null,
    state: "active",
    sinceSeconds: 1,
    query: null,
    holds: true,
    waitsFor: null,
    ...more,
  };
}

function wait(waitedSeconds: number, ...blockers: readonly Blocker[]): Look {
  const lock: LockWait = {
    kind: "relation",
    mode: "ShareLock",
    relation: "public.t",
    thing: null,
    waitedSeconds,
    blockers,
    more: 0,
  };
  return { ...NOTHING, wait: lock };
}

function progress(done: number): Look {
  const row: ProgressRow = { command: "VACUUM", phase: "scanning heap", done, total: 200, rows: null };
  return { ...NOTHING, progress: row };
}

/** A migration that is watched, and what is reported of each look. */
function watch(lockTimeoutMs = 5_000) {
  const events: Event[] = [];
  let silences = 0;
  let watched: Watched | null = null;
  const lock: Partial<Lock> = {
    watch(its) {
      watched = its;
      return () => {};
    },
  };
  const onSilence = () => void silences++;
  const migration = { version: 2n, name: "2_b.sql", backend: () => 1, lockTimeoutMs, onSilence };
  const watch = watchMigration(lock as Lock, migration, (event) => events.push(event));
  return { watched: watched! as Watched, watch, events, silences: () => silences };
}

/** What is reported of a series of looks, in brief, but for what was told before. */
function told(looks: readonly Look[]): readonly string[] {
  const { watched, events } = watch();
  for (const look of looks) watched.onLook(look);
  return events.filter((event) => !("again" in event && event.again)).map((event) =>
    event.event === "waiting" ? event.message : event.event
  );
}

Deno.test("watchMigration() tells of a wait when it has lasted, and again only when others are in the way", () => {
  const words = (pid: number, since = 1) =>
    `waiting for ShareLock on public.t, held by pid ${pid} (user app, active for ${since} s)`;
  assert.deepEqual(told([wait(0.1, blocker(7))]), []);
  assert.deepEqual(told([wait(0.9, blocker(7)), wait(1.9, blocker(7, { sinceSeconds: 2, query: "SELECT 2" }))]), [
    words(7),
  ]);
  assert.deepEqual(told([wait(0.9, blocker(7)), wait(1.9, blocker(8)), wait(2.9, blocker(8))]), [words(7), words(8)]);
  const gone = [wait(0.9, blocker(7)), NOTHING, NOTHING, wait(0.9, blocker(7))];
  assert.deepEqual(told(gone), [words(7), "waiting_ended", words(7)]);
  const deeper = blocker(7, { waitsFor: wait(1, blocker(9)).wait });
  assert.equal(told([wait(0.9, blocker(7)), wait(1.9, deeper)]).length, 2);
});

Deno.test("watchMigration() tells of a wait again and again, for a terminal, with the times as they are now", () => {
  const { watched, events } = watch();
  watched.onLook(wait(0.9, blocker(7)));
  watched.onLook(wait(1.9, blocker(7, { sinceSeconds: 2 })));
  assert.deepEqual(
    events.map((event) => event.event === "waiting" && "again" in event && [event.again, event.message]),
    [
      [false, "waiting for ShareLock on public.t, held by pid 7 (user app, active for 1 s)"],
      [true, "waiting for ShareLock on public.t, held by pid 7 (user app, active for 2 s)"],
    ],
  );
});

Deno.test("watchMigration() tells of a COMMIT that waits for a standby", () => {
  const standby = { ...NOTHING, standby: true };
  assert.deepEqual(told([standby, standby, NOTHING]), [
    "waiting for a synchronous standby to confirm the COMMIT (synchronous_standby_names)",
    "waiting_ended",
  ]);
});

Deno.test("watchMigration() tells how far a statement is, but not while it waits", () => {
  const { watched, events } = watch();
  watched.onLook(progress(50));
  watched.onLook({ ...wait(1, blocker(7)), progress: progress(60).progress });
  watched.onLook(progress(100));
  assert.deepEqual(events.map((event) => event.event === "progress" ? event.percent : event.event), [
    25,
    "waiting",
    "waiting_ended",
    50,
  ]);
});

Deno.test("watchMigration() keeps who was in the way at the last look, however short the wait", () => {
  const { watched, watch: kept } = watch();
  assert.equal(kept.lastWait(), null);
  watched.onLook(wait(0.1, blocker(7)));
  assert.equal(kept.lastWait()!.wait.blockers[0]!.pid, 7);
  assert.ok(kept.lastWait()!.waitedMs >= 100);
  watched.onLook(NOTHING);
  assert.equal(kept.lastWait(), null);
});

Deno.test("watchMigration() says with --verbose why it sees nothing", () => {
  const { watched, events } = watch();
  watched.onRefusal("permission denied");
  assert.deepEqual(events, [{ event: "detail", message: "Cannot see what 2_b.sql waits for: permission denied" }]);
});

Deno.test("lookEvery() is once a second, and often enough for a short lock_timeout to be seen before it ends", () => {
  assert.deepEqual([0, 5_000, 1e9, 2_000, 500, 10].map(lookEvery), [1_000, 1_000, 1_000, 900, 225, 100]);
});

Deno.test("watchMigration() tells once of a backend that is silent at two looks, one after the other", () => {
  const { watched, silences } = watch();
  const silent = { ...NOTHING, silent: true };
  for (const look of [silent, NOTHING, silent]) watched.onLook(look);
  assert.equal(silences(), 0);
  for (const look of [silent, silent]) watched.onLook(look);
  assert.equal(silences(), 1);
});
