import assert from "node:assert/strict";
import { type MeasuredFacts, measuredVerdict } from "./measured_verdict.ts";

const NOTHING: MeasuredFacts = {
  ...{ workMs: 1, waitMs: 0, rows: 0, command: "ALTER TABLE", commits: false },
  ...{ locks: [], held: [], scans: [], rewrites: [] },
};
const POSTS = "public.posts";
const exclusive = { relation: POSTS, mode: "AccessExclusiveLock" } as const;
const share = { relation: POSTS, mode: "ShareLock" } as const;
const rows = { relation: POSTS, mode: "RowExclusiveLock" } as const;
const update = { relation: POSTS, mode: "ShareUpdateExclusiveLock" } as const;

function judged(facts: Partial<MeasuredFacts>): readonly [string, string] {
  const { verdict, reason } = measuredVerdict({ ...NOTHING, ...facts });
  return [verdict, reason];
}

Deno.test("measuredVerdict() goes by how long it worked, and whom its locks kept waiting", () => {
  const cases: readonly (readonly [Partial<MeasuredFacts>, string, RegExp])[] = [
    [{}, "instant", /^No relation that was there was locked, read or written from end to end$/],
    [{ locks: [exclusive] }, "instant", /^AccessExclusiveLock on public\.posts for a moment only: /],
    [{ locks: [update] }, "instant", /^ShareUpdateExclusiveLock on public\.posts kept nobody waiting: /],
    [
      { locks: [exclusive], scans: [POSTS], workMs: 40 },
      "short",
      /^Reads and writes of public\.posts would have waited 40 ms while public\.posts was read from end to end$/,
    ],
    [
      { locks: [share], scans: [POSTS], workMs: 3_400 },
      "dangerous",
      /^Writes to public\.posts would have waited 3\.4 s while /,
    ],
    [
      { locks: [update], scans: [POSTS], workMs: 3_400 },
      "long",
      /^Nobody would have waited while public\.posts was read from end to end, which took 3\.4 s$/,
    ],
    [
      { held: [{ ...exclusive, heldMs: 0 }], command: "UPDATE", rows: 5_000, workMs: 2_000 },
      "dangerous",
      /would have waited 2\.0 s while 5,000 rows were written$/,
    ],
    [
      { held: [{ ...exclusive, heldMs: 3_600 }], locks: [share], scans: [POSTS], workMs: 400 },
      "dangerous",
      /^Reads and writes of public\.posts would have waited 400 ms .*; public\.posts had been locked for 4\.0 s by then$/,
    ],
    [{ held: [{ ...exclusive, heldMs: 500 }], locks: [share], scans: [POSTS], workMs: 400 }, "short", /end to end$/],
    [{ held: [{ ...exclusive, heldMs: 3_600 }], locks: [exclusive] }, "instant", /for a moment only/],
    [
      { held: [{ ...exclusive, heldMs: 0 }], workMs: 1_500 },
      "dangerous",
      /would have waited 1\.5 s while it was at work$/,
    ],
    [
      { locks: [rows], command: "UPDATE", rows: 100_000, scans: [POSTS], workMs: 11_000 },
      "long",
      /^Who writes the same rows would have waited 11\.0 s while public\.posts was read .* and 100,000 rows were written$/,
    ],
    [{ locks: [rows], command: "MERGE", rows: 5_000, workMs: 40 }, "short", /^Who writes the same rows would have/],
    [{ locks: [rows], command: "DELETE", rows: 5_000, workMs: 40 }, "short", /^Who writes the same rows would have/],
    [{ locks: [rows], command: "INSERT", rows: 5_000, workMs: 40 }, "short", /^Nobody would have waited while /],
    [{ workMs: 0.2, scans: [POSTS] }, "short", /, which took less than 1 ms$/],
  ];
  for (const [facts, verdict, reason] of cases) {
    const [is, why] = judged(facts);
    assert.equal(is, verdict, why);
    assert.match(why, reason);
  }
});

Deno.test("measuredVerdict() tells of rows that are given back on the way that nobody waits for all of it", () => {
  const batches = { locks: [rows], command: "DO", rows: 5_000, commits: true } as const;
  const words = (span: string) =>
    `Who writes the same rows would have waited for one of its COMMITs, at most ${span} in all, while 5,000 rows were written`;
  assert.deepEqual(judged({ ...batches, workMs: 500 }), ["short", words("500 ms")]);
  assert.deepEqual(judged({ ...batches, workMs: 2_000 }), ["long", words("2.0 s")]);
});

Deno.test("measuredVerdict() tells a long wait for a lock, for whoever came behind waited too", () => {
  const [verdict, reason] = judged({ locks: [exclusive], waitMs: 2_000 });
  assert.equal(verdict, "dangerous");
  assert.match(reason, /; before that, it waited 2\.0 s for locks, and reads and writes of public\.posts behind it$/);
  assert.equal(judged({ locks: [update], waitMs: 2_000 })[0], "long");
  assert.equal(judged({ locks: [exclusive], waitMs: 200 })[0], "instant");
});
