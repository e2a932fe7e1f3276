/** What rules find in statements that are written in other ways than their examples, and where they keep silent. */

import assert from "node:assert/strict";
import { lintTexts } from "../../../scripts/lint_texts.ts";

const BEFORE = `CREATE SCHEMA app;
CREATE TABLE users (id bigint PRIMARY KEY, email text, name text);
CREATE UNIQUE INDEX users_email_idx ON users (email);
CREATE TABLE "Posts" ("Id" bigint PRIMARY KEY, user_id bigint REFERENCES users, body text);
CREATE INDEX posts_body_idx ON "Posts" (body);
CREATE TABLE app.jobs (id bigint PRIMARY KEY, state text);
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE DOMAIN short AS text;
CREATE SCHEMA "Moods";
CREATE TABLE "Moods".moods (now mood, word short);
CREATE MATERIALIZED VIEW counts AS SELECT user_id, count(*) AS n FROM "Posts" GROUP BY user_id;
CREATE MATERIALIZED VIEW later AS SELECT id FROM users WITH NO DATA;
CREATE VIEW names AS SELECT name FROM users;
CREATE TABLE events (id bigint, at timestamptz NOT NULL, kind text) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01') PARTITION BY LIST (kind);
CREATE TABLE events_1a PARTITION OF events_1 FOR VALUES IN ('a', 'b');
CREATE TABLE events_1d PARTITION OF events_1 DEFAULT;
CREATE INDEX events_kind_idx ON events (kind);`;

/** The rules of this folder's second half: others may find more. */
const RULES: ReadonlySet<string> = new Set([
  "attach-partition-unproven",
  "cluster",
  "concurrent-if-not-exists",
  "concurrently-in-transaction",
  "concurrently-refused",
  "create-index-nonconcurrent",
  "create-partition-of",
  "detach-nonconcurrent",
  "dml-with-ddl",
  "drop-column",
  "drop-index-nonconcurrent",
  "drop-table",
  "drop-table-with-fk",
  "refresh-matview",
  "reindex-nonconcurrent",
  "rename-table",
  "search-path-change",
  "statement-under-access-exclusive",
  "transaction-in-file",
  "truncate-cascade",
  "unbatched-dml",
  "vacuum-full",
  "wide-lock-window",
]);

async function findings(text: string) {
  const found = await lintTexts([BEFORE, text], { postgresVersion: 14, before: 1, rules: RULES });
  return found.map(({ finding }) => finding);
}

