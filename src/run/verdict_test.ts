import assert from "node:assert/strict";
import { type VerdictFacts, verdictOf } from "./verdict.ts";
import { bytesWords } from "./verdict_words.ts";

const NOTHING: VerdictFacts = {
  locks: [],
  held: [],
  passes: [],
  writes: null,
  inTheWay: [],
  commits: false,
  unknown: null,
};
const AX = { relation: "public.posts", mode: "AccessExclusiveLock" } as const;
const SHARE = { relation: "public.posts", mode: "ShareLock" } as const;
const UPDATE_EXCLUSIVE = { relation: "public.posts", mode: "ShareUpdateExclusiveLock" } as const;
const SCAN = {
  relation: "public.posts",
  work: "scan",
  reason: "every row is checked for NULL",
  certain: true,
  rows: 12_000_000,
  bytes: 4_400_000_000,
} as const;
const SMALL = { rows: 900, bytes: 122_880 } as const;
const WEB = { ...AX, who: "pid 4242 (app web, idle in transaction for 5 min)", seconds: 300 };

const CASES: readonly (readonly [string, Partial<VerdictFacts>, string])[] = [
  ["touches nothing", {}, "instant: No relation that is there is locked, read or written"],
  [
    "a strong lock for a moment",
    { locks: [AX] },
    "instant: AccessExclusiveLock on public.posts for a moment only: nothing is read or written from end to end",
  ],
  [
    "a weak lock",
    { locks: [UPDATE_EXCLUSIVE] },
    "instant: ShareUpdateExclusiveLock on public.posts keeps nobody waiting: nothing is read or written from end to end",
  ],
  [
    "a scan that nobody can read beside",
    { locks: [AX], passes: [SCAN] },
    "dangerous: Reads and writes of public.posts wait for about 88 s (an estimate) while public.posts is read from end to " +
    "end (12,000,000 rows, 4.1 GB): every row is checked for NULL",
  ],
  [
    "the same of a small table",
    { locks: [AX], passes: [{ ...SCAN, ...SMALL }] },
    "short: Reads and writes of public.posts wait for less than a second while public.posts is read from end to end " +
    "(900 rows, 120 kB): every row is checked for NULL",
  ],
  [
    "the same of a table whose size is not known",
    { locks: [AX], passes: [{ ...SCAN, rows: null, bytes: null }] },
    "dangerous: Reads and writes of public.posts wait for nobody knows how long while public.posts is read from end to " +
    "end (its size is not known): every row is checked for NULL",
  ],
  [
    "a rewrite that depends on what is not known",
    { locks: [AX], passes: [{ ...SCAN, work: "rewrite", reason: "the type changes", certain: false }] },
    "dangerous: Reads and writes of public.posts wait for about 15 min (an estimate) if public.posts is written anew " +
    "(12,000,000 rows, 4.1 GB): the type changes",
  ],
  [
    "rows that are committed in batches",
    { writes: { relation: "public.posts", rows: 60_000, known: "at-most", isNew: false }, commits: true },
    "long: Who writes the same rows waits for one of its COMMITs while up to 60,000 rows of public.posts are written, " +
    "which takes about 6 s (an estimate) in all",
  ],
  [
    "an index",
    { locks: [SHARE], passes: [{ ...SCAN, work: "index", reason: "the index is built from all rows" }] },
    "dangerous: Writes to public.posts wait for about 5 min (an estimate) while public.posts is read to build an index " +
    "(12,000,000 rows, 4.1 GB): the index is built from all rows",
  ],
  [
    "a scan beside which all goes on",
    { locks: [UPDATE_EXCLUSIVE], passes: [SCAN] },
    "long: Nobody has to wait while public.posts is read from end to end (12,000,000 rows, 4.1 GB) for about 88 s (an " +
    "estimate): every row is checked for NULL",
  ],
  [
    "a scan of one table while another one is locked",
    { held: [{ ...AX, relation: "public.users", line: 3, seconds: 0 }], locks: [UPDATE_EXCLUSIVE], passes: [SCAN] },
    "dangerous: Reads and writes of public.users, locked since line 3, wait for about 88 s (an estimate) while public.posts " +
    "is read from end to end (12,000,000 rows, 4.1 GB): every row is checked for NULL",
  ],
  [
    "a lock that somebody has held for long",
    { locks: [AX], inTheWay: [WEB] },
    "dangerous: AccessExclusiveLock on public.posts has to wait for pid 4242 (app web, idle in transaction for 5 min), and " +
    "reads and writes of public.posts wait behind it",
  ],
  [
    "a lock that somebody has held for a moment",
    { locks: [AX], inTheWay: [{ ...WEB, seconds: 1 }] },
    "instant: AccessExclusiveLock on public.posts for a moment only: nothing is read or written from end to end",
  ],
  [
    "a weak lock that somebody has held for long",
    { locks: [UPDATE_EXCLUSIVE], inTheWay: [{ ...WEB, ...UPDATE_EXCLUSIVE }] },
    "long: ShareUpdateExclusiveLock on public.posts has to wait for pid 4242 (app web, idle in transaction for 5 min)",
  ],
  [
    "few rows",
    {
      locks: [{ ...AX, mode: "RowExclusiveLock" }],
      writes: { relation: "public.posts", rows: 1, known: "exactly", isNew: false },
    },
    "instant: 1 row of public.posts is written, and nothing is read from end to end",
  ],
  [
    "many rows",
    {
      locks: [{ ...AX, mode: "RowExclusiveLock" }],
      passes: [{ ...SCAN, reason: "no index fits" }],
      writes: { relation: "public.posts", rows: 1_000_000, known: "about", isNew: false },
    },
    "long: Who writes the same rows waits for about 3 min (an estimate) while public.posts is read from end to end " +
    "(12,000,000 rows, 4.1 GB) and about 1,000,000 rows of public.posts are written: no index fits",
  ],
  [
    "short work under a lock that short work before it has held",
    { held: [{ ...AX, line: 1, seconds: 3.1 }], locks: [SHARE], passes: [{ ...SCAN, ...SMALL, rows: 200_000 }] },
    "dangerous: Reads and writes of public.posts, locked since line 1, wait for less than a second while public.posts is " +
    "read from end to end (200,000 rows, 120 kB): every row is checked for NULL; public.posts has been locked for about " +
    "4 s by then",
  ],
  [
    "short work under a lock of a moment",
    { held: [{ ...AX, line: 1, seconds: 0.1 }], passes: [{ ...SCAN, ...SMALL }] },
    "short: Reads and writes of public.posts, locked since line 1, wait for less than a second while public.posts is read " +
    "from end to end (900 rows, 120 kB): every row is checked for NULL",
  ],
  [
    "work of a moment under a lock that has been held for long",
    { held: [{ ...AX, line: 1, seconds: 9 }], locks: [AX] },
    "instant: AccessExclusiveLock on public.posts for a moment only: nothing is read or written from end to end",
  ],
  [
    "many new rows",
    {
      locks: [{ ...AX, mode: "RowExclusiveLock" }],
      writes: { relation: "public.posts", rows: 1_000_000, known: "about", isNew: true },
    },
    "long: Nobody has to wait while about 1,000,000 rows of public.posts are written for about 100 s (an estimate)",
  ],
  [
    "something that nobody can know",
    { unknown: "A DO block runs code that is not read here" },
    "dangerous: A DO block runs code that is not read here: what it locks, and for how long, shows only when it runs " +
    "(pgmigrate rehearse)",
  ],
];

for (const [name, facts, expected] of CASES) {
  Deno.test(`the verdict on ${name}`, () => {
    const { verdict, reason } = verdictOf({ ...NOTHING, ...facts });
    assert.equal(`${verdict}: ${reason}`, expected);
  });
}

Deno.test("sizes are told as pg_size_pretty tells them", () => {
  assert.deepEqual([0, 8192, 10_240, 122_880, 1_048_576, 4_400_000_000].map(bytesWords), [
    "0 bytes",
    "8192 bytes",
    "10 kB",
    "120 kB",
    "1.0 MB",
    "4.1 GB",
  ]);
});
