import assert from "node:assert/strict";
import { commandTag } from "./command_tag.ts";
import { parse } from "./parser.ts";

/** Tags as PostgreSQL 15 and 18 give them. */
const TAGS = {
  "ALTER TABLE a ADD b int": "ALTER TABLE",
  "ALTER TABLE a RENAME b TO c": "ALTER TABLE",
  "ALTER TABLE a RENAME CONSTRAINT b TO c": "ALTER TABLE",
  "ALTER VIEW a RENAME b TO c": "ALTER VIEW",
  "ALTER INDEX a RENAME TO b": "ALTER INDEX",
  "ALTER MATERIALIZED VIEW a SET SCHEMA b": "ALTER MATERIALIZED VIEW",
  "ALTER TYPE a ADD VALUE 'b'": "ALTER TYPE",
  "ALTER TYPE a RENAME ATTRIBUTE b TO c": "ALTER TYPE",
  "ALTER SEQUENCE a OWNER TO b": "ALTER SEQUENCE",
  "ALTER DOMAIN a SET NOT NULL": "ALTER DOMAIN",
  "ALTER DOMAIN a RENAME CONSTRAINT b TO c": "ALTER DOMAIN",
  "ALTER FUNCTION f() STABLE": "ALTER FUNCTION",
  "CREATE UNIQUE INDEX CONCURRENTLY a ON b (c)": "CREATE INDEX",
  "CREATE TABLE a AS SELECT 1": "CREATE TABLE AS",
  "SELECT 1 INTO a": "SELECT INTO",
  "CREATE MATERIALIZED VIEW a AS SELECT 1": "CREATE MATERIALIZED VIEW",
  "CREATE OR REPLACE PROCEDURE p() LANGUAGE sql AS ''": "CREATE PROCEDURE",
  "CREATE AGGREGATE a (int) (sfunc = f, stype = int)": "CREATE AGGREGATE",
  "DROP INDEX a": "DROP INDEX",
  "DROP TRIGGER a ON b": "DROP TRIGGER",
  "REVOKE SELECT ON a FROM b": "REVOKE",
  "GRANT a TO b": "GRANT ROLE",
  "VACUUM a": "VACUUM",
  "ANALYZE": "ANALYZE",
  "RESET ALL": "RESET",
  "SET search_path = a": "SET",
  "START TRANSACTION": "START TRANSACTION",
  "SAVEPOINT a": "SAVEPOINT",
  "TRUNCATE a": "TRUNCATE TABLE",
  "LOCK a": "LOCK TABLE",
  "DISCARD TEMP": "DISCARD TEMP",
  "DO ''": "DO",
} as const;

Deno.test("every statement has the tag that a server gives it", async () => {
  for (const [text, tag] of Object.entries(TAGS)) {
    const parsed = await parse(text);
    assert.ok(parsed.kind === "statements", text);
    assert.equal(commandTag(parsed.statements[0]!), tag, text);
  }
});
