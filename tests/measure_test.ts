import assert from "node:assert/strict";
import { connect } from "../src/database/connect.ts";
import type { Database } from "../src/database/database.ts";
import { parseTarget } from "../src/database/dsn.ts";
import { measureOutside } from "../src/database/measure_outside.ts";
import { measureStatement, type Observed } from "../src/database/measure_statement.ts";
import { systemFiles } from "../src/database/setting_files.ts";
import { OBSERVER_SETTINGS, watchWaits } from "../src/database/watch_waits.ts";
import { sharedServers } from "./servers/mod.ts";

const TABLES = `CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE t (id int PRIMARY KEY, n int, p int);
CREATE INDEX t_n ON t (n);
INSERT INTO parent SELECT generate_series(1, 3);
INSERT INTO t SELECT g, g, 1 FROM generate_series(1, 10) g;
CREATE TABLE part (id int) PARTITION BY RANGE (id);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (10);
CREATE MATERIALIZED VIEW m AS SELECT n FROM t;
ANALYZE;`;

async function open(url: string): Promise<Database> {
  const target = await parseTarget({ url, env: {}, files: systemFiles, os: "other", warn: () => {} });
  const { signal } = new AbortController();
  return await connect(target, { purpose: "write", signal, waitMs: 0, onWait: () => {}, warn: () => {} });
}

interface Told {
  readonly locks: readonly string[];
  readonly scans?: readonly string[];
  readonly rewrites?: readonly string[];
}

function told({ locks, scans, rewrites }: Observed): Required<Told> {
  return {
    locks: locks.map(({ relation, mode }) => `${relation.name} ${mode}`).sort(),
    scans: scans.map(({ name }) => name).sort(),
    rewrites: rewrites.map(({ name }) => name).sort(),
  };
}

function assertTold(observed: Observed, expected: Told, text: string): void {
  assert.deepEqual(told(observed), { scans: [], rewrites: [], ...expected, locks: [...expected.locks].sort() }, text);
}

const INSIDE: Readonly<Record<string, Told>> = {
  "ALTER TABLE t ALTER p TYPE bigint": {
    locks: ["t AccessExclusiveLock", "t ShareLock", "t_n AccessExclusiveLock", "t_pkey AccessExclusiveLock"],
    scans: ["t"],
    rewrites: ["t"],
  },
  "ALTER TABLE t ALTER n SET NOT NULL": { locks: ["t AccessExclusiveLock"], scans: ["t"] },
  "ALTER TABLE t ADD x int DEFAULT 1": { locks: ["t AccessExclusiveLock"] },
  "CREATE INDEX ON t (p)": { locks: ["t ShareLock"], scans: ["t"] },
  "DROP TABLE part_1": { locks: ["part AccessExclusiveLock", "part_1 AccessExclusiveLock"] },
  "DO $$ BEGIN CREATE TABLE fresh (id int); ALTER TABLE parent RENAME TO mother; END $$": {
    locks: ["parent AccessExclusiveLock"],
  },
};

const OUTSIDE: Readonly<Record<string, Told>> = {
  "CREATE INDEX CONCURRENTLY t_p ON t (p)": { locks: ["t ShareUpdateExclusiveLock"], scans: ["t"] },
  "REINDEX TABLE CONCURRENTLY t": {
    locks: ["t", "t_n", "t_p", "t_pkey"].map((name) => `${name} ShareUpdateExclusiveLock`),
    scans: ["t"],
  },
  "DROP INDEX CONCURRENTLY t_n": {
    locks: ["t ShareUpdateExclusiveLock", "t_n AccessExclusiveLock", "t_n ShareUpdateExclusiveLock"],
  },
  "VACUUM t": { locks: ["t ShareUpdateExclusiveLock", "t_p RowExclusiveLock", "t_pkey RowExclusiveLock"] },
  "VACUUM FULL t": {
    locks: ["t AccessExclusiveLock", "t ShareLock", "t_p AccessExclusiveLock", "t_pkey AccessExclusiveLock"],
    scans: ["t"],
    rewrites: ["t"],
  },
  "ALTER TABLE part DETACH PARTITION part_1 CONCURRENTLY": {
    locks: ["part ShareUpdateExclusiveLock", "part_1 AccessExclusiveLock", "part_1 ShareUpdateExclusiveLock"],
  },
};

