import assert from "node:assert/strict";
import { mayBring } from "./extension_names.ts";
import { missingName } from "./missing_name.ts";

/** Messages of PostgreSQL 18: what is missing, by kind, schema and name, and the relation that it is missing in. */
const MESSAGES: readonly (readonly [sqlstate: string, message: string, missing: readonly unknown[] | null])[] = [
  ["42P01", 'relation "app.usrs" does not exist', ["relation", "app", "usrs", null]],
  ["42P01", 'table "usrs" does not exist', ["relation", null, "usrs", null]],
  ["42704", 'index "i" does not exist', ["relation", null, "i", null]],
  ["42P01", 'missing FROM-clause entry for table "u"', null],
  ["42703", 'column "n" of relation "t" does not exist', ["column", null, "n", "t"]],
  ["42703", 'column "n" named in key does not exist', ["column", null, "n", null]],
  ["42703", "column u.n does not exist", ["column", null, "n", null]],
  ["42883", "function cron.schedule(unknown, text[]) does not exist", ["function", "cron", "schedule", null]],
  ["42883", "procedure p() does not exist", ["function", null, "p", null]],
  ["42883", 'could not find a function named "f"', ["function", null, "f", null]],
  ["42883", "operator does not exist: tsvector <=> tsquery", ["operator", null, "<=>", null]],
  ["42704", 'type "geometry[]" does not exist', ["type", null, "geometry", null]],
  ["42704", 'constraint "c" of relation "t" does not exist', ["constraint", null, "c", "t"]],
  ["42704", 'trigger "g" for table "t" does not exist', ["other", null, "g", "t"]],
  ["3F000", 'schema "cron" does not exist', ["schema", null, "cron", null]],
  // Raised by a migration, with a code of its own.
  ["P0001", 'relation "usrs" does not exist', null],
];

Deno.test("missingName() reads what is missing out of a message", () => {
  for (const [sqlstate, message, expected] of MESSAGES) {
    const found = missingName(message, sqlstate);
    assert.deepEqual(found && [found.kind, found.schema, found.name, found.of], expected, message);
  }
});

Deno.test("mayBring() excuses only what an extension may make", () => {
  const cases: readonly (readonly [extension: string, sqlstate: string, message: string, may: boolean])[] = [
    ["pg_cron", "42883", "function cron.schedule(text) does not exist", true],
    ["pg_cron", "42P01", 'relation "cron.job" does not exist', true],
    ["pg_cron", "42883", "function later(text) does not exist", false],
    ["pg_cron", "42704", 'type "mod" does not exist', false],
    ["postgis", "42704", 'type "geometry" does not exist', true],
    ["postgis", "42P01", 'relation "spatial_ref_sys" does not exist', true],
    ["postgis", "42P01", 'relation "usrs" does not exist', false],
    ["postgis", "3F000", 'schema "ap" does not exist', false],
    ["nobody_knows", "3F000", 'schema "ap" does not exist', true],
    ["nobody_knows", "42P01", 'relation "theirs.t" does not exist', true],
    ["nobody_knows", "42P01", 'relation "app.t" does not exist', false],
    ["vector", "42883", "operator does not exist: vector <-> vector", true],
    ["vector", "42883", "operator does not exist: integer = text", false],
    ["vector", "42883", "function lower(integer) does not exist", false],
    ["vector", "42704", 'constraint "c" of relation "t" does not exist', false],
    ["vector", "42704", 'extension "vector" does not exist', true],
  ];
  for (const [extension, sqlstate, message, may] of cases) {
    const missing = missingName(message, sqlstate)!;
    assert.equal(mayBring(extension, missing, (schema) => schema === "app"), may, `${extension}: ${message}`);
  }
});