/** Text → the rules that find something, in the order of the text; and what the safe form of the first has to hold. */
const FINDS: readonly (readonly [text: string, rules: readonly string[], safe?: string])[] = [
  ['create unique index "I" on only "Posts" using btree (lower(body)) where body <> \'\'; -- on "X"', [
    "create-index-nonconcurrent",
  ], 'create unique index concurrently "I" on only "Posts" using btree (lower(body)) where body <> \'\';'],
  ["DROP SCHEMA app CASCADE;", ["drop-table"], "-- When no program uses app.jobs any more:"],
  ["DROP SCHEMA legacy CASCADE;", ["drop-table"], "-- When no program uses legacy any more:"],
  ["DROP OWNED BY app, CURRENT_USER;", ["drop-table"]],
  ["DROP VIEW names;", ["drop-table"], "-- When no program uses names any more:"],
  ["DROP MATERIALIZED VIEW IF EXISTS counts, unheard_of;", ["drop-table", "drop-table", "wide-lock-window"]],
  ["DROP TYPE mood CASCADE;", ["drop-column"], '-- When no program names "Moods".moods.now any more:'],
  ["DROP DOMAIN short CASCADE;", ["drop-column"], '-- When no program names "Moods".moods.word any more:'],
  ["DROP EXTENSION citext CASCADE;", ["drop-column"]],
  ["ALTER TABLE users SET SCHEMA app;", ["rename-table"], "CREATE VIEW users AS SELECT * FROM app.users;"],
  ["ALTER VIEW names SET SCHEMA app;", ["rename-table"], "CREATE VIEW names AS SELECT * FROM app.names;"],
  ["CREATE INDEX ON counts (n);", ["create-index-nonconcurrent"], "CREATE INDEX CONCURRENTLY ON counts (n);"],
  [
    "CREATE INDEX IF NOT EXISTS i ON app.jobs (state);",
    ["create-index-nonconcurrent"],
    "DROP INDEX CONCURRENTLY IF EXISTS app.i;",
  ],
  ["CREATE INDEX ON unheard_of (a);", ["create-index-nonconcurrent"]],
  [
    "CREATE INDEX ON events (id, lower(kind)) INCLUDE (at);",
    ["create-index-nonconcurrent"],
    "CREATE INDEX CONCURRENTLY events_1a_id_lower_at_idx ON events_1a (id, lower(kind)) INCLUDE (at);",
  ],
  [
    "SET LOCAL search_path = app;\nCREATE INDEX ON jobs (state);",
    ["create-index-nonconcurrent"],
    "CREATE INDEX CONCURRENTLY ON app.jobs (state);",
  ],
  [
    'DROP INDEX IF EXISTS public.posts_body_idx, "users_email_idx" RESTRICT;',
    ["drop-index-nonconcurrent"],
    'DROP INDEX CONCURRENTLY IF EXISTS public.posts_body_idx;\nDROP INDEX CONCURRENTLY IF EXISTS "users_email_idx";',
  ],
  ["DROP INDEX events_kind_idx;", ["drop-index-nonconcurrent"]],
  [
    'REINDEX (VERBOSE, TABLESPACE "index") TABLE users;',
    ["reindex-nonconcurrent"],
    'REINDEX (VERBOSE, TABLESPACE "index") TABLE CONCURRENTLY users;',
  ],
  ["REINDEX SCHEMA app;", ["reindex-nonconcurrent", "concurrently-in-transaction"], "REINDEX SCHEMA CONCURRENTLY app;"],
  ["REFRESH MATERIALIZED VIEW counts;", ["refresh-matview"], "CREATE UNIQUE INDEX CONCURRENTLY ON counts (user_id);"],
  [
    '-- pgmigrate: no-transaction\nVACUUM (ANALYZE, FULL true) users, "Posts";',
    ["vacuum-full"],
    'VACUUM (ANALYZE) users, "Posts";',
  ],
  ["VACUUM users;", ["concurrently-in-transaction"]],
  ["DELETE FROM users WHERE name = 'x';\nDROP INDEX users_email_idx;", ["drop-index-nonconcurrent"]],
  ["-- pgmigrate: no-transaction\nBEGIN;\nDROP INDEX CONCURRENTLY posts_body_idx;\nCOMMIT;", [
    "concurrently-in-transaction",
  ]],
  [
    "CREATE TABLE n (a int);\nCREATE INDEX CONCURRENTLY i ON n (a);",
    ["concurrently-in-transaction"],
    "CREATE INDEX i ON n (a);",
  ],
  [
    "ALTER TABLE events DETACH PARTITION events_1;",
    ["detach-nonconcurrent"],
    "ALTER TABLE events DETACH PARTITION events_1 CONCURRENTLY;",
  ],
  [
    "CREATE TABLE events_1c PARTITION OF events_1 FOR VALUES IN ('c');",
    ["create-partition-of"],
    "CHECK (NOT (kind IS NOT NULL AND kind IN ('c'))) NOT VALID;",
  ],
  [
    "CREATE TABLE IF NOT EXISTS events_2 PARTITION OF events (CHECK (id > 0)) FOR VALUES FROM ('2026-02-01') TO ('2026-03-01') WITH (fillfactor = 70);",
    ["create-partition-of"],
    "CREATE TABLE events_2 (LIKE events INCLUDING ALL EXCLUDING IDENTITY, CHECK (id > 0)) WITH (fillfactor = 70);",
  ],
  ["DROP TABLE IF EXISTS app.jobs;", ["drop-table"]],
  ['DROP TABLE "Posts";', ["drop-table", "drop-table-with-fk"]],
  [
    'ALTER TABLE "Posts" DROP COLUMN user_id;',
    ["drop-table-with-fk", "drop-column"],
    'ALTER TABLE "Posts" DROP CONSTRAINT "Posts_user_id_fkey";',
  ],
  ["ALTER VIEW names RENAME TO people;", ["rename-table"], "CREATE VIEW names AS SELECT * FROM people;"],
  [
    "TRUNCATE ONLY users RESTART IDENTITY CASCADE;",
    ["truncate-cascade"],
    'TRUNCATE ONLY users, "Posts" RESTART IDENTITY;',
  ],
  ["WITH gone AS (DELETE FROM users RETURNING *) SELECT count(*) FROM gone;", ["unbatched-dml"]],
  ["UPDATE ONLY app.jobs AS j SET state = 'x' WHERE true;", ["unbatched-dml"]],
  ['DELETE FROM "Posts";', ["unbatched-dml"], 'WHERE "Id" BETWEEN batch_start AND batch_end;'],
  [
    "ALTER TABLE users ADD COLUMN a int;\nWITH c AS (UPDATE users SET a = 1 WHERE email IS NULL RETURNING 1) SELECT 1;",
    ["dml-with-ddl"],
  ],
  [
    "ALTER TABLE users ADD COLUMN a int;\nMERGE INTO app.jobs USING users ON jobs.id = users.id WHEN MATCHED THEN DELETE;",
    ["dml-with-ddl"],
  ],
  ["ALTER TABLE users ADD COLUMN a int;\nINSERT INTO app.jobs (id) SELECT id FROM users;", [
    "statement-under-access-exclusive",
  ]],
  [
    "ALTER TABLE users ADD COLUMN a int;\nCREATE TABLE n AS SELECT 1 AS b;\nALTER TABLE n ADD FOREIGN KEY (b) REFERENCES app.jobs;",
    [
      "statement-under-access-exclusive",
    ],
  ],
  [
    "ALTER TABLE users ADD COLUMN a int;\nCREATE TABLE n (b int);\nINSERT INTO n VALUES (1);\nALTER TABLE n ADD FOREIGN KEY (b) REFERENCES app.jobs;",
    [
      "statement-under-access-exclusive",
    ],
  ],
  ["ALTER TABLE users ADD COLUMN a int;\nCREATE INDEX ON app.jobs (state);", [
    "create-index-nonconcurrent",
    "statement-under-access-exclusive",
  ]],
  [
    'CREATE OR REPLACE VIEW names AS SELECT name FROM users;\nALTER TABLE users ADD COLUMN a int;\nALTER TABLE app.jobs ADD COLUMN a int;\nALTER TABLE "Posts" ADD COLUMN a int;',
    ["wide-lock-window"],
  ],
  [
    "SELECT pg_catalog.set_config('search_path', 'app, public', false);",
    ["search-path-change"],
    "SELECT pg_catalog.set_config('search_path', 'app, public', true);",
  ],
  ["set session search_path to app;", ["search-path-change"], "set local search_path to app;"],
  ["UPDATE users SET name = '' WHERE id = 1;\nCOMMIT;\nSELECT 1;", ["transaction-in-file"]],
  ["SELECT 1;\nCOMMIT AND CHAIN;", ["transaction-in-file"]],
];

