import assert from "node:assert/strict";
import { lintTexts } from "../../../scripts/lint_texts.ts";

const TABLES = `CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE posts (id bigint, user_id bigint, at date) PARTITION BY RANGE (at);
CREATE TABLE posts_now PARTITION OF posts DEFAULT;`;
const ADD = "ALTER TABLE posts ADD FOREIGN KEY (user_id) REFERENCES users;";
const ADD_TO_PARTITION = "ALTER TABLE posts_now ADD FOREIGN KEY (user_id) REFERENCES users NOT VALID;";

async function count(...before: readonly string[]): Promise<number> {
  const texts = [TABLES, ...before, ADD];
  const found = await lintTexts(texts, { postgresVersion: 14, before: texts.length - 1 });
  return found.filter(({ finding }) => finding.rule === "add-fk-valid").length;
}

Deno.test("add-fk-valid keeps silent of a key that all partitions have, unless a key of the whole table has taken theirs", async () => {
  const validate = "ALTER TABLE posts_now VALIDATE CONSTRAINT posts_now_user_id_fkey;";
  assert.equal(await count(), 1);
  assert.equal(await count(ADD_TO_PARTITION), 1);
  assert.equal(await count(ADD_TO_PARTITION, validate), 0);
  assert.equal(await count(ADD), 1, "the partition looks its rows up again");
  assert.equal(await count(ADD_TO_PARTITION, validate, ADD), 1);
});
