import assert from "node:assert/strict";
import { parse, type Statement } from "./parser.ts";
import { type Undo, undo } from "./undo.ts";

async function only(text: string): Promise<Statement> {
  const outcome = await parse(text);
  assert.ok(outcome.kind === "statements", `${text}: ${JSON.stringify(outcome)}`);
  assert.equal(outcome.statements.length, 1, text);
  return outcome.statements[0]!;
}

async function undone(text: string): Promise<Undo | null> {
  return undo(await only(text));
}

const CERTAIN: readonly (readonly [statement: string, undo: string])[] = [
  ["alter table users add column email text not null", "ALTER TABLE users DROP COLUMN email"],
  ["alter table only s.t add a int", "ALTER TABLE ONLY s.t DROP COLUMN a"],
  ['alter table "S"."My ""T""" add "order" int', 'ALTER TABLE "S"."My ""T""" DROP COLUMN "order"'],
  ["alter foreign table t add a int", "ALTER FOREIGN TABLE t DROP COLUMN a"],
  [
    "alter table t add a int, add constraint c check (a > 0), alter a set not null",
    "ALTER TABLE t\n  ALTER COLUMN a DROP NOT NULL,\n  DROP CONSTRAINT c,\n  DROP COLUMN a",
  ],
  ["alter table t alter a drop not null", "ALTER TABLE t ALTER COLUMN a SET NOT NULL"],
  ["alter table t add constraint c foreign key (a) references u", "ALTER TABLE t DROP CONSTRAINT c"],
  ["create table Users (id int)", "DROP TABLE users"],
  ["create unlogged table s.t (id int)", "DROP TABLE s.t"],
  ["create table s.p partition of s.t for values in (1)", "DROP TABLE s.p"],
  ["create table t as select 1", "DROP TABLE t"],
  ["create foreign table t (a int) server s", "DROP FOREIGN TABLE t"],
  ["create materialized view m as select 1", "DROP MATERIALIZED VIEW m"],
  ["create view v as select 1", "DROP VIEW v"],
  ["create recursive view s.v (a) as select 1", "DROP VIEW s.v"],
  ["create index i on s.t (a)", "DROP INDEX s.i"],
  ['create unique index concurrently "I" on t (a)', 'DROP INDEX CONCURRENTLY "I"'],
  ["create type s.e as enum ('a')", "DROP TYPE s.e"],
  ["create type c as (a int)", "DROP TYPE c"],
  ["create type r as range (subtype = int)", "DROP TYPE r"],
  ["create domain s.d as int", "DROP DOMAIN s.d"],
  ["create sequence s.q", "DROP SEQUENCE s.q"],
  ['create extension "uuid-ossp" schema x', 'DROP EXTENSION "uuid-ossp"'],
  ["create schema s authorization r", "DROP SCHEMA s"],
  ["create trigger t before insert on s.t execute function f()", "DROP TRIGGER t ON s.t"],
  ["create policy p on s.t", "DROP POLICY p ON s.t"],
  ["create function f() returns int language sql as 'select 1'", "DROP FUNCTION f()"],
  [
    `create function s.f(a int default 1, out b text, c char(3)[][], d "char", e timestamp with time zone,
       f double precision, inout g s."T", variadic h numeric(3,2)[]) as '' language sql`,
    'DROP FUNCTION s.f(integer, pg_catalog.bpchar[], "char", timestamptz, double precision, s."T", numeric[])',
  ],
  ["create function f(a int) returns table (b int) language sql as ''", "DROP FUNCTION f(integer)"],
  ["create procedure p(a bigint, inout b boolean) language sql as ''", "DROP PROCEDURE p(bigint, boolean)"],
  ["alter table s.a rename to b", "ALTER TABLE s.b RENAME TO a"],
  ["alter index s.a rename to b", "ALTER INDEX s.b RENAME TO a"],
  ["alter view a rename to b", "ALTER VIEW b RENAME TO a"],
  ["alter materialized view a rename to b", "ALTER MATERIALIZED VIEW b RENAME TO a"],
  ["alter sequence a rename to b", "ALTER SEQUENCE b RENAME TO a"],
  ["alter type s.a rename to b", "ALTER TYPE s.b RENAME TO a"],
  ["alter domain a rename to b", "ALTER DOMAIN b RENAME TO a"],
  ["alter schema a rename to b", "ALTER SCHEMA b RENAME TO a"],
  ["alter trigger a on s.t rename to b", "ALTER TRIGGER b ON s.t RENAME TO a"],
  ["alter policy a on s.t rename to b", "ALTER POLICY b ON s.t RENAME TO a"],
  ['alter table s.t rename "A" to b', 'ALTER TABLE s.t RENAME COLUMN b TO "A"'],
  ["alter table only t rename column a to b", "ALTER TABLE ONLY t RENAME COLUMN b TO a"],
  ["alter view v rename column a to b", "ALTER VIEW v RENAME COLUMN b TO a"],
  ["alter table t rename constraint a to b", "ALTER TABLE t RENAME CONSTRAINT b TO a"],
  ["alter type c rename attribute a to b", "ALTER TYPE c RENAME ATTRIBUTE b TO a"],
  ["alter type e rename value 'it''s' to E'\\\\b'", "ALTER TYPE e RENAME VALUE E'\\\\b' TO 'it''s'"],
];

