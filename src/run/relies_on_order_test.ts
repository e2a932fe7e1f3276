import assert from "node:assert/strict";
import { DIRECTORY, parseTexts } from "../../scripts/lint_texts.ts";
import { fixFiles } from "./fix_files.ts";

/** The names of the files that --fix would write when every one of these texts may be changed. */
async function created(texts: readonly string[]): Promise<readonly string[]> {
  const { created } = await fixFiles(await parseTexts(texts, 0), {
    rules: new Set(["create-index-nonconcurrent"]),
    postgresVersion: 14,
    directory: DIRECTORY,
    names: texts.map((_, index) => `00${index + 1}_example.sql`),
    mayFix: () => true,
  });
  return created.map(({ path }) => path);
}

const TABLES = "CREATE TABLE posts (id bigint, title text);";

/** Two statements, so that the index cannot stay in this file. */
const INDEX = "CREATE UNIQUE INDEX posts_id_idx ON posts (id);\nSELECT 1;";

Deno.test("--fix moves a statement behind migrations that do without it", async () => {
  const later = "ALTER TABLE posts ADD COLUMN body text;\nCREATE TABLE tags (id bigint);";
  assert.deepEqual(await created([TABLES, INDEX, later]), [
    "migrations/004_create_index_posts_id_idx.sql",
  ]);
});

for (
  const later of [
    "ALTER TABLE posts ADD CONSTRAINT posts_pkey PRIMARY KEY USING INDEX posts_id_idx;",
    "ALTER TABLE posts RENAME TO articles;",
    "ALTER TABLE posts DROP COLUMN id;",
    "DROP TABLE posts;",
  ]
) {
  Deno.test(`--fix moves no index behind ${later}`, async () => {
    assert.deepEqual(await created([TABLES, INDEX, later]), []);
  });
}