for (const [text, rules, safe] of FINDS) {
  Deno.test(`lint finds ${rules.join(", ")} in ${text.replaceAll(/\s+/g, " ")}`, async () => {
    const found = await findings(text);
    assert.deepEqual(found.map(({ rule }) => rule).toSorted(), rules.toSorted());
    if (safe === undefined) return;
    const { safeForm } = found.find(({ rule }) => rule === rules[0])!;
    assert(safeForm?.includes(safe), safeForm ?? "no safe form");
  });
}

/** In these nobody waits for long, or what is in question has not happened. */
const SILENT: readonly string[] = [
  "CREATE TABLE n (a int);\nINSERT INTO n SELECT id FROM users;\nCREATE INDEX ON n (a);\nUPDATE n SET a = 2;\nDELETE FROM n;\nALTER TABLE n RENAME TO m;\nDROP TABLE m;",
  "CREATE TEMP TABLE t AS SELECT * FROM users;\nCREATE INDEX ON t (id);\nTRUNCATE t CASCADE;\nDROP TABLE t;",
  "CREATE INDEX ON ONLY events (id);",
  'CREATE INDEX IF NOT EXISTS posts_body_idx ON "Posts" (body);',
  "-- pgmigrate: no-transaction\nCREATE INDEX CONCURRENTLY ON users (name);\nDROP INDEX CONCURRENTLY posts_body_idx;\nVACUUM users;",
  "CREATE TABLE n (a int);\nCREATE UNIQUE INDEX concurrently_named ON n (a);",
  "DO $$ BEGIN LOOP UPDATE users SET name = '' WHERE id = 1; COMMIT; EXIT; END LOOP; END $$;",
  "CREATE FUNCTION f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC UPDATE users SET name = ''; SELECT 1; END;",
  "CREATE PROCEDURE p() LANGUAGE plpgsql AS 'BEGIN DELETE FROM users; COMMIT; END';",
  "PREPARE p AS DELETE FROM users;\nEXPLAIN DELETE FROM users;",
  "CREATE RULE r AS ON INSERT TO names DO INSTEAD DELETE FROM users;",
  "ALTER TABLE users ADD COLUMN a int;\nUPDATE users SET a = 1 WHERE id = 5;\nUPDATE users SET a = 2 WHERE email = 'x' AND name IS NULL;\nDELETE FROM users WHERE id IN (1, 2);",
  "ALTER TABLE users ADD COLUMN a int;\nINSERT INTO app.jobs VALUES (1, 'x');\nCOMMENT ON COLUMN users.a IS 'b';\nGRANT SELECT ON users TO public;",
  "DELETE FROM app.jobs WHERE state = 'x';\nALTER TABLE users ADD COLUMN a int;",
  "INSERT INTO users (id) SELECT 1;\nALTER TABLE users ADD COLUMN a int;",
  "ALTER TABLE events ADD COLUMN a int;\nALTER TABLE events_1a ALTER COLUMN a SET DEFAULT 1;",
  "ALTER TABLE app.jobs RENAME TO old;\nCREATE VIEW app.jobs AS SELECT * FROM app.old;",
  "CREATE TABLE app.next (LIKE app.jobs);\nALTER TABLE app.jobs RENAME TO old;\nALTER TABLE app.next RENAME TO jobs;",
  "ALTER TABLE users ADD COLUMN a int;\nCREATE TABLE n (b int);\nALTER TABLE n ADD FOREIGN KEY (b) REFERENCES app.jobs;",
  "SAVEPOINT a;\nSELECT 1;\nROLLBACK TO a;",
  "SELECT set_config('search_path', '', false);",
  'SET search_path = "$user", public;\nSET LOCAL search_path = app;\nRESET search_path;',
  "CREATE FUNCTION g() RETURNS int LANGUAGE sql SET search_path = app AS 'SELECT 1';",
  'TRUNCATE users, "Posts";',
  "CREATE MATERIALIZED VIEW n AS SELECT 1 AS a;\nCREATE UNIQUE INDEX ON n (a);\nREFRESH MATERIALIZED VIEW CONCURRENTLY n;",
  "REFRESH MATERIALIZED VIEW later;",
  "ANALYZE users;",
  "CREATE SCHEMA own;\nCREATE TABLE own.t (a int);\nDROP SCHEMA own CASCADE;",
  "DROP SCHEMA app;",
  "DROP TYPE mood;",
  "ALTER TABLE users SET SCHEMA public;",
  "DROP VIEW names;\nCREATE VIEW names AS SELECT id, name FROM users;",
  'DROP MATERIALIZED VIEW counts;\nCREATE MATERIALIZED VIEW counts AS SELECT user_id FROM "Posts";',
  "CREATE TABLE events_3 (LIKE events);\nALTER TABLE events ATTACH PARTITION events_3 FOR VALUES FROM ('2026-03-01') TO ('2026-04-01');",
];