for (const [statement, expected] of CERTAIN) {
  Deno.test(`undo() takes back: ${statement}`, async () => {
    assert.deepEqual(await undone(statement), { sql: expected });
    assert.equal((await only(expected)).text, expected);
  });
}

const UNCERTAIN: readonly (readonly [why: string, statement: string])[] = [
  ["an older table may be there", "create table if not exists t (a int)"],
  ["an older table may be there", "create table if not exists t as select 1"],
  ["an older table may be there", "create foreign table if not exists t (a int) server s"],
  ["an older index may be there", "create index if not exists i on t (a)"],
  ["an older sequence may be there", "create sequence if not exists s"],
  ["an older schema may be there", "create schema if not exists s"],
  ["an older extension may be there", "create extension if not exists citext"],
  ["an older view may be replaced", "create or replace view v as select 1"],
  ["an older function may be replaced", "create or replace function f() returns int language sql as ''"],
  ["an older trigger may be replaced", "create or replace trigger t before insert on t execute function f()"],
  ["an older column may be there", "alter table t add column if not exists a int"],
  ["the table may be missing", "alter table if exists t add column a int"],
  ["the table may be missing", "alter table if exists t rename to u"],
  ["the server chooses the name", "create index on t (a)"],
  ["the server chooses the name", "alter table t add check (a > 0)"],
  ["the server chooses the name", "alter table t add primary key (a)"],
  ["one of its actions cannot be undone", "alter table t add a int, drop b"],
  ["it took an older index over", "alter table t add constraint c unique using index i"],
  ["an older constraint may be there", "alter table t add constraint c not null a"],
  ["the old default is gone", "alter table t alter a drop default"],
  ["the old type is unknown", "alter table t alter a type text"],
  ["the data is gone", "alter table t drop column a"],
  ["it is gone with its session", "create temp table t (a int)"],
  ["it is gone with its session", "create temporary view v as select 1"],
  ["the name is that of a role", "create schema authorization r"],
  ["the schema is not empty", "create schema s create table t (a int)"],
  ["others may come with it", "create extension cube cascade"],
  ["a value cannot be taken out", "alter type e add value 'x'"],
  ["a copied type may have changed", "create function f(a t.b%type) returns int language sql as ''"],
  ["OUT counts differently in versions", "create procedure p(out a int) language sql as ''"],
  ["data", "insert into t values (1)"],
  ["data", "update t set a = 1"],
  ["what was dropped is unknown", "drop table t"],
  ["the old comment is unknown", "comment on table t is 'x'"],
];

for (const [why, statement] of UNCERTAIN) {
  Deno.test(`undo() leaves to the user, since ${why}: ${statement}`, async () => {
    assert.equal(await undone(statement), null);
  });
}

Deno.test("undo() says that a default from before is not restored, once", async () => {
  assert.deepEqual(await undone("alter table t alter a set default 1, alter b set default null"), {
    sql: "ALTER TABLE t\n  ALTER COLUMN b DROP DEFAULT,\n  ALTER COLUMN a DROP DEFAULT",
    note: "A default that the column had before is not restored.",
  });
});

Deno.test("undo() says that the columns of a primary key stay NOT NULL", async () => {
  assert.deepEqual(await undone("alter table t add constraint k primary key (a)"), {
    sql: "ALTER TABLE t DROP CONSTRAINT k",
    note: "The columns of the primary key stay NOT NULL.",
  });
});

Deno.test("undo() quotes any name so that it means the same again", async () => {
  for (
    const name of ["a", "A", "é", "1a", "a b", 'a"b', "select", "user", "name", "a$b", "𝒳", "int", "between", "or"]
  ) {
    const quoted = `"${name.replaceAll('"', '""')}"`;
    const { sql } = (await undone(`create table ${quoted}.${quoted} (a int)`))!;
    const statement = await only(sql);
    assert.ok(statement.kind === "DropStmt");
    const parts = { String: { sval: name } };
    assert.deepEqual(statement.node.objects, [{ List: { items: [parts, parts] } }]);
  }
});
