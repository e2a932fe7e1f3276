/**
 * Runs statements in any order on a server, replays those that it took, and compares after each one:
 *
 *     deno run -A tests/catalog/replay_fuzz.ts [ROUNDS [SEED]]
 *
 * Ends with exit code 1 where a catalog that was replayed is not the one that the server has. Two things are not kept,
 * and so not among the statements: NO INHERIT of a CHECK, and that an heir has a column of its own as well.
 */

import { Catalog } from "../../src/catalog/catalog.ts";
import { replay } from "../../src/catalog/replay.ts";
import { readCatalog } from "../../src/database/read_catalog.ts";
import type { Session } from "../../src/database/session.ts";
import { parse, type Statement } from "../../src/sql/parser.ts";
import { open } from "../impact/measure_cases.ts";
import { SERVER_VERSIONS, startServer } from "../servers/mod.ts";
import { differences } from "./differences.ts";

const STATEMENTS = 120;

/** Few names, so that the statements meet each other's tables. */
const POOL = `
  CREATE TABLE a (id serial PRIMARY KEY, x int UNIQUE, y int CHECK (y > 0), b_id int);
  CREATE TABLE a (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, x int NOT NULL, y int, b_id int);
  CREATE TABLE b (id int PRIMARY KEY, a_id int REFERENCES a, x int, y int);
  CREATE TABLE b (LIKE a INCLUDING ALL); CREATE TABLE b (LIKE a INCLUDING CONSTRAINTS, z int);
  CREATE TABLE c (z int) INHERITS (a); CREATE TABLE c (z int, CHECK (z > 1)) INHERITS (a, b);
  CREATE TABLE c AS SELECT * FROM a; CREATE TABLE c AS SELECT a.x, b.y AS yy FROM a JOIN b ON true;
  CREATE TABLE p (id int, x int, y int NOT NULL, b_id int) PARTITION BY RANGE (id);
  CREATE TABLE p (id int PRIMARY KEY, x int CHECK (x > 0), y int REFERENCES b, b_id int) PARTITION BY RANGE (id);
  CREATE TABLE q PARTITION OF p DEFAULT PARTITION BY LIST (x); CREATE TABLE q PARTITION OF p FOR VALUES FROM (1) TO (10);
  CREATE TABLE r PARTITION OF q DEFAULT; CREATE TABLE r PARTITION OF p FOR VALUES FROM (20) TO (30);
  CREATE TABLE s (id int, x int, y int NOT NULL, b_id int); CREATE TABLE s (id int NOT NULL, x int CONSTRAINT p_x_check CHECK (x > 0), y int, b_id int);
  ALTER TABLE p ATTACH PARTITION s FOR VALUES FROM (100) TO (200); ALTER TABLE p ATTACH PARTITION c FOR VALUES FROM (300) TO (400);
  ALTER TABLE p DETACH PARTITION q; ALTER TABLE p DETACH PARTITION s; ALTER TABLE q DETACH PARTITION r; ALTER TABLE q ATTACH PARTITION s DEFAULT;
  CREATE INDEX ON p (x); CREATE INDEX px ON p (y, lower(x::text)); CREATE UNIQUE INDEX ON p (id); CREATE INDEX po ON ONLY p (b_id); CREATE INDEX ON q (b_id); CREATE INDEX sx ON s (x); CREATE INDEX sb ON s (b_id);
  CREATE INDEX qb ON q (b_id); ALTER INDEX po ATTACH PARTITION qb; ALTER INDEX po ATTACH PARTITION sb; CREATE INDEX ON s (y, x); CREATE UNIQUE INDEX si ON s (id);
  ALTER TABLE p ADD PRIMARY KEY (id); ALTER TABLE p ADD UNIQUE (id, x); ALTER TABLE p ADD FOREIGN KEY (x) REFERENCES b; ALTER TABLE p ADD CHECK (y > x); ALTER TABLE s ADD PRIMARY KEY (id); ALTER TABLE s ADD UNIQUE (id, x);
  ALTER TABLE p ADD COLUMN n int DEFAULT 1 NOT NULL; ALTER TABLE p DROP COLUMN n; ALTER TABLE p DROP COLUMN b_id; ALTER TABLE p ADD COLUMN b_id int UNIQUE; ALTER TABLE p ADD COLUMN b_id int;
  ALTER TABLE p ALTER x SET NOT NULL; ALTER TABLE p ALTER x DROP NOT NULL; ALTER TABLE p ALTER x SET DEFAULT 3; ALTER TABLE ONLY p ALTER x SET DEFAULT 4; ALTER TABLE p ALTER y TYPE bigint;
  ALTER TABLE p RENAME x TO xx; ALTER TABLE p RENAME xx TO x; ALTER TABLE p RENAME TO pp; ALTER TABLE pp RENAME TO p; ALTER TABLE p DROP CONSTRAINT p_pkey CASCADE; ALTER TABLE p DROP CONSTRAINT p_x_check; ALTER TABLE p RENAME CONSTRAINT p_pkey TO pk; ALTER TABLE p RENAME CONSTRAINT p_x_check TO pc; ALTER TABLE p RENAME CONSTRAINT p_x_fkey TO pf;
  ALTER TABLE p DROP CONSTRAINT p_x_fkey; ALTER TABLE p DROP CONSTRAINT p_y_fkey; DROP TABLE p; DROP TABLE q; DROP TABLE r CASCADE; DROP INDEX p_x_idx; DROP INDEX px; DROP INDEX po; DROP TABLE s;
  ALTER TABLE a ADD COLUMN n int CHECK (n > x); ALTER TABLE a ADD COLUMN n serial; ALTER TABLE a ADD COLUMN n int GENERATED ALWAYS AS IDENTITY; ALTER TABLE a ADD COLUMN n int UNIQUE REFERENCES b; ALTER TABLE a ADD n int GENERATED ALWAYS AS (x + 1) STORED;
  ALTER TABLE a DROP COLUMN n; ALTER TABLE a DROP COLUMN n CASCADE; ALTER TABLE ONLY a DROP COLUMN y; ALTER TABLE a DROP COLUMN x CASCADE; ALTER TABLE a DROP COLUMN id CASCADE; ALTER TABLE a ADD COLUMN x int; ALTER TABLE a ADD COLUMN id serial UNIQUE; ALTER TABLE c DROP COLUMN z;
  ALTER TABLE a ADD UNIQUE (x, y); ALTER TABLE a ADD UNIQUE (x, y); ALTER TABLE a ADD CHECK (x > y) NOT VALID; ALTER TABLE a VALIDATE CONSTRAINT a_check; ALTER TABLE a DROP CONSTRAINT a_check; ALTER TABLE a ADD FOREIGN KEY (b_id) REFERENCES b NOT VALID; ALTER TABLE a VALIDATE CONSTRAINT a_b_id_fkey; ALTER TABLE b ADD FOREIGN KEY (x) REFERENCES a (x); ALTER TABLE b ADD FOREIGN KEY (x, y) REFERENCES a (x, y);
  ALTER TABLE a DROP CONSTRAINT a_x_key CASCADE; ALTER TABLE a DROP CONSTRAINT a_x_y_key; ALTER TABLE a DROP CONSTRAINT a_pkey CASCADE; ALTER TABLE a ADD PRIMARY KEY (x); ALTER TABLE a ADD PRIMARY KEY (id); CREATE UNIQUE INDEX ax ON a (x); CREATE UNIQUE INDEX ai ON a (id) ; ALTER TABLE a ADD CONSTRAINT ak UNIQUE USING INDEX ax; ALTER TABLE a ADD PRIMARY KEY USING INDEX ai; DROP INDEX ax; ALTER INDEX ax RENAME TO az; ALTER INDEX a_pkey RENAME TO a_first; ALTER INDEX az RENAME TO ax;
  CREATE INDEX ON a (y) WHERE x > 0; CREATE INDEX ON a ((x + y)); CREATE INDEX ON a (y) INCLUDE (x); CREATE INDEX ON c (y, z);
  ALTER TABLE a ALTER x SET NOT NULL; ALTER TABLE a ALTER x DROP NOT NULL; ALTER TABLE a ALTER y SET DEFAULT 1, ALTER y TYPE numeric(5,2); ALTER TABLE a ALTER id DROP IDENTITY IF EXISTS; ALTER TABLE a ALTER id ADD GENERATED BY DEFAULT AS IDENTITY; ALTER TABLE a ALTER id DROP DEFAULT; ALTER TABLE a ALTER n DROP EXPRESSION IF EXISTS;
  ALTER TABLE a INHERIT b; ALTER TABLE c NO INHERIT a; ALTER TABLE b INHERIT a; ALTER TABLE c INHERIT b; ALTER TABLE b NO INHERIT a;
  ALTER TABLE a RENAME TO aa; ALTER TABLE aa RENAME TO a; ALTER TABLE a RENAME y TO yy; ALTER TABLE a RENAME yy TO y; ALTER TABLE a SET SCHEMA other; ALTER TABLE other.a SET SCHEMA sf; ALTER TABLE b RENAME TO bb; ALTER TABLE bb RENAME TO b;
  CREATE VIEW v AS SELECT * FROM a; CREATE VIEW v AS SELECT x FROM b; CREATE VIEW w AS SELECT * FROM v, c; CREATE MATERIALIZED VIEW m AS SELECT * FROM v; CREATE UNIQUE INDEX ON m (x); DROP VIEW v CASCADE; DROP MATERIALIZED VIEW m; ALTER VIEW v RENAME TO vv; ALTER VIEW vv RENAME TO v; CREATE OR REPLACE VIEW v AS SELECT x FROM a; ALTER VIEW v RENAME COLUMN x TO xo;
  DROP TABLE a CASCADE; DROP TABLE b CASCADE; DROP TABLE c; DROP TABLE a; DROP SEQUENCE a_id_seq CASCADE; ALTER SEQUENCE a_id_seq RENAME TO a_seq; ALTER SEQUENCE a_id_seq OWNED BY NONE; CREATE SEQUENCE sq OWNED BY b.x; ALTER TABLE b ALTER x SET DEFAULT nextval('sq'); DROP SEQUENCE sq CASCADE;
  ALTER TABLE a SET UNLOGGED; ALTER TABLE a SET LOGGED; ALTER TABLE a DROP COLUMN x, ADD COLUMN x bigint NOT NULL CHECK (x > 0), ADD UNIQUE (y), ALTER y SET NOT NULL; ALTER TABLE a ADD COLUMN IF NOT EXISTS y text, DROP COLUMN IF EXISTS nonsense`;