for (const text of SILENT) {
  Deno.test(`lint finds nothing in ${text.replaceAll(/\s+/g, " ")}`, async () => {
    assert.deepEqual((await findings(text)).map(({ rule, message }) => `${rule}: ${message}`), []);
  });
}

Deno.test("lint names a few of the tables that are locked, and says how many more there are", async () => {
  const locked = ["a", "b", "c", "d", "e"].map((name) => `ALTER TABLE ${name} ADD COLUMN n int DEFAULT 0;`).join("\n");
  const found = await findings(`${locked}\nCREATE INDEX ON users (name);`);
  const { message } = found.find(({ rule }) => rule === "statement-under-access-exclusive")!;
  assert.match(message, /of a \(locked in line 1\), b \(locked in line 2\), c \(locked in line 3\) and 2 more wait/);
});

Deno.test("a new column gets one note an ALTER, and none where NULL is the truth or other rules speak", async () => {
  const notes = async (actions: string) => {
    const before = `${BEFORE} CREATE DOMAIN email AS text CHECK (VALUE <> '');`;
    const found = await lintTexts([before, `ALTER TABLE users ${actions};`], {
      postgresVersion: 14,
      before: 1,
      rules: new Set(["add-column-without-default"]),
    });
    return found.map(({ finding: { message, safeForm } }) => `${/ in (.*), which/.exec(message)![1]}: ${safeForm}`);
  };
  assert.deepEqual(await notes("ADD a int, ADD b bool, ADD c text"), [
    "a, b and c: ALTER TABLE users ADD a int DEFAULT 0, ADD b bool DEFAULT false, ADD c text NULL;",
  ]);
  assert.deepEqual(await notes("ADD phone varchar(20), ADD left_at timestamptz, ADD b int NULL"), [
    "phone: ALTER TABLE users ADD phone varchar(20) NULL, ADD left_at timestamptz, ADD b int NULL;",
  ]);
  const silent = [
    "ADD left_at int, ADD team_id bigint, ADD owner uuid, ADD more jsonb",
    "ADD n int CHECK (n > 0)",
    "ADD n int, ADD CONSTRAINT n_positive CHECK (n > 0) NOT VALID",
    "ADD n int, ALTER n SET NOT NULL",
    "ADD n int, ADD UNIQUE (id, n)",
    "ADD n int, ADD FOREIGN KEY (n) REFERENCES users",
    "ADD mail email",
  ];
  for (const actions of silent) assert.deepEqual(await notes(actions), [], actions);
});