for (const server of await sharedServers()) {
  Deno.test(`measureStatement() sees locks, scans and rewrites on server ${server.version}`, async () => {
    await using made = await server.createDatabase();
    await made.query(TABLES);
    await using database = await open(made.url);
    await using session = await database.open();
    const notices: string[] = [];
    const onNotice = ({ message }: { readonly message: string }) => notices.push(message);
    for (const [text, expected] of Object.entries(INSIDE)) {
      await session.run("BEGIN");
      assertTold(await measureStatement(session, (listen) => session.run(text, listen), { onNotice }), expected, text);
      await session.run("ROLLBACK");
    }
    assert.deepEqual(notices, []);

    await session.run("BEGIN; SET LOCAL client_min_messages = warning");
    const loud = "DO $$ BEGIN RAISE NOTICE 'not wanted'; RAISE WARNING 'wanted'; PERFORM pg_sleep(0.02); END $$";
    const { durationMs } = await measureStatement(session, (listen) => session.run(loud, listen), { onNotice });
    assert.ok(durationMs >= 20);
    assert.deepEqual(notices, ["wanted"]);
    const inserted = "INSERT INTO t SELECT g, g, 1 FROM generate_series(11, 1010) g";
    const { rows, walBytes } = await measureStatement(session, (listen) => session.run(inserted, listen), { onNotice });
    assert.equal(rows, 1000);
    const block = "DO $$ BEGIN UPDATE t SET n = -n; DELETE FROM t WHERE id = 5; INSERT INTO t VALUES (0); END $$";
    const [{ count }] = await session.query("SELECT count(*)::text FROM t") as [{ count: string }];
    const done = await measureStatement(session, (listen) => session.run(block, listen), { onNotice });
    assert.equal(done.rows, Number(count) + 2, "the counters of the transaction, where the tag has none");
    assert.ok(walBytes > 10_000, `${walBytes}`);
    const [level] = await session.query("SELECT pg_catalog.current_setting('client_min_messages') AS level");
    assert.equal(level!.level, "warning");
  });

  Deno.test(`measureOutside() sees the locks of what runs outside a transaction on server ${server.version}`, async () => {
    await using made = await server.createDatabase();
    await made.query(TABLES);
    await using database = await open(made.url);
    await using session = await database.open();
    await using observer = await database.open();
    await observer.run(OBSERVER_SETTINGS.join("; "));
    for (const [text, expected] of Object.entries(OUTSIDE)) {
      const observed = await measureOutside(session, (listen) => session.run(text, listen), {
        database,
        observer,
        named: ({ name }) => ["t", "part", "part_1"].includes(name),
        commits: false,
        onNotice: ({ message }) => assert.fail(message),
      });
      assertTold(observed, expected, text);
      assert.equal(observed.isComplete, true);
    }
  });

  Deno.test(`measureOutside() counts what is committed on the way on server ${server.version}`, async () => {
    await using made = await server.createDatabase();
    await made.query(`${TABLES} CREATE PROCEDURE fill() LANGUAGE plpgsql AS $$ BEGIN
      FOR i IN 1..3 LOOP INSERT INTO t SELECT i * 1000 + g, g, 1 FROM generate_series(1, 10) g; COMMIT; END LOOP;
    END $$`);
    await using database = await open(made.url);
    await using session = await database.open();
    await using observer = await database.open();
    await observer.run(OBSERVER_SETTINGS.join("; "));
    const measure = async (text: string) =>
      await measureOutside(session, (listen) => session.run(text, listen), {
        database,
        observer,
        named: () => true,
        commits: true,
        onNotice: ({ message }) => assert.fail(message),
      });
    // Between two statements the server moves the counters of a session elsewhere, but not each time.
    for (const pauseMs of [0, 1100]) {
      await session.run("TRUNCATE t; INSERT INTO t SELECT g, g, 1 FROM generate_series(1, 10) g");
      const filled = await measure("CALL fill()");
      assert.equal(filled.rows, 30);
      assert(filled.locks.some(({ relation, mode }) => relation.name === "t" && mode === "RowExclusiveLock"));
      const changed = await measure(`DO $$ BEGIN
        FOR i IN 1..2 LOOP UPDATE t SET p = p + 1; COMMIT; PERFORM pg_sleep(${pauseMs / 1000}); END LOOP;
      END $$`);
      assert.equal(changed.rows, 80);
      assert.deepEqual(changed.scans.map(({ name }) => name), ["t"]);
      assert(changed.locks.some(({ relation, mode }) => relation.name === "t" && mode === "RowExclusiveLock"));
    }
  });

  Deno.test(`watchWaits() tells waiting from work, and who was in the way, on server ${server.version}`, async () => {
    await using made = await server.createDatabase();
    await made.query(TABLES);
    await using database = await open(made.url);
    await using session = await database.open();
    await using holder = await database.open();
    await using observer = await database.open();
    await observer.run(OBSERVER_SETTINGS.join("; "));
    await holder.run("BEGIN; LOCK TABLE t");
    const watch = watchWaits(observer, session.facts.serverPid);
    const start = performance.now();
    const working = session.run("SELECT 1 FROM t LIMIT 1; SELECT pg_sleep(0.2)");
    await holder.run("SELECT pg_sleep(0.3); ROLLBACK");
    await working;
    const tookMs = performance.now() - start;
    const { ms, waits } = await watch.stop();
    // It slept for 200 ms after the lock was given: that is work.
    assert.ok(ms > 100 && ms < tookMs - 100, `waited ${ms} ms of ${tookMs} ms`);
    assert.deepEqual(waits.map(({ relation, mode }) => [relation, mode]), [["public.t", "AccessShareLock"]]);
    assert.equal(waits[0]!.blockers[0]!.pid, holder.facts.serverPid);
  });
}
