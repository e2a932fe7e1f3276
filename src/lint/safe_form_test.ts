import assert from "node:assert/strict";
import { safeFormParts, writeSafeForm } from "./safe_form.ts";

const ADD = { title: "add the check", sql: "ALTER TABLE t ADD CHECK (a > 0) NOT VALID;", noTransaction: false };
const INDEX = { title: "make the index", sql: "CREATE INDEX CONCURRENTLY ON t (a);", noTransaction: true };

Deno.test("writeSafeForm() writes nothing around what takes the place of the statement", () => {
  assert.equal(writeSafeForm([ADD]), ADD.sql);
});

Deno.test("writeSafeForm() gives a file without a transaction its directive", () => {
  const text = "-- In a migration of its own:\n-- pgmigrate: no-transaction\nCREATE INDEX CONCURRENTLY ON t (a);";
  assert.equal(writeSafeForm([INDEX]), text);
  assert.deepEqual(safeFormParts(text), [text]);
});

Deno.test("safeFormParts() takes apart what writeSafeForm() put together", () => {
  const parts = safeFormParts(writeSafeForm([ADD, INDEX]));
  assert.deepEqual(parts, [
    `-- Migration 1 of 2: add the check\n${ADD.sql}\n\n`,
    `-- Migration 2 of 2: make the index\n-- pgmigrate: no-transaction\n${INDEX.sql}`,
  ]);
});
