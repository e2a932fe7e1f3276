import assert from "node:assert/strict";
import { assertDone, createProject, jsonLines, linesOf, resultOf, steady } from "./pgmigrate.ts";
import { sharedServer, sharedServers } from "./servers/mod.ts";

const server = await sharedServer("15");

const BROKEN = `CREATE TABLE lost (id int);
INSERT INTO users VALUES (2, 'second');

-- äöü: columns count characters, not bytes
INSERT INTO users (id, email)
  VALUES ('🐘'::text, nonsense);
`;

for (const server of await sharedServers()) {
  Deno.test(`a failing migration is rolled back and shown where it failed, on server ${server.version}`, async () => {
    await using project = await createProject(server, {
      "001_users.sql": "CREATE TABLE users (id int PRIMARY KEY, email text);\nINSERT INTO users VALUES (1, 'first');\n",
      "002_broken.sql": BROKEN,
      "003_after.sql": "CREATE TABLE after ()",
    });
    const { code, stdout, stderr } = await project.run(["up"]);
    assert.deepEqual({ code, stdout }, { code: 1, stdout: "" });
    assert.equal(
      steady(stderr),
      [
        "  1/3  001_users.sql  DURATION",
        "  2/3  002_broken.sql     failed",
        "",
        'error: column "nonsense" does not exist [42703]',
        "  --> migrations/002_broken.sql:6:22",
        "   |",
        " 6 |   VALUES ('🐘'::text, nonsense);",
        // The elephant is two columns wide on a terminal, and one character.
        "   |                       ^",
        "Nothing of 002_broken.sql was kept. The database is at version 1; 2 migrations are pending.",
        "",
      ].join("\n").replace("001_users.sql  DURATION", "001_users.sql DURATION"),
    );
    assert.deepEqual(await project.applied(), ["1"]);
    assert.deepEqual(await project.query("SELECT id FROM users"), [{ id: 1 }]);
    assert.deepEqual(
      await project.query(
        "SELECT to_regclass('lost') AS lost, to_regclass('after') AS after, (SELECT count(*)::int FROM schema_migrations_unfinished) AS begun",
      ),
      [{ lost: null, after: null, begun: 0 }],
    );

    await project.directory.write("002_broken.sql", BROKEN.replace("'🐘'::text, nonsense", "3, 'third'"));
    const repaired = await project.run(["up"]);
    assertDone(repaired);
    assert.match(repaired.stdout, /^Applied 2 migrations in .* The database is at version 3\.\n$/);
  });
}

Deno.test("a failing migration is an annotation at its line for GitHub", async () => {
  await using project = await createProject(server, {
    "001_a.sql": "CREATE TABLE a (n int);\n",
    "002_b,50%.sql": "SELECT 1;\nSELECT missing FROM a;\n",
  });
  const { code, stdout, stderr } = await project.run(["up", "--format", "github"]);
  assert.equal(code, 1);
  assert.equal(
    stdout,
    "::error file=migrations/002_b%2C50%25.sql,line=2,col=8,title=pgmigrate%3A migration-failed::" +
      'column "missing" does not exist [42703]%0A' +
      "Nothing of 002_b,50%25.sql was kept. The database is at version 1; 1 migration is pending.\n",
  );
  assert.match(stderr, /\nerror: column "missing" does not exist \[42703\]\n +--> migrations\/002_b,50%\.sql:2:8\n/);
});

Deno.test("a failing migration is told in JSON in the order in which it happened", async () => {
  await using project = await createProject(server, {
    "001_a.sql": "CREATE TABLE a (n int UNIQUE);\n",
    "002_b.sql": "INSERT INTO a VALUES (1);\n\nINSERT INTO a\n  VALUES (1);\n",
    "003_c.sql": "CREATE TABLE c ();\n",
  });
  const { code, stdout, stderr } = await project.run(["up", "--json"]);
  assert.deepEqual({ code, stderr }, { code: 1, stderr: "" });
  const lines = jsonLines(stdout);
  assert.deepEqual(
    lines.map(({ event, version, code }) => [event, version, code].filter((part) => part !== undefined).join(" ")),
    [
      "run_started ",
      "migration_started 1",
      "migration_applied 1",
      "migration_started 2",
      "migration_failed 2",
      "error migration-failed",
      "result 1",
    ],
  );
  assert.deepEqual(lines[5], {
    event: "error",
    code: "migration-failed",
    message: 'duplicate key value violates unique constraint "a_n_key"',
    file: "migrations/002_b.sql",
    // The server gives no position: the statement that failed is counted, and the parser says where it stands.
    line: 3,
    column: 1,
    source_line: "INSERT INTO a",
    sqlstate: "23505",
    detail: "Key (n)=(1) already exists.",
    state: "Nothing of 002_b.sql was kept. The database is at version 1; 2 migrations are pending.",
  });
  const { ok, exit_code, applied, pending, version } = resultOf(stdout);
  assert.deepEqual({ ok, exit_code, applied, pending, version }, {
    ok: false,
    exit_code: 1,
    applied: ["1"],
    pending: ["2", "3"],
    version: "1",
  });
});

