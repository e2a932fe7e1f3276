/**
 * Columns with all that can hang on them, on real servers: the statement that lint warns of and its safe form must come
 * to the same, but for the order of the columns, or the safe form must not let anything go.
 */

import assert from "node:assert/strict";
import { lintTexts, withSafeForm } from "../scripts/lint_texts.ts";
import { readDirectives } from "../src/migration/directives.ts";
import { parse } from "../src/sql/parser.ts";
import { CATALOG_QUERY } from "./catalog.ts";
import { type Server, sharedServer, type TestDatabase } from "./servers/mod.ts";

const BEFORE = `CREATE SCHEMA app;
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE TABLE users (id serial PRIMARY KEY, name text);
CREATE TABLE orders (
  id bigint PRIMARY KEY,
  user_id integer NOT NULL DEFAULT 0 REFERENCES users (id) ON DELETE CASCADE ON UPDATE SET NULL,
  status mood DEFAULT 'good'::mood,
  made_at timestamp NOT NULL DEFAULT now(),
  views integer DEFAULT 0 CHECK (views >= 0 OR views IS NULL),
  code integer UNIQUE CONSTRAINT "Codes" CHECK (code BETWEEN 1 AND 1000),
  total integer,
  note text,
  UNIQUE (user_id, made_at),
  CHECK (views < code)
);
CREATE INDEX orders_user_id_idx ON orders (user_id);
CREATE UNIQUE INDEX "by Status" ON orders (status, made_at);
CREATE INDEX ON orders (user_id);
CREATE TABLE products (id serial PRIMARY KEY, "Name" text UNIQUE);
CREATE TABLE app.things (a int, b int, PRIMARY KEY (a, b));
CREATE TABLE counted (id bigint PRIMARY KEY, no integer GENERATED ALWAYS AS IDENTITY, low integer, sum integer GENERATED ALWAYS AS (low + 1) STORED);
CREATE TABLE viewed (id bigint PRIMARY KEY, title text, hits integer, old integer, likes integer);
CREATE VIEW titles AS SELECT title, old FROM viewed;
CREATE MATERIALIZED VIEW liked AS SELECT v.id FROM viewed v WHERE v.likes > 0;
ALTER TABLE viewed RENAME old TO renamed;
CREATE TABLE odd (id bigint PRIMARY KEY, a integer DEFAULT (CASE WHEN true THEN 1 END), b integer, c integer UNIQUE DEFERRABLE, d integer, e integer, f integer, g integer, h integer);
CREATE INDEX odd_b ON odd (b) WITH (fillfactor = 70);
CREATE INDEX odd_d ON odd ((CASE WHEN d > 1 THEN 1 END));
CREATE TABLE keyed (id bigint PRIMARY KEY, one integer, two integer, three text, four integer, old text,
  five integer UNIQUE DEFERRABLE INITIALLY DEFERRED CHECK (five > 0), six integer REFERENCES users DEFERRABLE,
  seven integer, CONSTRAINT sevens FOREIGN KEY (seven) REFERENCES users DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT fours UNIQUE (four, seven) DEFERRABLE);
CREATE INDEX keyed_one ON keyed (one DESC NULLS LAST, two ASC NULLS FIRST);
CREATE UNIQUE INDEX ON keyed ((one + two), two) INCLUDE (one) WHERE two > 0 AND one IS NOT NULL;
CREATE INDEX keyed_id ON keyed (id) INCLUDE (two);
CREATE INDEX "Lower" ON keyed (lower(old) text_pattern_ops, old COLLATE "C" DESC);
CREATE INDEX keyed_hash ON keyed USING hash (old);
ALTER TABLE keyed RENAME old TO "Old";
CREATE TABLE before_it (id bigint PRIMARY KEY, a integer CHECK (before_it.a < 9), b integer, c integer, d integer, e integer CHECK (e > 0), f integer REFERENCES users);
CREATE INDEX named_it ON before_it ((before_it.a + 1), b) WHERE public.before_it.b > 0;
CREATE INDEX said ON before_it (c DESC);
CREATE INDEX sorted ON before_it (d);
COMMENT ON INDEX said IS 'of c';
COMMENT ON CONSTRAINT before_it_e_check ON before_it IS 'of e';
COMMENT ON CONSTRAINT before_it_f_fkey ON before_it IS 'of f';
ALTER TABLE before_it CLUSTER ON sorted;
ALTER TABLE before_it RENAME TO named;
CREATE COLLATION app."Sort" (locale = 'C');
CREATE TABLE collated (id bigint PRIMARY KEY, a text COLLATE "C", b varchar(9) COLLATE app."Sort");
CREATE INDEX ON collated (a, b);
CREATE SCHEMA was;
CREATE FUNCTION low(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT lower($1)';
CREATE FUNCTION was.low(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT lower($1)';
CREATE COLLATION plain (locale = 'C');
CREATE TABLE calling (id bigint PRIMARY KEY, a text, b text, c text, d text);
CREATE INDEX calls_a ON calling (low(a));
CREATE INDEX calls_b ON calling (b) WHERE was.low(b) <> 'low';
CREATE INDEX calls_c ON calling (c COLLATE plain);
CREATE INDEX calls_d ON calling (d) WHERE d <> 'low';
ALTER FUNCTION low(text) RENAME TO lowest;
ALTER SCHEMA was RENAME TO became;
ALTER COLLATION plain SET SCHEMA app;
CREATE TABLE aliased (id bigint PRIMARY KEY, a integer, b integer);
CREATE VIEW by_alias AS SELECT y FROM aliased AS one (x, y);
CREATE TABLE joined (id bigint PRIMARY KEY, a integer);
CREATE VIEW by_join AS SELECT y FROM (joined JOIN users USING (id)) AS one (x, y);
CREATE STATISTICS odd_s ON f, g FROM odd;
COMMENT ON COLUMN odd.h IS 'eight';
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TABLE watched (id bigint PRIMARY KEY, a integer, b integer, c integer, d integer);
CREATE TRIGGER watch BEFORE UPDATE OF a ON watched FOR EACH ROW WHEN (NEW.b > 0) EXECUTE FUNCTION nothing();
CREATE TRIGGER gone BEFORE UPDATE OF d ON watched FOR EACH ROW EXECUTE FUNCTION nothing();
DROP TRIGGER gone ON watched;
CREATE POLICY low ON watched USING (c < 5);
CREATE POLICY gone ON watched USING (d < 5);
DROP POLICY gone ON watched;
CREATE STATISTICS gone ON c, d FROM watched;
DROP STATISTICS gone;
COMMENT ON COLUMN watched.d IS 'four';
COMMENT ON COLUMN watched.d IS NULL;
GRANT SELECT (b) ON watched TO PUBLIC;
CREATE TABLE ev (id bigint, at date, n integer) PARTITION BY RANGE (at);
CREATE TABLE ev_all PARTITION OF ev DEFAULT;
CREATE TABLE seen (id integer PRIMARY KEY);
ALTER TABLE ev ADD seen_id integer REFERENCES seen;
CREATE INDEX ON ev (n);
ALTER TABLE ev ADD m integer;
CREATE VIEW ms AS SELECT m FROM ev_all;
INSERT INTO users VALUES (0, 'nobody'), (1, 'a');
INSERT INTO orders (id, user_id, views, code, total, made_at)
VALUES (1, 1, 5, 6, 7, '2026-01-01'), (2, 1, 1, 7, 7, '2026-01-02');
INSERT INTO products ("Name") VALUES ('x'), ('y');
INSERT INTO app.things VALUES (1, 1);
`;

