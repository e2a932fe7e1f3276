import assert from "node:assert/strict";
import type { LockSpan, RehearseResult } from "../events.ts";
import { rehearsalClosing } from "./rehearsal_text.ts";

const POSTS: LockSpan = {
  ...{ version: 2n, name: "002_a.sql", relation: "public.posts", mode: "AccessExclusiveLock" },
  ...{ blocks: "reads-and-writes", fromMs: 0, untilMs: 12_100, queueMs: 10_100 },
};
const ANSWER: RehearseResult = {
  ...{ command: "rehearse", rehearsed: [2n], pending: [2n], durationMs: 12_500, report: null, failure: null },
  verdicts: { instant: 0, short: 0, long: 0, dangerous: 1 },
  blocked: [POSTS, { ...POSTS, blocks: "row-writes", untilMs: 900, queueMs: 0 }],
};

Deno.test("rehearsalClosing() tells who would have waited, and how much of that behind a lock that was waited for", () => {
  assert.deepEqual(rehearsalClosing(ANSWER), [
    "Reads and writes of public.posts wait 12.1 s in 002_a.sql, 10.1 s of it behind a lock that is waited for.",
    "Writes to the same rows of public.posts wait up to 900 ms in 002_a.sql.",
    "Rehearsed 1 migration in 12.5 s.",
  ]);
});