Deno.test("lint proposes CONCURRENTLY nowhere where the server refuses it", async () => {
  const partitioned =
    "CREATE TABLE logs (id int) PARTITION BY LIST (id); CREATE TABLE logs_d PARTITION OF logs DEFAULT;";
  const safeForms = async (text: string) => {
    const found = await lintTexts([BEFORE, partitioned, text], { postgresVersion: 14, before: 2, rules: RULES });
    assert(found.every(({ fix }) => fix === null));
    return new Map(found.map(({ finding: { rule, safeForm } }) => [rule, safeForm]));
  };
  const both = ["concurrently-in-transaction", "concurrently-refused"];
  const index = "CREATE INDEX CONCURRENTLY events_at ON events (at);";
  for (const directive of ["", "-- pgmigrate: no-transaction\n"]) {
    const rules = directive === "" ? both : both.slice(1);
    const indexForms = await safeForms(directive + index);
    assert.deepEqual([...indexForms.keys()], rules);
    for (const form of indexForms.values()) assert.match(form!, /^CREATE INDEX events_at ON ONLY events \(at\);$/m);
    const detachForms = await safeForms(`${directive}ALTER TABLE logs DETACH PARTITION logs_d CONCURRENTLY;`);
    assert.deepEqual([...detachForms], rules.map((rule) => [rule, null]));
    const refresh = await safeForms(`${directive}REFRESH MATERIALIZED VIEW CONCURRENTLY later;`);
    assert.deepEqual([...refresh], [["concurrently-refused", "REFRESH MATERIALIZED VIEW later;"]]);
  }
  const only = await safeForms("-- pgmigrate: no-transaction\nCREATE INDEX CONCURRENTLY ON ONLY events (at);");
  assert.deepEqual([...only.values()], ["CREATE INDEX ON ONLY events (at);"]);
});

Deno.test("lint moves nothing into a transaction that no transaction takes", async () => {
  const text =
    "ALTER TABLE users ADD COLUMN n int NULL;\nCREATE INDEX CONCURRENTLY users_n ON users (n);\nVACUUM users;";
  assert.deepEqual((await findings(text)).map(({ rule }) => rule), [
    "concurrently-in-transaction",
    "concurrently-in-transaction",
  ]);
});

Deno.test("an index of a materialized view makes nobody wait but REFRESH, which alone writes to it", async () => {
  const [found] = await findings("CREATE INDEX ON counts (n);");
  assert.match(found!.message, /^Every REFRESH of counts waits until the index is built: /);
  assert.doesNotMatch(found!.message, /INSERT/);
});

Deno.test("of a view that is dropped no rows are said to be lost, and CASCADE says what else goes", async () => {
  const message = async (text: string) => (await findings(text)).find(({ rule }) => rule === "drop-table")!.message;
  assert.equal(await message("DROP VIEW names;"), "Programs that use names fail as soon as this is committed.");
  assert.equal(
    await message("DROP MATERIALIZED VIEW counts;"),
    "Programs that use counts fail as soon as this is committed.",
  );
  assert.match(await message("DROP TABLE users CASCADE;"), /rows are lost\. CASCADE drops later and names as well\.$/);
  assert.match(
    await message("DROP SCHEMA app CASCADE;"),
    /^Programs that use app\.jobs fail .*, and the rows are lost: /,
  );
});
