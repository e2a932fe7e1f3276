import assert from "node:assert/strict";
import { parseTexts } from "../../scripts/lint_texts.ts";
import { Failure } from "../errors/failure.ts";
import { ALL_RULES } from "../lint/rule_ids.ts";
import { checksum } from "../migration/checksum.ts";
import type { Files } from "../migration/files.ts";
import { fixFiles, writeFixed } from "./fix_files.ts";

const BEFORE =
  "CREATE TABLE users (id bigint PRIMARY KEY);\nCREATE TABLE posts (id bigint PRIMARY KEY, user_id bigint);\n";
const ALL = new Set(ALL_RULES.map(({ id }) => id));

/** Mends files that stand behind the tables users and posts. */
async function fixed(texts: readonly string[], { names = ["README.md"], mayFix = true, rules = ALL } = {}) {
  const migrations = await parseTexts([BEFORE, ...texts], 1);
  const own = migrations.map(({ name }) => name);
  return await fixFiles(migrations, {
    rules,
    postgresVersion: 14,
    directory: "m",
    names: [...own, ...names],
    mayFix: ({ asked }) => asked && mayFix,
  });
}

Deno.test("fixFiles() mends one thing after the other in a statement, and writes what comes later behind the newest", async () => {
  const result = await fixed([
    `-- Posts belong to users.
ALTER TABLE posts
    ADD CONSTRAINT posts_user FOREIGN KEY (user_id) REFERENCES users (id),
    ADD CONSTRAINT posts_id CHECK (id > 0);
`,
    "-- For the list of a user.\nCREATE INDEX posts_user_idx ON posts (user_id);\n",
  ], { names: ["0041_last.sql", "x.txt"] });
  assert.deepEqual(result.changed, [
    {
      path: "migrations/002_example.sql",
      text: `-- Posts belong to users.
ALTER TABLE posts
    ADD CONSTRAINT posts_user FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID,
    ADD CONSTRAINT posts_id CHECK (id > 0) NOT VALID;
`,
    },
    {
      path: "migrations/003_example.sql",
      text: "-- pgmigrate: no-transaction\n-- For the list of a user.\n" +
        "CREATE INDEX CONCURRENTLY posts_user_idx ON posts (user_id);\n",
    },
  ]);
  assert.deepEqual(result.created, [
    { path: "m/0042_validate_posts_user.sql", text: "ALTER TABLE posts VALIDATE CONSTRAINT posts_user;\n" },
    { path: "m/0043_validate_posts_id.sql", text: "ALTER TABLE posts VALIDATE CONSTRAINT posts_id;\n" },
  ]);
  assert.deepEqual(result.found, []);
  assert.equal(result.mended, 3);
});

Deno.test("fixFiles() takes a statement that needs a file of its own out of one that holds others", async () => {
  const text =
    "COMMENT ON TABLE posts IS 'x';\n\n-- For the list of a user.\nCREATE INDEX posts_user_idx ON posts (user_id);\n";
  const { changed, created } = await fixed([text]);
  assert.deepEqual(changed.map((one) => one.text), ["COMMENT ON TABLE posts IS 'x';\n"]);
  assert.deepEqual(created, [{
    path: "m/003_create_index_posts_user_idx.sql",
    text: "-- pgmigrate: no-transaction\n-- For the list of a user.\n" +
      "CREATE INDEX CONCURRENTLY posts_user_idx ON posts (user_id);\n",
  }]);
});

Deno.test("fixFiles() drops no index behind the migration that makes the next one of its name", async () => {
  const index = "CREATE INDEX posts_user_idx ON posts (user_id);\n";
  const drop = "DROP INDEX IF EXISTS posts_user_idx;\n";
  const again = "CREATE UNIQUE INDEX IF NOT EXISTS posts_user_idx ON posts (user_id, id);\n";
  for (
    const texts of [
      [index, drop + again],
      [index, drop + again, drop + again],
      [index, "COMMENT ON TABLE posts IS 'x';\n" + drop, again + "COMMENT ON TABLE posts IS 'y';\n"],
    ]
  ) {
    const { changed, created } = await fixed(texts);
    const last = [...texts.map((text, at) => changed.find(({ path }) => path.includes(`00${at + 2}_`))?.text ?? text)];
    const all = [...last, ...created.map(({ text }) => text)].join("").replaceAll("CONCURRENTLY ", "");
    assert(all.lastIndexOf("DROP INDEX") < all.lastIndexOf("CREATE UNIQUE INDEX"), all);
  }
});

Deno.test("fixFiles() leaves what it may not change, and what rules find that nobody has asked for", async () => {
  const text = "CREATE INDEX posts_user_idx ON posts (user_id);\n";
  const left = await fixed([text], { mayFix: false });
  assert.deepEqual([left.changed, left.created, left.mended, left.found.length], [[], [], 0, 1]);
  const other = await fixed([text], { rules: new Set(["add-fk-valid"]) });
  assert.deepEqual([other.changed, other.found], [[], []]);
});

/** Files in memory, and in which order they were written. */
function memory(contents: Readonly<Record<string, string>>) {
  const texts = new Map(Object.entries(contents));
  const written: string[] = [];
  const write = (path: string, text: string) => {
    written.push(path);
    texts.set(path, text);
    return Promise.resolve();
  };
  const files = {
    read: (path: string) => Promise.resolve(new TextEncoder().encode(texts.get(path))),
    create: write,
    replace: write,
  } as unknown as Files;
  return { files, texts, written };
}

const sum = (text: string) => checksum(new TextEncoder().encode(text));

Deno.test("writeFixed() writes the new files first, and keeps a byte order mark", async () => {
  const { files, texts, written } = memory({ "m/1_a.sql": "\ufeffold" });
  const result = { changed: [{ path: "m/1_a.sql", text: "new" }], created: [{ path: "m/2_b.sql", text: "next" }] };
  await writeFixed(files, result, new Map([["m/1_a.sql", sum("old")]]));
  assert.deepEqual(written, ["m/2_b.sql", "m/1_a.sql"]);
  assert.deepEqual(Object.fromEntries(texts), { "m/1_a.sql": "\ufeffnew", "m/2_b.sql": "next" });
});

Deno.test("writeFixed() writes nothing where a file has changed meanwhile", async () => {
  const { files, written } = memory({ "m/1_a.sql": "edited" });
  const result = { changed: [{ path: "m/1_a.sql", text: "new" }], created: [{ path: "m/2_b.sql", text: "next" }] };
  await assert.rejects(
    writeFixed(files, result, new Map([["m/1_a.sql", sum("old")]])),
    (error) => error instanceof Failure && error.code === "file-changed",
  );
  assert.deepEqual(written, []);
});
