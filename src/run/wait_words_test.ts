import assert from "node:assert/strict";
import type { Blocker, LockWait } from "../events.ts";
import { blockersWords, spanWords, waitKind, waitWords } from "./wait_words.ts";

const HOLDER: Blocker = {
  pid: 4242,
  gid: null,
  application: "web",
  user: "app",
  client: null,
  process: null,
  state: "idle in transaction",
  sinceSeconds: 300,
  query: "SELECT * FROM posts",
  holds: true,
  waitsFor: null,
};

const WAIT: LockWait = {
  kind: "relation",
  mode: "AccessExclusiveLock",
  relation: "public.posts",
  thing: "16384",
  waitedSeconds: 2,
  blockers: [HOLDER],
  more: 0,
};

const WHO = "pid 4242 (app web, user app, idle in transaction for 5 min)";

Deno.test("waitWords() says what is waited for, who holds it, since when, and with which statement", () => {
  assert.equal(
    waitWords(WAIT),
    `waiting for AccessExclusiveLock on public.posts, held by ${WHO}: SELECT * FROM posts`,
  );
  assert.equal(waitWords({ ...WAIT, blockers: [] }), "waiting for AccessExclusiveLock on public.posts");
});

Deno.test("waitWords() has words for every kind of lock", () => {
  const cases: readonly (readonly [Partial<LockWait>, string])[] = [
    [{ kind: "extend" }, "AccessExclusiveLock to extend public.posts, held by"],
    [{ kind: "tuple" }, "AccessExclusiveLock on a row of public.posts, held by"],
    [{ kind: "page" }, "AccessExclusiveLock on a page of public.posts, held by"],
    [{ relation: null }, "AccessExclusiveLock on relation 16384, held by"],
    [{ relation: null, thing: null }, "AccessExclusiveLock on a relation, held by"],
    [{ kind: "advisory", thing: "4711" }, "advisory lock 4711, held by"],
    [{ kind: "object", thing: "pg_type" }, "AccessExclusiveLock on an object of pg_type, held by"],
    [{ kind: "frozenid" }, "AccessExclusiveLock (frozenid), held by"],
    [
      { kind: "transactionid", thing: "7" },
      "the transaction of pid 4242 (app web, user app, idle in transaction for 5 min) to end: S",
    ],
    [
      { kind: "virtualxid" },
      "the transaction of pid 4242 (app web, user app, idle in transaction for 5 min) to end: S",
    ],
    [{ kind: "virtualxid", blockers: [] }, "another transaction to end"],
    [{ kind: "transactionid", thing: "7", blockers: [] }, "transaction 7 to end"],
  ];
  for (const [wait, words] of cases) {
    const text = waitWords({ ...WAIT, ...wait });
    assert.ok(text.startsWith(`waiting for ${words}`), text);
  }
  const prepared = { ...HOLDER, pid: null, gid: "left", application: null, state: null, query: null };
  assert.equal(
    waitWords({ ...WAIT, kind: "transactionid", blockers: [prepared] }),
    "waiting for prepared transaction left (user app, prepared for 5 min) to end",
  );
});

Deno.test("blockersWords() tells three one by one and counts the rest, holders apart from those who wait too", () => {
  const { query: _, ...nameless } = HOLDER;
  const one = (pid: number, holds = true): Blocker => ({
    ...nameless,
    query: null,
    pid,
    holds,
    application: null,
    user: null,
    state: "active",
    sinceSeconds: 3,
  });
  assert.equal(
    blockersWords([one(1), one(2), one(3, false), one(4, false)], 7),
    "held by pid 1 (active for 3 s); and pid 2 (active for 3 s); behind pid 3 (active for 3 s); and 8 more",
  );
});

Deno.test("blockersWords() says what those wait for in their turn", () => {
  const ahead: Blocker = {
    ...HOLDER,
    pid: 9,
    holds: false,
    state: "active",
    sinceSeconds: 1,
    query: "ALTER TABLE",
    waitsFor: WAIT,
  };
  assert.equal(
    blockersWords([ahead], 0),
    "behind pid 9 (app web, user app, active for 1 s): ALTER TABLE " +
      `[waiting for AccessExclusiveLock on public.posts, held by ${WHO}: SELECT * FROM posts]`,
  );
});

Deno.test("blockersWords() names processes of the server, addresses, and what the role may not see", () => {
  const worker = {
    ...HOLDER,
    process: "autovacuum worker",
    application: null,
    user: null,
    state: "active",
    query: "autovacuum: VACUUM public.posts",
  };
  assert.equal(
    blockersWords([worker], 0),
    "held by pid 4242 (autovacuum worker, active for 5 min): autovacuum: VACUUM public.posts",
  );
  const hidden = { ...HOLDER, state: null, sinceSeconds: null, query: null };
  assert.equal(
    blockersWords([hidden], 0),
    "held by pid 4242 (app web, user app, what it does is hidden from this role)",
  );
  assert.match(blockersWords([{ ...HOLDER, client: "10.0.0.7" }], 0), /for 5 min, from 10\.0\.0\.7\): SELECT/);
});

Deno.test("waitKind() gives each kind of lock one of four words", () => {
  const kinds = ["relation", "tuple", "virtualxid", "transactionid", "advisory", "object", "speculative token"];
  assert.deepEqual(kinds.map((kind) => waitKind({ ...WAIT, kind })), [
    "table-lock",
    "table-lock",
    "transaction",
    "transaction",
    "advisory-lock",
    "other-lock",
    "other-lock",
  ]);
});

Deno.test("spanWords() rounds to one unit", () => {
  const cases = { 0: "0 s", 119: "119 s", 120: "2 min", 7_199: "120 min", 7_200: "2 h", 172_800: "2 days" };
  for (const [seconds, words] of Object.entries(cases)) assert.equal(spanWords(Number(seconds)), words);
});