/** Statements whose safe form does all that they do. */
const SAME = [
  "ALTER TABLE orders RENAME COLUMN user_id TO customer_id;",
  "ALTER TABLE orders RENAME COLUMN views TO seen;",
  "ALTER TABLE orders RENAME COLUMN code TO secret;",
  'ALTER TABLE public.orders RENAME COLUMN status TO "State";',
  "ALTER TABLE orders RENAME COLUMN note TO remark;",
  'ALTER TABLE products RENAME COLUMN "Name" TO name;',
  "ALTER TABLE products ALTER id TYPE bigint;",
  "ALTER TABLE orders ALTER user_id TYPE bigint;",
  "ALTER TABLE orders ALTER made_at TYPE timestamptz;",
  "ALTER TABLE orders ALTER views TYPE bigint;",
  "ALTER TABLE orders ALTER code TYPE bigint;",
  "ALTER TABLE orders ALTER total TYPE bigint;",
  "ALTER TABLE app.things ALTER b TYPE bigint;",
  "ALTER TABLE watched RENAME d TO z;",
  "ALTER TABLE viewed RENAME hits TO seen;",
  "ALTER TABLE viewed ALTER hits TYPE bigint;",
  "ALTER TABLE keyed RENAME one TO uno;",
  "ALTER TABLE keyed ALTER one TYPE bigint;",
  "ALTER TABLE keyed ALTER two TYPE bigint;",
  "ALTER TABLE keyed RENAME two TO duo;",
  'ALTER TABLE keyed RENAME "Old" TO new;',
  "ALTER TABLE keyed ALTER five TYPE bigint;",
  "ALTER TABLE keyed RENAME six TO sei;",
  "ALTER TABLE keyed ALTER seven TYPE bigint;",
  "ALTER TABLE keyed RENAME four TO quattro;",
  "ALTER TABLE named RENAME a TO z;",
  "ALTER TABLE calling RENAME d TO z;",
  "ALTER TABLE collated RENAME a TO z;",
  "ALTER TABLE collated RENAME b TO z;",
  "ALTER TABLE named ALTER b TYPE bigint;",
];

