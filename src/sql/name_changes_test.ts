import assert from "node:assert/strict";
import { type NameChange, nameChange } from "./name_changes.ts";
import { parse } from "./parser.ts";

async function changeOf(text: string): Promise<NameChange | null> {
  const outcome = await parse(text);
  assert.ok(outcome.kind === "statements" && outcome.statements.length === 1, text);
  return nameChange(outcome.statements[0]!);
}

const FROM_HERE = [
  "set search_path = audit",
  "set search_path to default",
  "set local search_path to audit, public",
  "set session search_path = audit",
  "set search_path from current",
  'set "Search_Path" = audit',
  "set schema 'audit'",
  "reset search_path",
  "set role auditor",
  "set local role none",
  "reset role",
  "set session authorization auditor",
  "select set_config('search_path', 'audit', true)",
  "select pg_catalog.set_config('SEARCH_PATH', 'audit', false) from t",
  "select set_config(name, 'audit', true) from settings",
  "select set_config(name => 'x'::text, value => 'audit', is_local => true)",
  "with s as (select set_config('role', 'auditor', false)) select * from s",
  "insert into log select set_config('search_path', 'audit', true)",
  "update pg_settings set setting = 'audit' where name = 'search_path'",
  "do $$ begin set local search_path = audit; end $$",
  "do $$ begin perform set_config('search_path', 'audit', true); end $$",
  "do $$ begin execute 'set role auditor'; end $$",
  "do $$ begin set session\nauthorization auditor; end $$",
];

for (const text of FROM_HERE) {
  Deno.test(`nameChange() finds it from here on: ${text}`, async () => {
    assert.equal(await changeOf(text), "from-here");
  });
}

for (
  const text of [
    "alter role app set search_path = audit",
    "alter database app set search_path = audit",
    "alter role app in database d reset search_path",
  ]
) {
  Deno.test(`nameChange() finds it for sessions to come: ${text}`, async () => {
    assert.equal(await changeOf(text), "later-sessions");
  });
}

for (
  const text of [
    "set lock_timeout = '1s'",
    "reset all",
    "alter role app set lock_timeout = '1s'",
    "select set_config('app.user', '1', true)",
    "update t set search_path = 'audit'",
    "create function f() returns void language sql set search_path = '' as 'select 1'",
    "create function f() returns void language sql as 'select set_config(''search_path'', '''', true)'",
    "do $$ begin create role r; end $$",
    "create table t (search_path text)",
  ]
) {
  Deno.test(`nameChange() finds none: ${text}`, async () => {
    assert.equal(await changeOf(text), null);
  });
}