Deno.test("the first migration that fails leaves a database without migrations", async () => {
  await using project = await createProject(server, { "001_a.sql": "SELECT 1 / 0" });
  const { code, stderr } = await project.run(["up"]);
  assert.equal(code, 1);
  assert.match(stderr, /error: division by zero \[22012\]\n/);
  assert.match(
    stderr,
    /\nNothing of 001_a\.sql was kept\. Nothing is applied yet; 1 migration is pending\.\n$/,
  );
});

Deno.test("an error without a position is shown at the statement that failed", async () => {
  const taken = "CREATE TABLE a ();";
  for (const [before, line] of [[0, 2], [2, 4], [3, 5]] as const) {
    const ones = "SELECT 1;\n".repeat(before);
    await using project = await createProject(server, {
      "001_a.sql": taken,
      "002_b.sql": `-- four statements\n${ones}  ${taken}\nSELECT 1;\n`,
    });
    const { stdout } = await project.run(["up", "--json"]);
    const { file, line: shown, column } = linesOf(stdout, "error")[0]!;
    assert.deepEqual({ file, line: shown, column }, { file: "migrations/002_b.sql", line, column: 3 });
  }
});

Deno.test("detail and hint of the server are shown", async () => {
  await using project = await createProject(server, {
    "001_a.sql":
      "DO $$ BEGIN\n  RAISE EXCEPTION 'no such thing' USING DETAIL = 'line one\nline two', HINT = 'try another';\nEND $$",
  });
  const { stderr } = await project.run(["up"]);
  assert.match(stderr, /\ndetail: line one\n {6}\| line two\n/);
  assert.match(stderr, /\nhint: try another\n/);
  assert.match(stderr, /\ncontext: PL\/pgSQL function inline_code_block line 2 at RAISE\n/);
});

Deno.test("an error inside a function shows the call stack and the query", async () => {
  await using project = await createProject(server, {
    "001_a.sql": `CREATE FUNCTION outer_one() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM missing_column FROM pg_class;
END $$;

SELECT outer_one();
`,
  });
  const { code, stderr } = await project.run(["up"]);
  assert.equal(code, 1);
  assert.match(stderr, /error: column "missing_column" does not exist \[42703\]\n +--> migrations\/001_a\.sql:6:1\n/);
  assert.match(stderr, /\ncontext: PL\/pgSQL function outer_one\(\) line 3 at PERFORM\n/);
  assert.match(stderr, /SELECT missing_column FROM pg_class/);
});

Deno.test("a syntax error in the fifth file stops the run before the first, and all of them are shown", async () => {
  const files = Object.fromEntries(
    ["a", "b", "c", "d"].map((name, i) => [`00${i + 1}_${name}.sql`, `CREATE TABLE ${name} ()`]),
  );
  await using project = await createProject(server, {
    ...files,
    "005_e.sql": "CREATE TABLE e ();\n\n  SELEC 'ä' FROM e;\n",
    "006_f.sql": "CREATE TABLE f (",
  });
  const { code, stdout, stderr } = await project.run(["up"]);
  assert.deepEqual({ code, stdout }, { code: 1, stdout: "" });
  assert.match(
    stderr,
    /^error: Syntax error at or near "SELEC" \[42601\]\n +--> migrations\/005_e\.sql:3:3\n +\|\n +3 \| {3}SELEC 'ä' FROM e;\n +\| {3}\^\n/,
  );
  assert.match(stderr, /\nerror: Syntax error at end of input \[42601\]\n +--> migrations\/006_f\.sql:1:17\n/);
  assert.match(stderr, /--no-parse/);
  assert.match(stderr, /\nNothing was applied\.\n$/);
  const tables = await project.query(
    "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname ~ '^[a-f]$'",
  );
  assert.deepEqual(tables, []);
  const json = await project.run(["up", "--json"]);
  assert.deepEqual(
    linesOf(json.stdout, "error").map(({ code, file, line, column }) => ({ code, file, line, column })),
    [
      { code: "syntax-error", file: "migrations/005_e.sql", line: 3, column: 3 },
      { code: "syntax-error", file: "migrations/006_f.sql", line: 1, column: 17 },
    ],
  );
  assert.deepEqual(await project.query("SELECT to_regclass('a') AS a"), [{ a: null }]);
});

