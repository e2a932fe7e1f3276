import assert from "node:assert/strict";
import fc from "fast-check";
import { parse, type Statement } from "../sql/parser.ts";
import { Catalog, type Column, qualified, type Relation } from "./catalog.ts";
import { RelationMap } from "./relation_map.ts";
import { replay } from "./replay.ts";
import { resetSession } from "./replay_settings.ts";

async function statementsOf(text: string): Promise<readonly Statement[]> {
  const outcome = await parse(text);
  assert.equal(outcome.kind, "statements", JSON.stringify(outcome));
  return outcome.kind === "statements" ? outcome.statements : [];
}

async function replayed(text: string, catalog = new Catalog(false)): Promise<Catalog> {
  for (const statement of await statementsOf(text)) replay(catalog, statement, 1n);
  return catalog;
}

function relation(catalog: Catalog, name: string): Relation {
  const found = catalog.relations.get(name);
  assert(found !== undefined, `${name} is not among ${[...catalog.relations.keys()]}`);
  return found;
}

function columnTexts({ columns }: Relation): readonly string[] {
  return columns.map(({ name, type, notNull }: Column) => `${name} ${type?.name ?? "?"}${notNull ? " NOT NULL" : ""}`);
}

Deno.test("replay() names constraints, indexes and sequences as the server does", async () => {
  const catalog = await replayed(`
    CREATE TABLE users (id bigserial PRIMARY KEY, email text UNIQUE NOT NULL);
    CREATE TABLE posts (id int GENERATED ALWAYS AS IDENTITY, user_id bigint REFERENCES users,
      title varchar(50) CHECK (title <> ''), PRIMARY KEY (id), CHECK (id > user_id));
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
  const posts = relation(catalog, "public.posts");
  assert.deepEqual(columnTexts(posts), ["id int4 NOT NULL", "user_id int8", "title varchar", "body text"]);
  assert.deepEqual(posts.constraints.map(({ name, validated }) => [name, validated]), [
    ["posts_title_check", true],
    ["posts_check", true],
    ["posts_id_not_null", true],
    ["posts_pkey", true],
    ["posts_user_id_fkey", true],
    ["body_short", false],
  ]);
});

Deno.test("replay() keeps what statements say of a table that no migration made, and that it is not all", async () => {
  const catalog = await replayed(`
    ALTER TABLE users ADD COLUMN age int, ALTER email SET NOT NULL, DROP COLUMN gone;
    CREATE INDEX ON users (email); ALTER TABLE users RENAME TO people;`);
  const people = relation(catalog, "public.people");
  assert.equal(people.known, false);
  assert.equal(people.madeBy, null);
  assert.deepEqual(columnTexts(people), ["age int4", "email ? NOT NULL"]);
  assert.deepEqual(relation(catalog, "public.users_email_idx").index?.table, { schema: "public", name: "people" });
});

Deno.test("replay() takes a table that is like an unknown one for one whose columns are not all known", async () => {
  const catalog = await replayed(`
    CREATE TABLE a (LIKE users, own int); CREATE TABLE b (own int) INHERITS (users);
    CREATE TABLE c AS SELECT * FROM users; CREATE TABLE d AS SELECT id FROM users;`);
  const known = ["a", "b", "c", "d"].map((name) => relation(catalog, `public.${name}`).known);
  assert.deepEqual(known, [false, false, false, true]);
  assert.equal(relation(catalog, "public.a").madeBy, 1n);
});

Deno.test("replay() changes nothing of a whole catalog for names that are not there", async () => {
  const catalog = await replayed(
    `ALTER TABLE a ADD COLUMN x int; CREATE INDEX ON a (x); DROP TABLE a; DROP TYPE t; ALTER TABLE a RENAME TO b;
    ALTER TYPE t ADD VALUE 'x'; DROP FUNCTION f; ALTER INDEX i RENAME TO j; DROP SCHEMA s CASCADE; COMMENT ON TABLE a IS '';`,
    new Catalog(true),
  );
  assert.equal(catalog.relations.size + catalog.types.size + catalog.functions.size, 0);
});

Deno.test("replay() leaves a table alone that is there, and makes one that was only taken to exist", async () => {
  const catalog = await replayed(`
    CREATE TABLE a (x int); CREATE TABLE IF NOT EXISTS a (y int); CREATE TABLE a (z int);
    ALTER TABLE b ADD COLUMN x int; CREATE TABLE IF NOT EXISTS b (y int); ALTER TABLE c ADD x int; CREATE TABLE c (y int);`);
  assert.deepEqual(["a", "b", "c"].map((name) => columnTexts(relation(catalog, `public.${name}`))), [
    ["x int4"],
    ["x int4"],
    ["y int4"],
  ]);
});

Deno.test("replay() follows search_path until the session is reset", async () => {
  const catalog = await replayed(`
    SET search_path = app, public; CREATE TABLE a (); SET LOCAL search_path TO "Other"; CREATE TABLE b ();
    SELECT pg_catalog.set_config('search_path', 'third, "Fourth"', false); CREATE TABLE c ();
    CREATE TEMP TABLE d (id int PRIMARY KEY); SET TIME ZONE 'UTC';`);
  const names = ["app.a", '"Other".b', "third.c", "pg_temp.d", "pg_temp.d_pkey"];
  assert.deepEqual([...catalog.relations.keys()], names);
  assert.deepEqual([catalog.searchPath, catalog.timeZoneIsUtc], [["third", "Fourth"], true]);
  resetSession(catalog);
  assert.deepEqual([catalog.searchPath, catalog.timeZoneIsUtc], [["public"], false]);
  assert.deepEqual([...catalog.relations.keys()], names.slice(0, 3));
});

Deno.test("replay() makes nothing without a schema where search_path is empty", async () => {
  const catalog = await replayed(
    `SET search_path = ''; CREATE TABLE a (); CREATE TYPE t AS ENUM ('a'); CREATE TABLE public.b ();`,
  );
  assert.deepEqual([...catalog.relations.keys(), ...catalog.types.keys()], ["public.b"]);
});

Deno.test("replay() tells values that were added to an enum from those that it was made with", async () => {
  const catalog = await replayed("CREATE TYPE mood AS ENUM ('sad', 'ok');");
  for (const statement of await statementsOf("ALTER TYPE mood ADD VALUE 'fine' AFTER 'sad';")) {
    replay(catalog, statement, 2n);
  }
  assert.deepEqual(catalog.types.get("public.mood")?.values, [
    { value: "sad", addedBy: null },
    { value: "fine", addedBy: 2n },
    { value: "ok", addedBy: null },
  ]);
});

Deno.test("replay() keeps a foreign key whose table has another unique index for it", async () => {
  const catalog = await replayed(`
    CREATE TABLE a (id int PRIMARY KEY); CREATE UNIQUE INDEX other ON a (id); CREATE TABLE b (a int REFERENCES a);
    DROP INDEX other;`);
  const keys = () => relation(catalog, "public.b").constraints.map(({ name }) => name);
  assert.deepEqual(keys(), ["b_a_fkey"]);
  await replayed("ALTER TABLE a DROP CONSTRAINT a_pkey CASCADE;", catalog);
  assert.deepEqual(keys(), []);
});

Deno.test("replay() leaves a CHECK behind where a partition was detached concurrently", async () => {
  const catalog = await replayed(`
    CREATE TABLE m (at date) PARTITION BY RANGE (at); CREATE TABLE m1 PARTITION OF m DEFAULT;
    ALTER TABLE m DETACH PARTITION m1 CONCURRENTLY;`);
  const { constraints, parents, partition } = relation(catalog, "public.m1");
  assert.deepEqual(constraints.map(({ name, columns }) => [name, columns]), [["m1_at_check", ["at"]]]);
  assert.deepEqual([parents, partition], [[], null]);
});

Deno.test("replay() runs what stands in CREATE SCHEMA in that schema", async () => {
  const catalog = await replayed("CREATE SCHEMA s CREATE TABLE a (x int UNIQUE) CREATE VIEW v AS SELECT x FROM a;");
  assert.deepEqual([...catalog.relations.keys()], ["s.a", "s.a_x_key", "s.v"]);
  assert.deepEqual(relation(catalog, "s.v").dependsOn, [{ schema: "s", name: "a" }]);
  assert.deepEqual(catalog.searchPath, ["public"]);
});

const POOL = `
  CREATE TABLE a (id serial PRIMARY KEY, x int UNIQUE, m mood, d shape, b_id int REFERENCES b (id));
  CREATE TABLE b (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a_id int REFERENCES a, r a);
  CREATE TABLE c (LIKE a INCLUDING ALL); CREATE TABLE d (y int) INHERITS (a, b); CREATE TABLE e AS SELECT * FROM a, b;
  CREATE TABLE p (id int, x int) PARTITION BY RANGE (id); CREATE TABLE q PARTITION OF p DEFAULT PARTITION BY LIST (x);
  CREATE TABLE r PARTITION OF q DEFAULT; CREATE INDEX ON p (x); CREATE UNIQUE INDEX u ON p (id); ALTER TABLE p ADD PRIMARY KEY (id);
  ALTER TABLE q DETACH PARTITION r; ALTER TABLE q ATTACH PARTITION r DEFAULT; ALTER TABLE p DETACH PARTITION q CONCURRENTLY;
  ALTER TABLE a INHERIT b; ALTER TABLE b INHERIT a; ALTER TABLE a NO INHERIT b; ALTER TABLE p ATTACH PARTITION p DEFAULT;
  ALTER TABLE a ADD COLUMN y int CHECK (y > x), DROP COLUMN x, ALTER id TYPE bigint; ALTER TABLE a DROP COLUMN id CASCADE;
  ALTER TABLE a RENAME TO z; ALTER TABLE z RENAME TO a; ALTER TABLE a RENAME TO b; ALTER TABLE a RENAME x TO xx; ALTER TABLE a RENAME xx TO x;
  ALTER TABLE a SET SCHEMA s; SET search_path = s, public; RESET search_path; ALTER SCHEMA s RENAME TO public; DROP SCHEMA public CASCADE;
  DROP TABLE a, b CASCADE; DROP TABLE p; DROP TYPE mood CASCADE; DROP DOMAIN shape; DROP SEQUENCE a_id_seq CASCADE; DROP INDEX a_pkey;
  CREATE TYPE mood AS ENUM ('a'); CREATE DOMAIN shape AS mood CHECK (VALUE <> 'x'); CREATE DOMAIN shape2 AS shape; CREATE TYPE pair AS (a int, m mood);
  ALTER TYPE mood ADD VALUE 'b'; ALTER TYPE mood RENAME TO shape; ALTER TYPE pair ADD ATTRIBUTE z int; ALTER TYPE pair RENAME TO mood; ALTER TYPE mood SET SCHEMA s;
  CREATE VIEW v AS SELECT * FROM a JOIN b ON true; CREATE VIEW w AS SELECT * FROM v; CREATE OR REPLACE VIEW v AS SELECT * FROM w; DROP VIEW v CASCADE;
  CREATE MATERIALIZED VIEW m AS WITH RECURSIVE a AS (SELECT 1 UNION SELECT * FROM a) SELECT * FROM a, w; CREATE UNIQUE INDEX ON m (x); ALTER INDEX m_x_idx RENAME TO a;
  ALTER TABLE a ADD CONSTRAINT k UNIQUE USING INDEX u; ALTER TABLE p DROP CONSTRAINT p_pkey; ALTER TABLE a RENAME CONSTRAINT a_pkey TO k; ALTER TABLE a DROP CONSTRAINT k;
  ALTER TABLE a ADD FOREIGN KEY (x) REFERENCES a; ALTER TABLE a VALIDATE CONSTRAINT a_x_fkey; ALTER TABLE a ALTER id DROP IDENTITY IF EXISTS, ALTER x ADD GENERATED ALWAYS AS IDENTITY;
  CREATE SEQUENCE s1 OWNED BY a.x; ALTER SEQUENCE s1 OWNED BY NONE; ALTER SEQUENCE s1 RENAME TO s2; CREATE TEMP TABLE a (id int); DISCARD TEMP; CREATE SCHEMA s CREATE TABLE a (x int);
  CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS ''; ALTER FUNCTION f STABLE; ALTER FUNCTION f RENAME TO g; DROP FUNCTION f(int) CASCADE; ALTER TABLE a ALTER x SET DEFAULT f(1);
  CREATE TYPE span AS RANGE (subtype = mood); CREATE FOREIGN TABLE ft (a int) SERVER x; ALTER TABLE a SET UNLOGGED; SELECT 1 INTO i; DO 'x'; CREATE TABLE o OF pair;`;

Deno.test("replay() never throws, whatever statements come in whatever order, and loses no reference", async () => {
  const pool = await statementsOf(POOL);
  const runs = fc.array(fc.constantFrom(...pool), { maxLength: 60 });
  fc.assert(
    fc.property(runs, fc.boolean(), (statements, isWhole) => {
      const catalog = new Catalog(isWhole);
      for (const statement of statements) replay(catalog, statement, 1n);
      const again = new RelationMap();
      for (const [key, relation] of catalog.relations) {
        assert.equal(key, qualified(relation));
        again.set(key, relation);
      }
      const names = (map: RelationMap, relation: Relation) => map.referrers(relation).map(qualified).sort();
      for (const relation of catalog.relations.values()) {
        assert.deepEqual(names(catalog.relations, relation), names(again, relation));
        const { index } = relation;
        if (index !== null && isWhole) assert(catalog.relations.has(qualified(index.table)), qualified(relation));
      }
    }),
    { numRuns: 300 },
  );
});

Deno.test("a copy of a catalog holds all that the catalog holds, and changes by itself", () => {
  const catalog = new Catalog(true);
  catalog.extensions.add("pgcrypto");
  catalog.searchPath = ["app"];
  const copy = catalog.copy();
  assert.deepEqual(copy, catalog);
  copy.extensions.add("hstore");
  assert.deepEqual([...catalog.extensions], ["pgcrypto"]);
});
