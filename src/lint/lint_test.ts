import assert from "node:assert/strict";
import { lintTexts } from "../../scripts/lint_texts.ts";
import { ALL_RULES } from "./rule_ids.ts";

const ALL = ALL_RULES.map(({ id }) => id);

/** What is found in texts, as `rule file:line:column-line:column`. */
async function found(texts: readonly string[], rules: readonly string[] = ALL, before = 0) {
  const all = await lintTexts(texts, { postgresVersion: 14, before, rules: new Set(rules) });
  return all.map(({ finding: { rule, span } }) =>
    `${rule} ${span.file.slice("migrations/".length)}:${span.line}:${span.column}-${span.endLine}:${span.endColumn}`
  );
}

const PAIR = "BEGIN;\nSELECT 'é';\nCOMMIT;";

Deno.test("lint() finds in the files that were asked about, from top to bottom, and says where", async () => {
  assert.deepEqual(await found([PAIR, `SELECT '😀'; START\n  TRANSACTION; SELECT 1;`], ["transaction-in-file"]), [
    "transaction-in-file 001_example.sql:1:1-1:6",
    "transaction-in-file 001_example.sql:3:1-3:7",
    "transaction-in-file 002_example.sql:1:13-2:14",
  ]);
  assert.deepEqual(await found([PAIR, PAIR], ["transaction-in-file"], 1), [
    "transaction-in-file 002_example.sql:1:1-1:6",
    "transaction-in-file 002_example.sql:3:1-3:7",
  ]);
});

Deno.test("lint() applies the rules that were chosen, and no other", async () => {
  assert.deepEqual(await found([PAIR], []), []);
  assert.deepEqual(await found([PAIR], ["drop-column"]), []);
});

Deno.test("a directive ignore takes away what its rule finds in the file or at its statement", async () => {
  const ignore = "-- pgmigrate: ignore=transaction-in-file written by a tool\n";
  assert.deepEqual(await found([ignore + PAIR]), []);
  assert.deepEqual(await found([`-- A file.\n${PAIR.replace(";", "; " + ignore.trim())}`]), [
    "transaction-in-file 001_example.sql:4:1-4:7",
  ]);
  assert.deepEqual(await found([PAIR.replace("COMMIT", ignore + "COMMIT")]), [
    "transaction-in-file 001_example.sql:1:1-1:6",
  ]);
});

Deno.test("a directive ignore that is of no use, or without its reason, is a finding", async () => {
  const unused = "SELECT 1;\n-- pgmigrate: ignore=transaction-in-file because\nSELECT 2;";
  assert.deepEqual(await found([unused]), ["unused-ignore 001_example.sql:2:1-2:49"]);
  assert.deepEqual(await found([`-- pgmigrate: ignore=transaction-in-file\r\n${PAIR}`]), [
    "ignore-without-reason 001_example.sql:1:1-1:41",
  ]);
  assert.deepEqual(await found(["-- pgmigrate: ignore=nonsense because\nSELECT 1"]), [
    "unknown-rule 001_example.sql:1:1-1:38",
  ]);
  assert.deepEqual(await found(["-- pgmigrate: ignore\nSELECT 1"]), ["unknown-rule 001_example.sql:1:1-1:21"]);
});

Deno.test("a directive ignore for a rule that is not applied is not judged", async () => {
  const unused = "-- pgmigrate: ignore=transaction-in-file because\nSELECT 2;";
  assert.deepEqual(await found([unused], ALL.filter((id) => id !== "transaction-in-file")), []);
  assert.deepEqual(await found([unused], ["transaction-in-file"]), []);
  assert.deepEqual(await found([unused], ["transaction-in-file", "unused-ignore"]), [
    "unused-ignore 001_example.sql:1:1-1:49",
  ]);
});
