import assert from "node:assert/strict";
import { Catalog } from "../catalog/catalog.ts";
import { replay } from "../catalog/replay.ts";
import { type HolderOf, NO_USAGE, type Usage } from "../database/usage.ts";
import type { StatementJudged } from "../events.ts";
import { impactOf } from "../impact/impact_of.ts";
import { parse } from "../sql/parser.ts";
import { explainable } from "./explainable.ts";
import { judge } from "./judge.ts";

const THERE = `
  CREATE TABLE users (id int PRIMARY KEY);
  CREATE TABLE posts (id int PRIMARY KEY, author int REFERENCES users, title text);
  CREATE TABLE events (at date) PARTITION BY RANGE (at);
  CREATE TABLE old_events PARTITION OF events FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
  CREATE INDEX ON old_events (at);
  CREATE VIEW recent AS SELECT * FROM posts;
`;

const WEB: HolderOf = {
  relation: "public.posts",
  mode: "RowExclusiveLock",
  ...{ pid: 4242, gid: null, application: "web", user: "app", client: null, process: null },
  ...{ state: "idle in transaction", sinceSeconds: 40, transactionSeconds: 300, query: "UPDATE posts SET title = $1" },
};

async function statements(text: string) {
  const parsed = await parse(text);
  assert.ok(parsed.kind === "statements", text);
  return parsed.statements;
}

async function existing(): Promise<Catalog> {
  const catalog = new Catalog(true);
  for (const statement of await statements(THERE)) replay(catalog, statement, null);
  for (const [name, relation] of catalog.relations) {
    catalog.relations.set(name, { ...relation, rows: 10, bytes: relation.kind === "partitioned-table" ? null : 8192 });
  }
  return catalog;
}

/** Judges the last of some statements; the run has made what those before it make. */
async function judged(text: string, usage: Partial<Usage> = {}): Promise<StatementJudged> {
  const catalog = await existing();
  const all = await statements(text);
  for (const statement of all.slice(0, -1)) replay(catalog, statement, 7n);
  const statement = all.at(-1)!;
  const { event } = judge({
    ...{
      version: 7n,
      name: "007_x.sql",
      sql: { path: "m/007_x.sql", text },
      statement,
      catalog,
      held: [],
      commits: false,
      writes: null,
    },
    impact: impactOf(statement, catalog, { postgresVersion: 18 }),
    usage: { ...NO_USAGE, ...usage },
  });
  return event;
}

Deno.test("judge() tells only of relations that were there before the run", async () => {
  const { locks, relations, verdict } = await judged(
    "CREATE TABLE likes (post int); ALTER TABLE likes ADD FOREIGN KEY (post) REFERENCES posts",
  );
  assert.deepEqual(locks, [
    { relation: "public.posts", mode: "ShareRowExclusiveLock" },
    { relation: "public.posts_pkey", mode: "AccessShareLock" },
  ]);
  assert.deepEqual(relations.map(({ relation }) => relation), ["public.posts"]);
  assert.equal(verdict, "short");
});

Deno.test("judge() tells partitions and indexes with their table, and what hangs on it", async () => {
  const { relations } = await judged("ALTER TABLE events ADD note text");
  assert.deepEqual(relations, [
    { relation: "public.events", rows: 10, bytes: 16_384, dependents: ["partition public.old_events"], users: [] },
  ]);
  const [posts] = (await judged("DROP TABLE posts CASCADE")).relations;
  assert.deepEqual(posts!.dependents, ["index public.posts_pkey", "view public.recent"]);
  const users = (await judged("ALTER TABLE users ADD x int")).relations;
  assert.deepEqual(users[0]!.dependents, ["index public.users_pkey", "foreign key of public.posts"]);
});

Deno.test("judge() warns of a lock that an old transaction is in the way of, and of no other", async () => {
  const { verdict, reason, relations } = await judged("ALTER TABLE posts ADD x int", { holders: [WEB] });
  assert.equal(verdict, "dangerous");
  const who = "pid 4242 (app web, user app, idle in transaction for 40 s)";
  assert.equal(
    reason,
    `AccessExclusiveLock on public.posts has to wait for ${who}, in a transaction of 5 min, and reads and writes of ` +
      "public.posts wait behind it",
  );
  assert.deepEqual(relations[0]!.users, [
    `${who} holds RowExclusiveLock, in a transaction of 5 min: UPDATE posts SET title = $1`,
  ]);
  for (
    const holder of [
      { ...WEB, transactionSeconds: 1 },
      { ...WEB, transactionSeconds: null },
      { ...WEB, mode: "AccessShareLock", relation: "public.users" },
      { ...WEB, process: "autovacuum worker", query: "autovacuum: VACUUM public.posts" },
    ]
  ) {
    assert.equal((await judged("ALTER TABLE posts ADD x int", { holders: [holder] })).verdict, "instant");
  }
  const wraparound = {
    ...WEB,
    process: "autovacuum worker",
    query: "autovacuum: VACUUM public.posts (to prevent wraparound)",
  };
  assert.equal((await judged("ALTER TABLE posts ADD x int", { holders: [wraparound] })).verdict, "dangerous");
  // COMMENT takes ShareUpdateExclusiveLock, which a writer is not in the way of.
  assert.equal((await judged("COMMENT ON TABLE posts IS ''", { holders: [WEB] })).verdict, "instant");
});

Deno.test("judge() takes an emptied table for no work, however large it was", async () => {
  const { verdict, rewrites } = await judged("TRUNCATE users, posts");
  assert.deepEqual([verdict, rewrites.slice(0, 2)], ["instant", ["public.users", "public.posts"]]);
});

Deno.test("judge() knows that CONCURRENTLY waits for old transactions, whatever they do", async () => {
  const { relation: _relation, mode: _mode, ...transaction } = WEB;
  const usage = { transactions: [transaction] };
  assert.equal((await judged("CREATE INDEX CONCURRENTLY ON posts (title)", usage)).verdict, "long");
  assert.equal((await judged("CREATE INDEX ON posts (title)", usage)).verdict, "short");
});

Deno.test("explainable() takes queries of what is there, and none that call functions of somebody's own", async () => {
  const catalog = await existing();
  catalog.functions.set("pg_catalog.lower", [
    { schema: "pg_catalog", name: "lower", volatility: "immutable", kind: "function", arguments: null, madeBy: null },
  ]);
  catalog.functions.set("public.mine", [
    { schema: "public", name: "mine", volatility: "immutable", kind: "function", arguments: null, madeBy: null },
  ]);
  const asked = async (text: string) =>
    explainable((await statements(text))[0]!, catalog)?.relations.map(({ name }) => name).sort() ?? null;
  assert.deepEqual(await asked("UPDATE users SET id = 1"), ["users", "users_pkey"]);
  assert.deepEqual(await asked("SELECT lower(title) FROM recent"), ["posts", "posts_pkey", "recent"]);
  assert.deepEqual(await asked("WITH x AS (SELECT * FROM users) DELETE FROM events USING x"), [
    ...["events", "old_events", "old_events_at_idx", "users", "users_pkey"],
  ]);
  assert.deepEqual(await asked("CREATE TABLE copied AS SELECT * FROM users"), ["users", "users_pkey"]);
  for (
    const text of [
      "SELECT mine(id) FROM users",
      "SELECT unheard_of(id) FROM users",
      "SELECT * FROM nowhere",
      "SELECT 1",
    ]
  ) {
    assert.equal(await asked(text), null, text);
  }
  assert.equal(await asked("ALTER TABLE users ADD x int"), null);
});