Deno.test("failures 11: a deferred constraint that fails is this migration's failure, and is rolled back", async () => {
  await using project = await createProject(server, {
    "001_a.sql": `CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE child (parent int REFERENCES parent DEFERRABLE INITIALLY DEFERRED);`,
    "002_b.sql": "INSERT INTO child VALUES (7);\n",
    "003_c.sql": "CREATE TABLE c ()",
  });
  const { code, stderr } = await project.run(["up"]);
  assert.equal(code, 1);
  assert.match(stderr, /error: insert or update on table "child" violates foreign key constraint .* \[23503\]\n/);
  assert.match(stderr, /\n +--> migrations\/002_b\.sql\n/, "no statement of the file failed");
  assert.match(stderr, /detail: Key \(parent\)=\(7\) is not present in table "parent"\.\n/);
  assert.match(
    stderr,
    /\nNothing of 002_b\.sql was kept\. The database is at version 1; 2 migrations are pending\.\n$/,
  );
  assert.deepEqual(await project.query("SELECT * FROM child"), []);
  assert.deepEqual(await project.applied(), ["1"]);
});

Deno.test("failures 10: a file with its own BEGIN and COMMIT round the whole runs in the one transaction", async () => {
  await using project = await createProject(server, {
    "001_a.sql": "-- as many write it\nBEGIN;\nCREATE TABLE a (n int);\nCOMMIT;\n",
    "002_b.sql": "BEGIN;\nCREATE TABLE b ();\nSELECT nothing FROM a;\nCOMMIT;\n",
  });
  const { code, stderr } = await project.run(["up"]);
  assert.equal(code, 1);
  assert.match(stderr, /error: column "nothing" does not exist \[42703\]\n +--> migrations\/002_b\.sql:3:8\n/);
  assert.deepEqual(await project.applied(), ["1"]);
  assert.deepEqual(await project.query("SELECT to_regclass('b') AS b"), [{ b: null }]);
});

Deno.test("failures 10: transaction control in the middle of a file is refused with its line before anything runs", async () => {
  await using project = await createProject(server, {
    "001_a.sql": "CREATE TABLE a ();\n",
    "002_b.sql": "CREATE TABLE b ();\nCOMMIT;\nCREATE TABLE c ();\n",
    "003_c.sql": "BEGIN;\nCREATE TABLE d ();\n",
    "004_d.sql": "CREATE TABLE e (n int);\nCREATE INDEX CONCURRENTLY ON e (n);\n",
  });
  const { code, stdout } = await project.run(["up", "--json"]);
  assert.equal(code, 1);
  assert.deepEqual(linesOf(stdout, "error").map(({ code, file, line }) => ({ code, file, line })), [
    { code: "transaction-control", file: "migrations/002_b.sql", line: 2 },
    { code: "transaction-control", file: "migrations/003_c.sql", line: 1 },
    { code: "needs-no-transaction", file: "migrations/004_d.sql", line: 2 },
  ]);
  assert.deepEqual(await project.query("SELECT to_regclass('a') AS a"), [{ a: null }]);
});

Deno.test("failures 10: a COMMIT that the parser was not asked to find stops the run and says that a part was kept", async () => {
  await using project = await createProject(server, {
    "001_a.sql": "CREATE TABLE a ();\nCOMMIT;\nCREATE TABLE b ();\n",
    "002_b.sql": "CREATE TABLE c ();\n",
  });
  const { code, stderr } = await project.run(["up", "--no-parse"]);
  assert.equal(code, 1);
  assert.match(stderr, /error: migrations\/001_a\.sql ended the transaction that it ran in\n/);
  assert.match(stderr, /What 001_a\.sql did before it stopped was kept\./);
  assert.deepEqual(await project.applied(), []);
  assert.deepEqual(await project.query("SELECT name FROM schema_migrations_unfinished"), [{ name: "001_a.sql" }]);
  const again = await project.run(["up", "--no-parse"]);
  assert.equal(again.code, 1);
  assert.match(again.stderr, /^error: 001_a\.sql has begun and not ended: how much of it was done is not known\n/);
  assert.match(again.stderr, /pgmigrate up --retry 1\. When all of it is there: pgmigrate up --mark-applied 1\n/);
  assert.deepEqual(await project.query("SELECT to_regclass('c') AS c"), [{ c: null }]);
});