/** Statements of which not all can be written, with what a person has to see to. */
const OTHERS: readonly (readonly [sql: string, names: readonly string[]])[] = [
  ["ALTER TABLE users RENAME COLUMN id TO no;", [
    "the primary key users_pkey",
    "the default of id",
    "the foreign key orders_user_id_fkey of orders",
  ]],
  ["ALTER TABLE users ALTER id TYPE bigint;", ["the foreign key orders_user_id_fkey of orders"]],
  ["ALTER TABLE counted ALTER no TYPE bigint;", ["the sequence of no, which is an identity column"]],
  ["ALTER TABLE counted RENAME low TO lower;", ["the generated column sum"]],
  ["ALTER TABLE viewed RENAME title TO headline;", ["the view titles"]],
  ["ALTER TABLE viewed ALTER renamed TYPE bigint;", ["the view titles"]],
  ["ALTER TABLE viewed ALTER likes TYPE bigint;", ["the view liked"]],
  ["ALTER TABLE seen ALTER id TYPE bigint;", [
    "seen.id still has the foreign key ev_seen_id_fkey of ev: make it again",
  ]],
  ["ALTER TABLE odd RENAME a TO z;", ["the default of a"]],
  ["ALTER TABLE odd ALTER a TYPE bigint;", ["the default of a"]],
  ["ALTER TABLE odd RENAME b TO z;", ["the index odd_b"]],
  ["ALTER TABLE odd ALTER b TYPE bigint;", ["the index odd_b"]],
  ["ALTER TABLE odd RENAME d TO z;", ["the index odd_d"]],
  ["ALTER TABLE odd ALTER g TYPE bigint;", ["the statistics odd_s"]],
  ["ALTER TABLE odd RENAME h TO z;", ["the comment on h"]],
  ["ALTER TABLE watched RENAME a TO z;", ["the trigger watch"]],
  ["ALTER TABLE watched RENAME b TO z;", ["the trigger watch", "the privileges on b"]],
  ["ALTER TABLE watched RENAME c TO z;", ["the policy low"]],
  ["ALTER TABLE ev RENAME n TO z;", ["the index ev_n_idx"]],
  ["ALTER TABLE named RENAME c TO z;", ["the index said"]],
  ["ALTER TABLE named ALTER d TYPE bigint;", ["the index sorted"]],
  ["ALTER TABLE named RENAME e TO z;", ["the CHECK before_it_e_check"]],
  ["ALTER TABLE named RENAME f TO z;", ["the foreign key before_it_f_fkey"]],
  ["ALTER TABLE calling RENAME a TO z;", ["the index calls_a"]],
  ["ALTER TABLE calling RENAME b TO z;", ["the index calls_b"]],
  ["ALTER TABLE calling RENAME c TO z;", ["the index calls_c"]],
  ["ALTER TABLE aliased RENAME a TO z;", ["the view by_alias"]],
  ["ALTER TABLE joined ALTER a TYPE bigint;", ["the view by_join"]],
  ["ALTER TABLE ev ALTER m TYPE bigint;", ["the view ms"]],
  ["ALTER TABLE ev RENAME m TO z;", ["the view ms"]],
  ["ALTER TABLE ev RENAME at TO z;", ["the partitions, of whose key it is a part"]],
  ["ALTER TABLE ev ALTER n TYPE bigint;", ["the index ev_n_idx"]],
];

