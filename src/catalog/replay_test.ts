import assert from "node:assert/strict";
import { parse } from "../sql/parser.ts";
import { Catalog } from "./catalog.ts";
import { replay } from "./replay.ts";

async function replayed(text: string): Promise<Catalog> {
  const catalog = new Catalog(false);
  const outcome = await parse(text);
  assert.equal(outcome.kind, "statements", JSON.stringify(outcome));
  if (outcome.kind === "statements") { for (const statement of outcome.statements) replay(catalog, statement, 1n); }
  return catalog;
}

Deno.test("replay() makes a table with its columns, and names constraints, indexes and sequences as the server does", async () => {
  const catalog = await replayed(`
    CREATE TABLE users (id bigserial PRIMARY KEY, email text UNIQUE NOT NULL);
    CREATE TABLE posts (id int GENERATED ALWAYS AS IDENTITY, user_id bigint REFERENCES users, title varchar(50) CHECK (title <> ''),
      PRIMARY KEY (id), CHECK (id > user_id));
    CREATE INDEX ON posts (lower(title), user_id) INCLUDE (id);
    ALTER TABLE posts ADD COLUMN body text DEFAULT '', ADD CONSTRAINT body_short CHECK (length(body) < 100) NOT VALID;`);
  assert.deepEqual([...catalog.relations.keys()], [
    "public.users",
    "public.users_id_seq",
    "public.users_pkey",
    "public.users_email_key",
    "public.posts",
    "public.posts_id_seq",
    "public.posts_pkey",
    "public.posts_lower_user_id_id_idx",
  ]);
  const posts = catalog.relations.get("public.posts")!;
  assert.deepEqual(posts.columns.map(({ name, type, notNull }) => [name, type?.name, notNull]), [
    ["id", "int4", true],
    ["user_id", "int8", false],
    ["title", "varchar", false],
    ["body", "text", false],
  ]);
  assert.deepEqual(posts.constraints.map(({ name, validated }) => [name, validated]), [
    ["posts_title_check", true],
    ["posts_check", true],
    ["posts_id_not_null", true],
    ["posts_pkey", true],
    ["posts_user_id_fkey", true],
    ["body_short", false],
  ]);
});
