import assert from "node:assert/strict";
import { parse } from "../sql/parser.ts";
import { Catalog, qualified } from "./catalog.ts";
import { relationsIn } from "./query_relations.ts";
import { replay } from "./replay.ts";
import { resolveRelation } from "./resolve.ts";
import { resolveType } from "./resolve_type.ts";

async function catalogOf(text: string, isWhole = false): Promise<Catalog> {
  const catalog = new Catalog(isWhole);
  const outcome = await parse(text);
  assert.equal(outcome.kind, "statements", JSON.stringify(outcome));
  if (outcome.kind === "statements") { for (const statement of outcome.statements) replay(catalog, statement, 1n); }
  return catalog;
}

/** What a name means, as text; `?` behind one that is only taken to exist. */
function meaning(catalog: Catalog, name: string): string | null {
  const [relname = "", schemaname] = name.split(".").reverse();
  const found = resolveRelation(catalog, { relname, ...(schemaname === undefined ? {} : { schemaname }) });
  return found === null ? null : qualified(found) + (found.known ? "" : "?");
}

Deno.test("resolveRelation() takes the first of the path, and temporary tables and the server's own before it", async () => {
  const catalog = await catalogOf(`
    CREATE TABLE public.a (); CREATE TABLE app.a (); CREATE TABLE app.b (); CREATE TABLE public.pg_class ();
    CREATE TABLE public.t (); CREATE TEMP TABLE t (); SET search_path = public, app;`);
  const names = ["a", "b", "app.a", "pg_class", "public.pg_class", "t", "public.t", "pg_temp.t"];
  assert.deepEqual(names.map((name) => meaning(catalog, name)), [
    ...["public.a", "app.b", "app.a", "pg_catalog.pg_class?", "public.pg_class", "pg_temp.t", "public.t", "pg_temp.t"],
  ]);
  catalog.searchPath = ["public", "pg_temp", "pg_catalog"];
  assert.deepEqual(["t", "pg_class"].map((name) => meaning(catalog, name)), ["public.t", "public.pg_class"]);
});

Deno.test("resolveRelation() takes a name that is not there to exist, unless the catalog is whole", () => {
  const open = new Catalog(false);
  open.searchPath = ["app", "public"];
  const names = ["users", "other.users", "pg_temp.users", "pg_catalog.pg_nothing", "pg_stat_activity"];
  assert.deepEqual(names.map((name) => meaning(open, name)), [
    "app.users?",
    "other.users?",
    null,
    "pg_catalog.pg_nothing?",
    "pg_catalog.pg_stat_activity?",
  ]);
  assert.deepEqual(names.slice(0, 3).map((name) => meaning(new Catalog(true), name)), [null, null, null]);
  open.searchPath = [];
  assert.equal(meaning(open, "users"), null);
});

/** A type as an argument of a function has it, where a column's may be. */
async function resolvedText(catalog: Catalog, type: string): Promise<string | null> {
  const outcome = await parse(`CREATE FUNCTION f(${type}) RETURNS int`);
  assert(outcome.kind === "statements", type);
  const [statement] = outcome.statements;
  const [node] = statement?.kind === "CreateFunctionStmt" ? statement.node.parameters ?? [] : [];
  assert(node !== undefined && "FunctionParameter" in node);
  const resolved = resolveType(catalog, node.FunctionParameter.argType!);
  if (resolved === null) return null;
  const { schema, name, modifiers, dimensions } = resolved;
  return `${schema}.${name}${modifiers.length === 0 ? "" : `(${modifiers})`}${"[]".repeat(dimensions)}`;
}

Deno.test("resolveType() gives the name in pg_type, with what stands in brackets", async () => {
  const catalog = await catalogOf(`
    CREATE TYPE mood AS ENUM (); CREATE TABLE app.pile (x varchar(7)); CREATE TYPE public.text AS ENUM ();
    SET search_path = public, app;`);
  const types: Readonly<Record<string, string | null>> = {
    int: "pg_catalog.int4",
    "float(10)": "pg_catalog.float4",
    "varchar(50)": "pg_catalog.varchar(50)",
    char: "pg_catalog.bpchar(1)",
    '"char"': "pg_catalog.char",
    "numeric(10)": "pg_catalog.numeric(10,0)",
    "numeric(10,2)": "pg_catalog.numeric(10,2)",
    bit: "pg_catalog.bit(1)",
    "timestamp(3) with time zone": "pg_catalog.timestamptz(3)",
    "interval(2)": "pg_catalog.interval(2)",
    "interval hour to second(3)": "pg_catalog.interval(3)",
    "interval year": "pg_catalog.interval",
    "int[][]": "pg_catalog.int4[][]",
    text: "pg_catalog.text",
    "public.text": "public.text",
    mood: "public.mood",
    pile: "app.pile",
    "bigserial[]": "pg_catalog.bigserial[]",
    serial4: "pg_catalog.serial",
    citext: "public.citext",
    "app.pile.x%TYPE": "pg_catalog.varchar(7)",
    "nonsense.x%TYPE": null,
  };
  for (const [type, expected] of Object.entries(types)) assert.equal(await resolvedText(catalog, type), expected, type);
});

Deno.test("relationsIn() tells a common table expression from a table of its name", async () => {
  const catalog = new Catalog(false);
  const cases: readonly (readonly [sql: string, relations: readonly string[]])[] = [
    ["SELECT * FROM a JOIN app.b ON EXISTS (SELECT FROM c)", ["public.a", "app.b", "public.c"]],
    ["WITH a AS (SELECT * FROM b) SELECT * FROM a, public.a", ["public.b", "public.a"]],
    ["WITH a AS (SELECT * FROM a) SELECT * FROM a", ["public.a"]],
    ["WITH RECURSIVE a AS (SELECT 1 UNION SELECT * FROM a) SELECT * FROM a", []],
    ["WITH a AS (SELECT * FROM b), b AS (SELECT * FROM a) SELECT * FROM b", ["public.b"]],
    ["SELECT (WITH a AS (SELECT 1) SELECT * FROM a), x FROM a", ["public.a"]],
    ["SELECT 1 FROM a UNION (WITH b AS (SELECT 1) SELECT * FROM b) UNION SELECT * FROM b", ["public.a", "public.b"]],
    ["WITH d AS (DELETE FROM a USING b RETURNING *) INSERT INTO c SELECT * FROM d", [
      "public.a",
      "public.b",
      "public.c",
    ]],
  ];
  for (const [sql, relations] of cases) {
    const outcome = await parse(sql);
    assert(outcome.kind === "statements", sql);
    assert.deepEqual(
      relationsIn(catalog, outcome.statements[0]!.node).map(qualified).sort(),
      relations.toSorted(),
      sql,
    );
  }
});
