import assert from "node:assert/strict";
import { Catalog } from "../catalog/catalog.ts";
import { replay } from "../catalog/replay.ts";
import { parse } from "../sql/parser.ts";
import { readBodies } from "../sql/routine_body.ts";
import { committedBatches } from "./committed_batches.ts";

const THERE = `CREATE TABLE posts (id int PRIMARY KEY, title text);
CREATE PROCEDURE fill() LANGUAGE plpgsql AS $$ DECLARE n int; BEGIN
  LOOP
    UPDATE posts SET title = '' WHERE id IN (SELECT id FROM posts WHERE title IS NULL LIMIT 1000);
    GET DIAGNOSTICS n = ROW_COUNT;
    EXIT WHEN n = 0;
    COMMIT;
  END LOOP;
END $$;
CREATE PROCEDURE own_path() LANGUAGE plpgsql SET search_path = public AS 'BEGIN LOOP DELETE FROM posts WHERE id = 1; COMMIT; END LOOP; END';
CREATE PROCEDURE definer() LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN LOOP DELETE FROM posts WHERE id = 1; COMMIT; END LOOP; END';
CREATE PROCEDURE invoker() LANGUAGE plpgsql SECURITY INVOKER AS 'BEGIN LOOP DELETE FROM posts WHERE id = 1; COMMIT; END LOOP; END';
CREATE PROCEDURE altered() LANGUAGE plpgsql AS 'BEGIN LOOP DELETE FROM posts WHERE id = 1; COMMIT; END LOOP; END';
ALTER PROCEDURE altered() SECURITY DEFINER;
CREATE PROCEDURE given(n int, t text) LANGUAGE plpgsql AS 'BEGIN LOOP DELETE FROM posts WHERE id = n; COMMIT; END LOOP; END';
CREATE FUNCTION slow(text) RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN $1; END';
`;

/** What is known of the last statement of a text; `null` for what is none of these. */
async function told(text: string): Promise<string> {
  const parsed = await parse(THERE + text);
  assert.ok(parsed.kind === "statements", text);
  const catalog = new Catalog(true);
  for (const statement of parsed.statements.slice(0, -1)) replay(catalog, statement, 1n);
  const bodies = await readBodies(parsed.statements);
  const batches = committedBatches(parsed.statements.at(-1)!, catalog, { bodies, postgresVersion: 18 });
  if (batches === null) return "null";
  const { impact: { locks, scans, unknown }, changes } = batches;
  return [
    ...changes.map(({ kind }) => kind),
    ...locks.map(({ relation, mode }) => `${mode} ${relation.name}`),
    ...scans.map(({ relation }) => `scan ${relation.name}`),
    ...unknown === null ? [] : [unknown],
  ].join(", ");
}

const CHANGE = "UPDATE posts SET title = trim(title) WHERE id = i";
const UPDATES = "UpdateStmt, RowExclusiveLock posts, RowExclusiveLock posts_pkey";

const CASES: Readonly<Record<string, string>> = {
  "CALL fill()": UPDATES,
  "CALL public.fill()": UPDATES,
  "CALL other()": "null",
  [`DO $$ BEGIN FOR i IN 1..9 LOOP ${CHANGE}; COMMIT; END LOOP; END $$`]: UPDATES,
  [`DO $$ BEGIN FOR i IN 1..9 LOOP ${CHANGE}; IF i % 3 = 0 THEN COMMIT; END IF; END LOOP; END $$`]: UPDATES,
  [`DO $$ BEGIN FOR i IN 1..9 LOOP ${CHANGE}; IF NOT FOUND THEN RETURN; END IF; COMMIT; END LOOP; END $$`]: UPDATES,
  // All rows are locked until the end.
  [`DO $$ BEGIN FOR i IN 1..9 LOOP ${CHANGE}; END LOOP; COMMIT; END $$`]: "null",
  [`DO $$ BEGIN FOR i IN 1..9 LOOP ${CHANGE}; END LOOP; END $$`]: "null",
  // The server refuses a COMMIT there.
  "CALL own_path()": "null",
  "CALL definer()": "null",
  "CALL altered()": "null",
  "CALL invoker()": UPDATES.replace("Update", "Delete"),
  [`DO $$ BEGIN FOR i IN 1..9 LOOP BEGIN ${CHANGE}; COMMIT; EXCEPTION WHEN others THEN NULL; END; END LOOP; END $$`]:
    "null",
  [`DO $$ BEGIN FOR i IN 1..9 LOOP BEGIN ${CHANGE}; EXCEPTION WHEN others THEN NULL; END; COMMIT; END LOOP; END $$`]:
    "null",
  [`DO $$ DECLARE r record; BEGIN FOR r IN UPDATE posts SET id = id WHERE id < 9 RETURNING id LOOP ${CHANGE}; COMMIT; END LOOP; END $$`]:
    "null",
  [`DO $$ DECLARE r record; BEGIN FOR r IN SELECT id AS i FROM posts FOR UPDATE LOOP ${CHANGE}; COMMIT; END LOOP; END $$`]:
    `${UPDATES}, scan posts`,
  // COMMIT closes the cursor: the next FETCH fails.
  [`DO $$ DECLARE c CURSOR FOR SELECT id FROM posts; i int; BEGIN OPEN c; LOOP FETCH c INTO i; EXIT WHEN NOT FOUND; ${CHANGE}; COMMIT; END LOOP; END $$`]:
    "null",
  [`DO $$ DECLARE c CURSOR FOR SELECT id FROM posts; i int; BEGIN LOOP OPEN c; FETCH c INTO i; EXIT WHEN NOT FOUND; ${CHANGE}; COMMIT; END LOOP; END $$`]:
    `${UPDATES}, scan posts`,
  // It never keeps what it did, or all at once.
  [`DO $$ BEGIN FOR i IN 1..9 LOOP ${CHANGE}; IF i > 8 THEN ROLLBACK; END IF; END LOOP; END $$`]: "null",
  // Arguments run as well.
  "CALL given(1, lower('A'))": UPDATES.replace("Update", "Delete"),
  "CALL given(1, t => slow('a'))": `${
    UPDATES.replace("Update", "Delete")
  }, It calls slow, and what a function does shows when it runs`,
  // More than a query.
  [
    `DO $$ DECLARE n int; BEGIN FOR i IN 1..9 LOOP WITH d AS (DELETE FROM posts RETURNING 1) SELECT count(*) INTO n FROM d; END LOOP;
    FOR i IN 1..9 LOOP ${CHANGE}; COMMIT; END LOOP; END $$`
  ]: "null",
  // More than rows.
  [`DO $$ BEGIN FOR i IN 1..9 LOOP ${CHANGE}; COMMIT; END LOOP; DROP TABLE posts; END $$`]: "null",
  [`DO $$ BEGIN FOR i IN 1..9 LOOP EXECUTE format('UPDATE %I', 'posts'); COMMIT; END LOOP; END $$`]: "null",
  [`DO $$ BEGIN FOR i IN 1..9 LOOP UPDATE posts SET title = slow(title) WHERE id = i; COMMIT; END LOOP; END $$`]:
    `${UPDATES}, It calls slow, and what a function does shows when it runs`,
};

Deno.test("committedBatches() knows what changes rows in batches and commits each, and nothing else", async () => {
  for (const [text, expected] of Object.entries(CASES)) assert.equal(await told(text), expected, text);
});