const RULES = new Set(["rename-column", "change-column-type"]);

async function lintOne(sql: string, postgresVersion: number) {
  const found = await lintTexts([BEFORE, sql], { postgresVersion, before: 1, rules: RULES });
  assert.equal(found.length, 1, sql);
  return found[0]!;
}

for (const version of ["14", "18"] as const) {
  Deno.test(`on PostgreSQL ${version}, the safe form of a change of a column ends as the statement does`, async () => {
    const server = await sharedServer(version);
    for (const sql of SAME) {
      const found = await lintOne(sql, Number(version));
      const safe = withSafeForm(sql, found);
      assert(safe !== null, `${sql}: ${found.finding.message}`);
      const more = await lintTexts([BEFORE, ...safe], { postgresVersion: Number(version), before: 1 });
      const allowed = /^(add-column-without-default)$/;
      const said = more.filter(({ finding }) => !allowed.test(finding.rule));
      assert.deepEqual(said.map(({ finding }) => `${finding.rule}: ${finding.message}`), [], safe.join("\n\n"));
      assert.deepEqual(await endOf(server, safe), await endOf(server, [sql]), `${sql}\n${safe.join("\n\n")}`);
    }
  });
}

Deno.test("a safe form that is not whole names what it lacks and stops", async () => {
  const server = await sharedServer("18");
  for (const [sql, names] of OTHERS) {
    const found = await lintOne(sql, 18);
    const safe = withSafeForm(sql, found);
    const said = safe === null ? found.finding.message : await errorOf(server, safe);
    if (safe !== null) assert.match(said, / still has /, sql);
    for (const name of names) assert(said.includes(name), `${sql}: ${said}`);
  }
});

Deno.test("of a table that no migration made, no form is written that might lose what nobody knows", async () => {
  const rename = await lintTexts(["ALTER TABLE t ADD a int;", "ALTER TABLE t RENAME a TO b;"], {
    postgresVersion: 14,
    before: 1,
    rules: RULES,
  });
  assert.equal(rename[0]!.finding.safeForm, null);
  const change = await lintTexts(["ALTER TABLE t ALTER a TYPE bigint;"], { postgresVersion: 14, rules: RULES });
  assert.match(
    change[0]!.finding.safeForm ?? "",
    /RAISE EXCEPTION USING MESSAGE = 't.a still has what no migration tells of/,
  );
});

async function errorOf(server: Server, texts: readonly string[]): Promise<string> {
  return await endOf(server, texts).then(() => "no error", (error: Error) => error.message);
}

/** What the database holds when the migrations have been applied to it, rows included. */
async function endOf(server: Server, texts: readonly string[]): Promise<readonly string[]> {
  await using database = await server.createDatabase();
  for (const text of [BEFORE, ...texts]) await apply(database, text);
  const catalog = await database.query(CATALOG_QUERY);
  const rows = await database.query(
    "SELECT to_jsonb(orders)::text AS line FROM orders UNION ALL SELECT to_jsonb(products)::text FROM products",
  );
  const lines = [...catalog, ...rows].map(({ line }) => String(line));
  // The columns of an index keep the names that they had when it was made, which nobody sees.
  const indexes = lines.flatMap((line) => /^relation [iI] (.+)$/.exec(line)?.[1] ?? []);
  return lines.filter((line) => !indexes.some((index) => line.startsWith(`column ${index}.`))).sort();
}

async function apply(database: TestDatabase, text: string): Promise<void> {
  const parsed = await parse(text);
  assert(parsed.kind === "statements", text);
  const isOutside = readDirectives(text).directives.noTransaction;
  for (const part of isOutside ? parsed.statements.map((statement) => statement.text) : [`BEGIN;${text}\n;COMMIT`]) {
    await database.query(part);
  }
}
