import assert from "node:assert/strict";
import { temporariesBehind } from "./kept_statements.ts";
import { parse } from "./parser.ts";
import { statementEffect } from "./statement_effect.ts";

/** What temporary objects are there behind all statements of a text. */
const CASES: readonly (readonly [text: string, names: readonly string[]])[] = [
  ["create temp table a (n int)", ["a"]],
  ["create temporary table if not exists a (n int) on commit delete rows", ["a"]],
  ["create temp table a (n int) on commit drop", []],
  ["create temp table a on commit drop as select 1", []],
  ["create temp table a as select 1", ["a"]],
  ["select 1 as n into temp a", ["a"]],
  ["create table pg_temp.a (n int)", ["a"]],
  ["create temp view v as select 1; create temp sequence s", ["v", "s"]],
  ["create function pg_temp.f() returns int language sql as 'select 1'", ["f"]],
  ["create type pg_temp.e as enum ('x'); create domain pg_temp.d as int; create type pg_temp.c as (n int)", [
    "e",
    "d",
    "c",
  ]],
  ["create type pg_temp.r as range (subtype = int); create aggregate pg_temp.g (int) (sfunc = f, stype = int)", [
    "r",
    "g",
  ]],
  ["create table a (n int); select 1 as n into b; create view v as select 1", []],
  ["create temp table a (); create temp table b (); drop table pg_temp.a", ["b"]],
  ["begin; create temp table a (); rollback; begin; create temp table b (); commit", ["b"]],
  ["create temp table a (); begin; drop table a; rollback", ["a"]],
];

for (const [text, names] of CASES) {
  Deno.test(`temporariesBehind() ${text}`, async () => {
    const parsed = await parse(text);
    assert.ok(parsed.kind === "statements", JSON.stringify(parsed));
    assert.deepEqual(temporariesBehind(parsed.statements.map(statementEffect)), names);
  });
}
