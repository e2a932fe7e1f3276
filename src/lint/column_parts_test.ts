import assert from "node:assert/strict";
import { parse } from "../sql/parser.ts";
import { alterTableActions, isAlterTable } from "./alter_table_actions.ts";
import { columnParts } from "./column_parts.ts";

async function partsOf(action: string) {
  const outcome = await parse(`SELECT 1; ALTER TABLE t ADD a int, ${action}, ADD b int`);
  assert(outcome.kind === "statements");
  const statement = outcome.statements[1]!;
  assert(isAlterTable(statement));
  const { head, type, attributes, constraints } = columnParts(statement, alterTableActions(statement)[1]!)!;
  return [head, type, attributes, ...constraints.map(({ text, body }) => text === body ? text : [text, body])];
}

Deno.test("columnParts() takes an ADD COLUMN apart", async () => {
  assert.deepEqual(
    await partsOf("ADD COLUMN IF NOT EXISTS price numeric(10, 2) NOT NULL DEFAULT 1.5 CHECK (price > 0)"),
    [
      "ADD COLUMN IF NOT EXISTS price",
      "numeric(10, 2)",
      "",
      "NOT NULL",
      "DEFAULT 1.5",
      "CHECK (price > 0)",
    ],
  );
});

Deno.test("columnParts() keeps COLLATE and STORAGE with the column, and DEFERRABLE with its constraint", async () => {
  const action =
    'ADD "A b" text STORAGE plain CONSTRAINT "x y" REFERENCES t (a) DEFERRABLE INITIALLY DEFERRED COLLATE "C" NULL';
  assert.deepEqual(await partsOf(action), [
    'ADD "A b"',
    "text",
    'STORAGE plain COLLATE "C"',
    [
      'CONSTRAINT "x y" REFERENCES t (a) DEFERRABLE INITIALLY DEFERRED',
      "REFERENCES t (a) DEFERRABLE INITIALLY DEFERRED",
    ],
    "NULL",
  ]);
});

Deno.test("columnParts() takes types of several words, and arrays, for what they are", async () => {
  assert.deepEqual((await partsOf("ADD c timestamp (3) with time zone")).slice(0, 2), [
    "ADD c",
    "timestamp (3) with time zone",
  ]);
  assert.deepEqual((await partsOf('ADD c "S"."T"[] DEFAULT \'{}\'')).slice(0, 2), ["ADD c", '"S"."T"[]']);
});