interface Round {
  readonly session: Session;
  readonly version: number;
  readonly pool: readonly Statement[];
  readonly random: () => number;
}

/** @returns the statements and what is different after them; null where nothing is */
async function run({ session, version, pool, random }: Round): Promise<string | null> {
  await session.query(`SET client_min_messages = error; DROP SCHEMA IF EXISTS own, other CASCADE;
    CREATE SCHEMA own; CREATE SCHEMA other; SET search_path = own`);
  const catalog = new Catalog(true);
  catalog.searchPath = ["own"];
  const done: string[] = [];
  for (let count = 0; count < STATEMENTS; count++) {
    const statement = pool[Math.floor(random() * pool.length)]!;
    try {
      await session.query(statement.text);
    } catch {
      continue;
    }
    replay(catalog, statement, 1n);
    done.push(`${statement.text};`);
    const { catalog: read } = await readCatalog(session, "all");
    for (const schema of ["own", "other"]) {
      const { missing, wrong } = differences(catalog, read, { schema, version });
      if (missing.length + wrong.length > 0) return [...done, "missing:", ...missing, "wrong:", ...wrong].join("\n  ");
    }
  }
  return null;
}

/** Numbers from 0 to 1 that a seed decides (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const [rounds, seed] = [Number(Deno.args[0] ?? 20), Number(Deno.args[1] ?? Date.now() % 1e6)];
const outcome = await parse(POOL);
if (outcome.kind !== "statements") throw new Error(JSON.stringify(outcome));
for (const version of SERVER_VERSIONS) {
  await using server = await startServer(version);
  await using made = await server.createDatabase();
  await using database = await open(made.url);
  await using session = await database.open();
  const random = randomFrom(seed + Number(version));
  let different = 0;
  for (let count = 0; count < rounds; count++) {
    const found = await run({ session, version: Number(version), pool: outcome.statements, random });
    if (found === null) continue;
    different++;
    console.log(`PostgreSQL ${version}, round ${count + 1}:\n  ${found}`);
  }
  console.log(`PostgreSQL ${version}, seed ${seed}: ${rounds - different} of ${rounds} rounds agree`);
  if (different > 0) Deno.exitCode = 1;
}
