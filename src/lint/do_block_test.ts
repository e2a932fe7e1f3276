import assert from "node:assert/strict";
import { fixTexts, lintTexts } from "../../scripts/lint_texts.ts";

const TABLES = `CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE posts (id bigint PRIMARY KEY, author_id bigint, title text);`;

/** What is found in a text behind the tables, as `rule line:column`. */
async function found(text: string, before: readonly string[] = []) {
  const texts = [TABLES, ...before, text];
  const all = await lintTexts(texts, { postgresVersion: 14, before: texts.length - 1 });
  return all.map(({ finding: { rule, span } }) => `${rule} ${span.line}:${span.column}`);
}

Deno.test("a foreign key in a DO block is judged where it stands, as those that Drizzle writes", async () => {
  const drizzle = `DO $$ BEGIN
 ALTER TABLE posts ADD CONSTRAINT fk FOREIGN KEY (author_id) REFERENCES users(id);
EXCEPTION
 WHEN duplicate_object THEN null;
END $$;`;
  assert.deepEqual(await found(drizzle), ["add-fk-valid 2:20"]);
  assert.deepEqual(await found(`SELECT 'é😀'; DO $$ BEGIN DROP TABLE posts; END $$;`), ["drop-table 1:37"]);
});

const HARMFUL = {
  "ALTER TABLE posts ADD COLUMN nick text NOT NULL": "add-required-column",
  "ALTER TABLE posts ALTER COLUMN title TYPE varchar(50)": "change-column-type",
  "CREATE INDEX posts_title_idx ON posts (title)": "create-index-nonconcurrent",
  "DROP TABLE posts": "drop-table",
  "EXECUTE 'DROP TABLE posts'": "drop-table",
  "UPDATE posts SET title = ''": "unbatched-dml",
  "EXECUTE format('ALTER TABLE %I ADD x int', 'posts')": "unknown-effect",
  "IF true THEN EXECUTE 'DROP TABLE ' || 'posts'; END IF": "unknown-effect",
  "CALL p()": "unknown-effect",
  "PERFORM g()": "unknown-effect",
};

Deno.test("no statement of a DO block passes silently that would not by itself", async () => {
  for (const [sql, rule] of Object.entries(HARMFUL)) {
    const rules = (await found(`DO $$ BEGIN ${sql}; END $$;`)).map((one) => one.split(" ")[0]);
    assert.deepEqual(rules, [rule], sql);
  }
});

Deno.test("what a DO block surely makes is there behind it, and what it may make is there in its branch alone", async () => {
  const made = "CREATE TABLE tags (id bigint); CREATE INDEX tags_id_idx ON tags (id);";
  assert.deepEqual(await found(`DO $$ BEGIN ${made} END $$; DROP TABLE tags;`), []);
  assert.deepEqual(await found(`DO $$ BEGIN IF true THEN ${made} END IF; END $$;\nDROP TABLE tags;`), [
    "drop-table 2:12",
  ]);
  assert.deepEqual(
    await found("ALTER TABLE tags ADD CONSTRAINT tags_id CHECK (id > 0);", [`DO $$ BEGIN ${made} END $$`]),
    [
      "add-check-valid 1:18",
    ],
  );
});

Deno.test("locks that a DO block takes are held by what stands behind it, and by what stands in it", async () => {
  const drop = "ALTER TABLE posts ALTER COLUMN title DROP DEFAULT;";
  const update = "UPDATE posts SET title = '' WHERE title IS NULL;";
  assert.deepEqual(await found(`DO $$ BEGIN ${drop} END $$;\n${update}`), ["dml-with-ddl 2:1"]);
  assert.deepEqual(await found(`DO $$ BEGIN ${drop}\n${update} END $$;`), ["dml-with-ddl 2:1"]);
  assert.deepEqual(await found(`${drop}\nDO $$ BEGIN ${update} END $$;`), ["dml-with-ddl 2:13"]);
  const alone = "-- pgmigrate: no-transaction\n";
  assert.deepEqual(await found(`${alone}${drop}\nDO $$ BEGIN ${update} END $$;`), []);
  assert.deepEqual(await found(`${alone}DO $$ BEGIN ${drop} END $$;\n${update}`), []);
  assert.deepEqual(await found(`${alone}DO $$ BEGIN ${drop}\n${update} END $$;`), ["dml-with-ddl 3:1"]);
});

Deno.test("CONCURRENTLY is refused in a DO block of whatever file", async () => {
  const sql = "DO $$ BEGIN CREATE INDEX CONCURRENTLY posts_title_idx ON posts (title); END $$;";
  for (const text of [sql, `-- pgmigrate: no-transaction\n${sql}`]) {
    assert.match((await found(text)).join(), /^concurrently-in-transaction \d:13$/);
  }
});

