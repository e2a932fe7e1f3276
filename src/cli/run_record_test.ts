import assert from "node:assert/strict";
import type { Event } from "../events.ts";
import { followRun, type RunRecord } from "./run_record.ts";

const RUN: readonly Event[] = [
  {
    event: "run_started",
    version: 2n,
    migrations: [{ version: 3n, name: "3_a.sql" }, { version: 4n, name: "4_b.sql" }],
  },
  { event: "migration_started", version: 3n, name: "3_a.sql", index: 1, total: 2 },
  { event: "migration_applied", version: 3n, name: "3_a.sql", index: 1, total: 2, durationMs: 5 },
  { event: "migration_started", version: 4n, name: "4_b.sql", index: 2, total: 2 },
  { event: "migration_failed", version: 4n, name: "4_b.sql", index: 2, total: 2, durationMs: 7 },
];

Deno.test("followRun() tells what was applied before a failure, and what was not", () => {
  assert.deepEqual(RUN.reduce<RunRecord>(followRun, null), {
    command: "up",
    applied: [3n],
    pending: [4n],
    version: 3n,
    durationMs: 5,
    dryRun: false,
  });
});

Deno.test("followRun() keeps the database's version when what was applied is older", () => {
  const [, , applied] = RUN as [Event, Event, Event];
  const started: Event = { event: "run_started", version: 9n, migrations: [{ version: 3n, name: "3_a.sql" }] };
  assert.equal([started, applied].reduce<RunRecord>(followRun, null)?.version, 9n);
});

Deno.test("followRun() has nothing to tell of a run that did not start", () => {
  assert.equal(followRun(null, { event: "detail", message: "connected" }), null);
});
