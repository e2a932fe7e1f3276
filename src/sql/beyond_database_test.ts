import assert from "node:assert/strict";
import { reachesBeyondDatabase } from "./beyond_database.ts";
import { parse } from "./parser.ts";

async function reach(sql: string): Promise<string | null> {
  const parsed = await parse(sql);
  assert.ok(parsed.kind === "statements", sql);
  return reachesBeyondDatabase(parsed.statements[0]!);
}

for (
  const [sql, expected] of [
    ["CREATE USER web", "CREATE ROLE"],
    ["ALTER ROLE web SET search_path = app", "ALTER ROLE … SET"],
    ["ALTER ROLE web RENAME TO www", "ALTER ROLE"],
    ["DROP ROLE web", "DROP ROLE"],
    ["GRANT readers TO web", "GRANT of a role"],
    ["ALTER DATABASE app SET timezone = 'UTC'", "ALTER DATABASE … SET"],
    ["ALTER DATABASE app OWNER TO web", "ALTER DATABASE"],
    ["GRANT CONNECT ON DATABASE app TO web", "GRANT on DATABASE"],
    ["REVOKE ALL ON TABLESPACE fast FROM web", "REVOKE on TABLESPACE"],
    ["COMMENT ON DATABASE app IS 'ours'", "COMMENT ON DATABASE"],
    ["ALTER SYSTEM SET work_mem = '1GB'", "ALTER SYSTEM"],
    ["CREATE TABLE a ()", null],
    ["GRANT SELECT ON a TO web", null],
    ["ALTER TABLE a OWNER TO web", null],
    ["ALTER TABLE a RENAME TO b", null],
    ["SET work_mem = '1GB'", null],
    ["COMMENT ON TABLE a IS 'ours'", null],
  ] as const
) {
  Deno.test(`reachesBeyondDatabase() is ${expected} of ${sql}`, async () => assert.equal(await reach(sql), expected));
}
