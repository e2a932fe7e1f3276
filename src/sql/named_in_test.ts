import assert from "node:assert/strict";
import { type Named, namedIn } from "./named_in.ts";
import { parse } from "./parser.ts";

async function named(text: string): Promise<Named> {
  const parsed = await parse(text);
  assert.ok(parsed.kind === "statements", text);
  return namedIn(parsed.statements);
}

Deno.test("namedIn() finds names wherever a statement has them, and cuts them as the server does", async () => {
  const long = "é".repeat(40);
  const { names } = await named(`
    SET search_path = app, "Old";
    ALTER TABLE posts ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES "Users";
    DROP INDEX other.posts_idx;
    SELECT nextval('audit.log_id_seq'), setval('"Odd one"', 3), f(1);
    CREATE TABLE ${long} (x mood);
    COPY stock FROM stdin`);
  const wanted = [
    ...["app", "Old", "posts", "Users", "other", "posts_idx", "audit", "log_id_seq", "f", "mood", "stock"],
    "é".repeat(31),
  ];
  for (const name of wanted) assert.ok(names.includes(name), name);
});

Deno.test("namedIn() takes no value of an INSERT for a name", async () => {
  assert.ok(!(await named("INSERT INTO t VALUES ('nobody')")).names.includes("nobody"));
});

Deno.test("namedIn() knows which statements mean more than they name", async () => {
  assert.deepEqual((await named("DROP SCHEMA a, b CASCADE; REINDEX SCHEMA c")).schemas, ["a", "b", "c"]);
  for (
    const text of ["VACUUM", "ANALYZE", "CLUSTER", "REINDEX DATABASE d", "REASSIGN OWNED BY a TO b", "DROP OWNED BY a"]
  ) {
    assert.equal((await named(text)).everything, true, text);
  }
  assert.equal((await named("VACUUM t; REINDEX TABLE t")).everything, false);
  assert.ok((await named("ALTER DOMAIN email ADD CHECK (true)")).types.includes("email"));
  assert.deepEqual((await named("CREATE TABLE t (e email)")).types, []);
  assert.deepEqual([(await named("TRUNCATE a")).cascades, (await named("TRUNCATE a CASCADE")).cascades], [false, true]);
});