Deno.test("a DO block that only reads, or says something, is no finding", async () => {
  for (
    const sql of [
      "RAISE NOTICE 'there are %', (SELECT count(*) FROM posts)",
      "PERFORM set_config('app.user', '1', true)",
      "IF NOT EXISTS (SELECT 1 FROM posts) THEN RAISE EXCEPTION 'none'; END IF",
      "PERFORM pg_advisory_xact_lock(1); CREATE TABLE notes (id int); INSERT INTO notes VALUES (1)",
    ]
  ) assert.deepEqual(await found(`DO $$ BEGIN ${sql}; END $$;`), [], sql);
});

Deno.test("a directive ignore above a DO block is about what stands in it, and --fix leaves the block alone", async () => {
  const block = "DO $$ BEGIN CREATE INDEX posts_title_idx ON posts (title); END $$;";
  assert.deepEqual(await found(`SELECT 1;\n-- pgmigrate: ignore=create-index-nonconcurrent it is small\n${block}`), []);
  assert.deepEqual(await fixTexts([TABLES, block], { postgresVersion: 14, before: 1 }), [TABLES, block]);
});

Deno.test("a directive ignore in a DO block is about the statement at which it stands", async () => {
  const text = `DO $$ BEGIN
  DROP TABLE users; -- pgmigrate: ignore=drop-table nobody uses it
  -- pgmigrate: ignore=unknown-effect it makes a view
  EXECUTE format('CREATE VIEW %I AS SELECT 1', 'v');
  EXECUTE 'DROP TABLE posts'; -- pgmigrate: ignore=drop-column wrong rule
END $$;`;
  const other = "wide-lock-window 5:12";
  assert.deepEqual(await found(text), [other, "drop-table 5:23", "unused-ignore 5:31"]);
  assert.deepEqual(await found(text.replace("drop-column", "drop-table")), [other]);
});

Deno.test("a function is known by what it runs, with what the functions do that it calls", async () => {
  const functionOf = (name: string, body: string, more = "LANGUAGE plpgsql") =>
    `CREATE FUNCTION ${name}() RETURNS int ${more} AS $f$ ${body} $f$;`;
  const before = [
    functionOf("drops", "BEGIN DROP TABLE posts; RETURN 1; END"),
    functionOf("calls", "BEGIN RETURN drops(); END"),
    functionOf("recurs", "BEGIN RETURN recurs(); END"),
    functionOf("reads", "SELECT count(*)::int FROM posts", "LANGUAGE sql"),
    functionOf("pure", "BEGIN EXECUTE 'a' || 'b'; RETURN 1; END", "STABLE LANGUAGE plpgsql"),
    functionOf("python", "pass", "LANGUAGE plpython3u"),
  ].join("\n");
  const texts = [TABLES, before];
  const messageOf = async (sql: string) => {
    const all = await lintTexts([...texts, sql], {
      postgresVersion: 14,
      before: 2,
      rules: new Set(["unknown-effect"]),
    });
    return all.map(({ finding: { severity, message } }) => `${severity}: ${/: (.*)\. pgmigrate/.exec(message)?.[1]}`);
  };
  assert.deepEqual(await messageOf("SELECT drops();"), ["warning: drops() runs DROP TABLE"]);
  assert.deepEqual(await messageOf("SELECT calls() FROM posts;"), ["warning: calls() runs DROP TABLE"]);
  assert.deepEqual(await messageOf("UPDATE posts SET id = calls() WHERE id = 1;"), [
    "warning: calls() runs DROP TABLE",
  ]);
  assert.deepEqual(await messageOf("SELECT python();"), ["warning: python() runs what cannot be read here"]);
  assert.deepEqual(await messageOf("SELECT hyper();"), ["info: no migration makes hyper()"]);
  assert.deepEqual(await messageOf("SELECT hyper(title) FROM posts;"), []);
  for (const name of ["recurs", "reads", "pure"]) assert.deepEqual(await messageOf(`SELECT ${name}();`), [], name);
});

Deno.test("an enum's new value is used where the server reads it: not in PL/pgSQL, nor with check_function_bodies off", async () => {
  const before = ["CREATE TYPE mood AS ENUM ('ok'); CREATE TABLE t (m mood);"];
  const add = "ALTER TYPE mood ADD VALUE 'sad';\n";
  const quoted = "CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM t WHERE m = ''sad''';";
  assert.deepEqual(await found(add + quoted, before), ["enum-value-used 2:1"]);
  const dollars = "CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM t WHERE m = 'sad' $$;";
  assert.deepEqual(await found(add + dollars, before), ["enum-value-used 2:88"]);
  assert.deepEqual(await found(`${add}SET check_function_bodies = off;\n${quoted}`, before), []);
  const plpgsql =
    "CREATE FUNCTION f() RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT m = 'sad' FROM t); END $$;";
  assert.deepEqual(await found(add + plpgsql, before), []);
});
