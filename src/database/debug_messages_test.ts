import assert from "node:assert/strict";
import { isWanted, workOf } from "./debug_messages.ts";
import { readTag } from "./measure_statement.ts";

function message(severity: string, text = "") {
  return { severity, sqlstate: "00000", message: text };
}

Deno.test("isWanted() lets pass what the session would have been sent", () => {
  const passes = (level: string) =>
    ["DEBUG", "LOG", "NOTICE", "WARNING", "INFO"].filter((severity) => isWanted(message(severity), level));
  assert.deepEqual(passes("debug1"), ["DEBUG", "LOG", "NOTICE", "WARNING", "INFO"]);
  assert.deepEqual(passes("notice"), ["NOTICE", "WARNING", "INFO"]);
  assert.deepEqual(passes("warning"), ["WARNING", "INFO"]);
  assert.deepEqual(passes("error"), ["INFO"]);
});

Deno.test("workOf() reads what the server says of its work, and believes nobody else", () => {
  const scans = (table: string) => ({ kind: "scans", table });
  assert.deepEqual(workOf(message("DEBUG", 'building index "t_n" on table "my "" t" serially')), scans('my "" t'));
  assert.deepEqual(workOf(message("DEBUG", 'verifying table "t"')), scans("t"));
  assert.deepEqual(workOf(message("DEBUG", 'validating foreign key constraint "t_fk"')), {
    ...{ kind: "checks-foreign-key", constraint: "t_fk" },
  });
  assert.equal(workOf(message("NOTICE", 'verifying table "t"')), null);
  assert.equal(workOf(message("DEBUG", "rehashing catalog cache")), null);
});

Deno.test("readTag() tells the command from what it counts", () => {
  assert.deepEqual(readTag("INSERT 0 5"), { command: "INSERT", rows: 5 });
  assert.deepEqual(readTag("UPDATE 12"), { command: "UPDATE", rows: 12 });
  assert.deepEqual(readTag("SELECT 0"), { command: "SELECT", rows: 0 });
  assert.deepEqual(readTag("ALTER TABLE"), { command: "ALTER TABLE", rows: 0 });
  assert.deepEqual(readTag(""), { command: "", rows: 0 });
});
