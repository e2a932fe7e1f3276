import assert from "node:assert/strict";
import { parse } from "./parser.ts";
import { type StatementEffect, statementEffect } from "./statement_effect.ts";

const CASES: readonly (readonly [text: string, effect: StatementEffect])[] = [
  ["create index concurrently if not exists Idx_A on public.T (a)", {
    kind: "build-index",
    schema: "public",
    name: "idx_a",
    table: "t",
  }],
  [`create unique index concurrently "Ix ""B""" on "My Table" (b)`, {
    kind: "build-index",
    schema: null,
    name: 'Ix "B"',
    table: "My Table",
  }],
  ["create index concurrently on t (c)", { kind: "build-index", schema: null, name: null, table: "t" }],
  ["create index i on t (c)", { kind: "atomic" }],
  ["drop index concurrently if exists S.i", { kind: "drop-index", schema: "s", name: "i" }],
  ["drop index concurrently i", { kind: "drop-index", schema: null, name: "i" }],
  ["drop index concurrently i, j", { kind: "opaque" }],
  ["drop index i", { kind: "atomic" }],
  ["reindex index concurrently s.i", { kind: "reindex", scope: "index", schema: "s", name: "i" }],
  ["reindex (concurrently on, verbose) table t", { kind: "reindex", scope: "table", schema: null, name: "t" }],
  ["reindex schema concurrently s", { kind: "reindex", scope: "schema", schema: null, name: "s" }],
  ["reindex (concurrently) database", { kind: "reindex", scope: "database", schema: null, name: null }],
  ["reindex table t", { kind: "atomic" }],
  ["reindex schema s", { kind: "repeatable" }],
  ["vacuum analyze t", { kind: "repeatable" }],
  ["analyze t", { kind: "atomic" }],
  ["cluster", { kind: "repeatable" }],
  ["alter system set work_mem = '1MB'", { kind: "repeatable" }],
  ["call p()", { kind: "opaque" }],
  ["do $$ begin commit; end $$", { kind: "opaque" }],
  ["alter table t detach partition p concurrently", { kind: "opaque" }],
  ["create database d", { kind: "opaque" }],
  ["insert into t values (1)", { kind: "atomic" }],
  ["alter type e add value 'x'", { kind: "atomic" }],
  ["set search_path = a", { kind: "session" }],
  ["reset all", { kind: "session" }],
  ["set role r", { kind: "session" }],
  ["select pg_catalog.set_config('search_path', '', false)", { kind: "session" }],
  ["select set_config('a.b', c, false) from t", { kind: "atomic" }],
  ["select set_config('a.b', (select 'x'), false), 1", { kind: "atomic" }],
  ["select set_config('search_path', '', true)", { kind: "transient" }],
  ["select set_config('a.b', 'x', true), set_config('a.c', 'y', false)", { kind: "session" }],
  ["discard all", { kind: "session" }],
  ["set session characteristics as transaction read only", { kind: "session" }],
  ["set transaction isolation level serializable", { kind: "transient" }],
  ["set local search_path = a", { kind: "transient" }],
  ["set local role r", { kind: "transient" }],
  ["set constraints all deferred", { kind: "transient" }],
  ["lock table t in exclusive mode", { kind: "transient" }],
  ["declare c cursor for select 1", { kind: "transient" }],
  ["show search_path", { kind: "transient" }],
  ["begin", { kind: "block", ends: null }],
  ["end", { kind: "block", ends: "commit" }],
  ["abort", { kind: "block", ends: "rollback" }],
  ["rollback and chain", { kind: "block", ends: null }],
  ["commit prepared 'a'", { kind: "opaque" }],
  ["savepoint s", { kind: "block", ends: null }],
];

for (const [text, effect] of CASES) {
  Deno.test(`statementEffect() of ${text}`, async () => {
    const outcome = await parse(text);
    assert.ok(outcome.kind === "statements", JSON.stringify(outcome));
    assert.deepEqual(statementEffect(outcome.statements[0]!), effect);
  });
}
