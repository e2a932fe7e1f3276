import assert from "node:assert/strict";
import { needsNoTransaction } from "./outside_transaction.ts";
import { parse } from "./parser.ts";

async function last(text: string): Promise<string | null> {
  const outcome = await parse(text);
  assert.ok(outcome.kind === "statements", `${text}: ${JSON.stringify(outcome)}`);
  return needsNoTransaction(outcome.statements.at(-1)!, outcome.statements.slice(0, -1));
}

const OUTSIDE: readonly (readonly [text: string, name: string])[] = [
  ["create unique index concurrently i on t (a)", "CREATE INDEX CONCURRENTLY"],
  ["drop index concurrently if exists i", "DROP INDEX CONCURRENTLY"],
  ["reindex index concurrently i", "REINDEX CONCURRENTLY"],
  ["reindex (concurrently, verbose) table t", "REINDEX CONCURRENTLY"],
  ["reindex schema s", "REINDEX SCHEMA"],
  ["reindex database", "REINDEX DATABASE"],
  ["reindex system d", "REINDEX SYSTEM"],
  ["vacuum", "VACUUM"],
  ["vacuum (analyze) t", "VACUUM"],
  ["cluster", "CLUSTER without a table"],
  ["cluster verbose", "CLUSTER without a table"],
  ["alter table t detach partition p concurrently", "ALTER TABLE … DETACH PARTITION … CONCURRENTLY"],
  ["create database d", "CREATE DATABASE"],
  ["drop database if exists d with (force)", "DROP DATABASE"],
  ["alter database d set tablespace s", "ALTER DATABASE … SET TABLESPACE"],
  ["create tablespace s location '/s'", "CREATE TABLESPACE"],
  ["drop tablespace s", "DROP TABLESPACE"],
  ["alter system set work_mem = '1MB'", "ALTER SYSTEM"],
  ["alter system reset all", "ALTER SYSTEM"],
  ["discard all", "DISCARD ALL"],
  ["create subscription s connection '' publication p", "CREATE SUBSCRIPTION that makes a replication slot"],
  [
    "create subscription s connection '' publication p with (connect = false, create_slot)",
    "CREATE SUBSCRIPTION that makes a replication slot",
  ],
  ["drop subscription s", "DROP SUBSCRIPTION with a replication slot"],
  ["alter subscription other set (slot_name = none); drop subscription s", "DROP SUBSCRIPTION with a replication slot"],
  ["alter subscription s refresh publication", "ALTER SUBSCRIPTION … REFRESH PUBLICATION"],
  ["alter subscription s add publication p", "ALTER SUBSCRIPTION … PUBLICATION with refresh"],
  ["alter subscription s set (failover = true)", "ALTER SUBSCRIPTION … SET (failover)"],
  ["alter subscription s set (two_phase = off)", "ALTER SUBSCRIPTION … SET (two_phase = false)"],
];

const INSIDE: readonly string[] = [
  "create index i on t (a)",
  "drop index i",
  "reindex table t",
  "reindex (concurrently 0) index i",
  "reindex (concurrently off) index i",
  "analyze t",
  "cluster t using i",
  "alter table t detach partition p",
  "alter table t detach partition p finalize",
  "alter database d set work_mem = '1MB'",
  "alter database d with connection limit 3",
  "discard temp",
  "create subscription s connection '' publication p with (connect = false)",
  "create subscription s connection '' publication p with (create_slot = false)",
  "alter subscription s set (slot_name = none); drop subscription s",
  "alter subscription s set publication p with (refresh = false)",
  "alter subscription s set (two_phase = on)",
  "alter subscription s disable",
  "alter type e add value 'x'",
  "checkpoint",
];

for (const [text, name] of OUTSIDE) {
  Deno.test(`needsNoTransaction() names: ${text}`, async () => assert.equal(await last(text), name));
}

for (const text of INSIDE) {
  Deno.test(`needsNoTransaction() passes: ${text}`, async () => assert.equal(await last(text), null));
}
