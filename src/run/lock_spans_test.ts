import assert from "node:assert/strict";
import type { LockSpan, RehearsedMigration, RehearsedStatement } from "../events.ts";
import { blockedSpans, lockSpans } from "./lock_spans.ts";

type Lock = readonly [relation: string, mode: string];

function statement(
  [startMs, endMs]: readonly [number, number],
  locks: readonly Lock[],
  { waitMs = 0, rows = 0, tag = "ALTER TABLE" } = {},
): RehearsedStatement {
  const measured = { durationMs: endMs - startMs, waitMs, walBytes: 0, rows };
  const judged = { statement: tag, locks: locks.map(([relation, mode]) => ({ relation, mode })), measured };
  return { judged: judged as unknown as RehearsedStatement["judged"], startMs, endMs, text: "", waits: [] };
}

function migration(
  transactional: boolean,
  endMs: number,
  ...statements: readonly RehearsedStatement[]
): RehearsedMigration {
  return { version: 1n, name: "1_a.sql", transactional, startMs: 0, endMs, outcome: "rehearsed", statements };
}

function brief({ relation, mode, blocks, fromMs, untilMs }: LockSpan): unknown {
  return [relation, mode, blocks, fromMs, untilMs];
}

const NOBODY = new Map<string, string>();

Deno.test("lockSpans() holds a lock until its migration ends, from when it was had", () => {
  const twice = migration(
    true,
    100,
    statement([0, 30], [["t", "ShareUpdateExclusiveLock"]], { waitMs: 20 }),
    statement([30, 90], [["t", "AccessExclusiveLock"], ["u", "ShareLock"]]),
  );
  assert.deepEqual(lockSpans([twice], NOBODY).map(brief), [
    ["t", "ShareUpdateExclusiveLock", "nobody", 20, 100],
    ["t", "AccessExclusiveLock", "reads-and-writes", 30, 100],
    ["u", "ShareLock", "writes", 30, 100],
  ]);
});

Deno.test("lockSpans() begins with the wait for a lock behind which readers or writers have to queue", () => {
  const waiting = migration(true, 100, statement([10, 60], [["t", "AccessExclusiveLock"]], { waitMs: 40 }));
  const [span] = lockSpans([waiting], NOBODY);
  assert.deepEqual([span!.fromMs, span!.untilMs, span!.queueMs], [10, 100, 40]);
});

Deno.test("lockSpans() keeps others from rows that an UPDATE has changed, and nobody from those of an INSERT", () => {
  const blocks = (tag: string, rows: number) =>
    lockSpans([migration(true, 100, statement([0, 50], [["t", "RowExclusiveLock"]], { tag, rows }))], NOBODY)[0]!
      .blocks;
  assert.deepEqual(
    [blocks("UPDATE", 5), blocks("DELETE", 1), blocks("MERGE", 1), blocks("UPDATE", 0), blocks("INSERT", 5)],
    ["row-writes", "row-writes", "row-writes", "nobody", "nobody"],
  );
});

Deno.test("lockSpans() ends a lock with its statement where no transaction holds it", () => {
  const own = migration(
    false,
    100,
    statement([0, 30], [["t", "ShareUpdateExclusiveLock"]]),
    statement([40, 90], [["t", "ShareUpdateExclusiveLock"]]),
  );
  assert.deepEqual(lockSpans([own], NOBODY).map(brief), [
    ["t", "ShareUpdateExclusiveLock", "nobody", 0, 30],
    ["t", "ShareUpdateExclusiveLock", "nobody", 40, 90],
  ]);
});

Deno.test("lockSpans() leaves out a lock on an index that says no more than the one on its table", () => {
  const owners = new Map([["t_pkey", "t"], ["u_pkey", "u"]]);
  const both = migration(
    true,
    10,
    statement([0, 9], [
      ...[["t", "AccessExclusiveLock"], ["t_pkey", "AccessExclusiveLock"]] as const,
      ...[["u", "ShareLock"], ["u_pkey", "AccessExclusiveLock"]] as const,
    ]),
  );
  assert.deepEqual(lockSpans([both], owners).map(({ relation }) => relation), ["t", "u", "u_pkey"]);
});

Deno.test("blockedSpans() keeps the worst lock of each table, the longest first", () => {
  const spans = lockSpans([
    migration(
      true,
      100,
      statement([0, 10], [["t", "ShareLock"], ["u", "ShareUpdateExclusiveLock"]]),
      statement([60, 90], [["t", "AccessExclusiveLock"]]),
      statement([90, 95], [["v", "ShareRowExclusiveLock"]]),
    ),
  ], NOBODY);
  assert.deepEqual(blockedSpans(spans).map(brief), [
    ["t", "AccessExclusiveLock", "reads-and-writes", 60, 100],
    ["v", "ShareRowExclusiveLock", "writes", 90, 100],
  ]);
});
