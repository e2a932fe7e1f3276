import assert from "node:assert/strict";
import { createDirectory, type FileContents } from "./directory.ts";
import { assertDone, linesOf, resultOf, steady } from "./pgmigrate.ts";
import { runProgram } from "./program.ts";

/** Nobody listens there. */
const UNREACHABLE = "postgres://nobody@127.0.0.1:1/nothing";

async function project(files: FileContents) {
  const directory = await createDirectory(files);
  return {
    directory,
    check: (...args: readonly string[]) =>
      runProgram(["check", ...args], { cwd: directory.path, env: { DATABASE_URL: UNREACHABLE } }),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

/** What became of each migration: `001_a.sql passed`. */
function states(stdout: string): readonly string[] {
  return linesOf(stdout, "migration").map(({ name, state }) => `${name} ${state}`);
}

function errors(stdout: string): readonly (readonly unknown[])[] {
  return linesOf(stdout, "error").map(({ code, file, line, column }) => [code, file, line, column]);
}

/** Finds nothing here: for tests of what is said beside findings. */
const HARDLY_LINTED = ["--rule", "unused-ignore"];

const GOOD = {
  "001_users.sql": "CREATE TABLE users (id bigint PRIMARY KEY);\nDO $$ BEGIN RAISE NOTICE 'made'; END $$;\n",
  "2_index.sql": "-- pgmigrate: no-transaction\nCREATE INDEX CONCURRENTLY users_idx ON users (id);\n",
  "010_copy.sql": "COPY users FROM stdin;\n1\n2\n\\.\n",
};

Deno.test("check applies every file from nothing on the embedded PostgreSQL, whatever DATABASE_URL is", async () => {
  await using files = await project(GOOD);
  const json = await files.check("--json", "--table", "app.migrations");
  assertDone(json);
  assert.deepEqual(linesOf(json.stdout, "migration"), [
    { event: "migration", version: "1", name: "001_users.sql", state: "passed" },
    { event: "migration", version: "2", name: "2_index.sql", state: "passed" },
    { event: "migration", version: "10", name: "010_copy.sql", state: "passed" },
  ]);
  const { ok, exit_code, passed, failed, inconclusive, embedded } = resultOf(json.stdout);
  assert.deepEqual({ ok, exit_code, passed, failed, inconclusive, embedded }, {
    ...{ ok: true, exit_code: 0, passed: ["1", "2", "10"], failed: [], inconclusive: [], embedded: true },
  });
  assert.deepEqual(Array.from(Deno.readDirSync(files.directory.path), ({ name }) => name), ["migrations"]);
});

Deno.test("a migration that fails is shown where it failed, and nothing is known of those behind it", async () => {
  await using files = await project({
    "001_a.sql": "CREATE TABLE a (n int);\n",
    "002_b.sql": "CREATE TABLE b (n int);\nINSERT INTO a VALUES (1);\nSELECT nothing FROM a;\n",
    "003_c.sql": "CREATE TABLE c ();\n",
  });
  const { code, stdout, stderr } = await files.check(...HARDLY_LINTED);
  assert.equal(code, 7);
  assert.deepEqual(
    steady(stdout),
    [
      "passed        001_a.sql",
      "failed        002_b.sql",
      "inconclusive  003_c.sql: 002_b.sql failed",
      "1 of 3 migrations passed on PostgreSQL 18.3 (embedded) in DURATION; 1 failed and 1 is inconclusive.",
      "",
    ].join("\n"),
  );
  assert.equal(
    stderr,
    [
      "",
      'error: column "nothing" does not exist [42703]',
      "  --> migrations/002_b.sql:3:8",
      "   |",
      " 3 | SELECT nothing FROM a;",
      "   |        ^",
      "",
    ].join("\n"),
  );
});

Deno.test("all mistakes that the parser finds are told, and the files before the first of them are tried", async () => {
  await using files = await project({
    "001_a.sql": "CREATE TABLE a ();\n",
    "002_b.sql": "CREATE TABLE b (;\n",
    "003_c.sql": "CREATE TABLE c ();\n",
    "004_d.sql": "SELECT 1;\nCOMMIT;\n",
  });
  const { code, stdout } = await files.check("--json");
  assert.equal(code, 7);
  assert.deepEqual(states(stdout), [
    "001_a.sql passed",
    "002_b.sql failed",
    "003_c.sql inconclusive",
    "004_d.sql failed",
  ]);
  assert.deepEqual(errors(stdout), [
    ["syntax-error", "migrations/002_b.sql", 1, 17],
    ["transaction-control", "migrations/004_d.sql", 2, 1],
  ]);
  assert.deepEqual(resultOf(stdout).failed, ["2", "4"]);
  assert.doesNotMatch(stdout, /Nothing was applied/);
});

const INCONCLUSIVE = {
  "001_a.sql": "CREATE TABLE a (n int);\nDO $$ BEGIN RAISE WARNING 'careful'; END $$;\n",
  "002_places.sql": "CREATE TABLE never ();\nCREATE EXTENSION postgis;\nCREATE TABLE places (at geometry);\n",
  "003_more.sql": "ALTER TABLE places ADD COLUMN n int;\n",
  "004_fine.sql": "ALTER TABLE a ADD COLUMN m int;\n",
  "005_grant.sql": "CREATE TABLE e ();\nGRANT SELECT ON a TO web;\n",
  "006_after.sql": "DROP TABLE e;\n",
};

Deno.test("what the embedded PostgreSQL has not is named, and its migration is inconclusive, not passed", async () => {
  await using files = await project(INCONCLUSIVE);
  const { code, stdout, stderr } = await files.check("--format", "github", ...HARDLY_LINTED);
  assert.equal(code, 0);
  const needs = (need: string) => `needs ${need}, which the embedded PostgreSQL has not`;
  assert.deepEqual(steady(stdout).split("\n").filter((line) => !line.startsWith("::")), [
    "passed        001_a.sql",
    `inconclusive  002_places.sql: ${needs("the extension postgis")} (line 2)`,
    'inconclusive  003_more.sql: relation "places" does not exist, and line 3 of 002_places.sql could not be tried (line 1)',
    "passed        004_fine.sql",
    `inconclusive  005_grant.sql: ${needs("the role web")} (line 2)`,
    "passed        006_after.sql",
    "3 of 6 migrations passed on PostgreSQL 18.3 (embedded) in DURATION; 3 are inconclusive.",
    "Nothing is known of what is inconclusive. To try it on a server: pgmigrate check --database-url URL",
    "",
  ]);
  assert.match(
    stdout,
    /\n::warning file=migrations\/002_places\.sql,line=2,title=pgmigrate%3A inconclusive::002_places\.sql is inconclusive: needs the extension postgis/,
  );
  assert.equal(stderr, "warning: 001_a.sql: careful\n");
});

Deno.test("check --strict exits with 7 for inconclusive migrations", async () => {
  await using files = await project(INCONCLUSIVE);
  const { code, stdout } = await files.check("--strict", "--json", ...HARDLY_LINTED);
  assert.equal(code, 7);
  assert.deepEqual(linesOf(stdout, "error"), []);
  const [, places, more, , grant] = linesOf(stdout, "migration");
  assert.deepEqual([places!.state, places!.line, more!.state, grant!.state], [
    "inconclusive",
    2,
    "inconclusive",
    "inconclusive",
  ]);
  assert.match(String(places!.reason), /extension postgis/);
  assert.deepEqual(resultOf(stdout).inconclusive, ["2", "3", "5"]);
});

Deno.test("roles that are missing are made for what comes after, where what fails then is a failure", async () => {
  await using files = await project({
    "001_a.sql": 'CREATE TABLE a (n int);\nGRANT SELECT ON a TO web;\nALTER TABLE a OWNER TO "the owner";\n',
    "002_web.sql": "CREATE TABLE b ();\nSET LOCAL ROLE web;\nDROP TABLE b;\n",
    "003_both.sql": "GRANT SELECT ON a TO pg_no_such_role;\n",
    "004_fine.sql": "ALTER TABLE a ADD COLUMN m int;\n",
  });
  const { code, stdout } = await files.check("--json", ...HARDLY_LINTED);
  assert.equal(code, 0, stdout);
  const has = "which the embedded PostgreSQL has not";
  assert.deepEqual(linesOf(stdout, "migration").map(({ state, line, reason }) => [state, line, reason]), [
    ["inconclusive", 2, `needs the role web and the role the owner, ${has}`],
    ["inconclusive", 3, "must be owner of table b, and the role web has no rights here"],
    ["inconclusive", 1, `needs the role pg_no_such_role, ${has}`],
    ["passed", undefined, undefined],
  ]);
  await files.directory.write("002_web.sql", "SELECT nothing FROM a;\n");
  const failing = await files.check("--json", ...HARDLY_LINTED);
  assert.equal(failing.code, 7);
  assert.deepEqual(states(failing.stdout).slice(0, 2), ["001_a.sql inconclusive", "002_web.sql failed"]);
});

const CRON = { "001_cron.sql": "CREATE EXTENSION pg_cron;\n", "002_users.sql": "CREATE TABLE users (id int);\n" };

/** What the embedded PostgreSQL lacks, behind CREATE EXTENSION pg_cron and a table users: state, and error or reason. */
const BEHIND_A_GAP: readonly (readonly [title: string, files: FileContents, told: readonly string[]])[] = [
  ["a table that nothing makes", { "003_a.sql": "ALTER TABLE usrs ADD COLUMN n int;\n" }, [
    'failed relation "usrs" does not exist',
  ]],
  ["a table that is there already", { "003_a.sql": "CREATE TABLE users (id int);\n" }, [
    'failed relation "users" already exists',
  ]],
  ["a column that its table has not", { "003_a.sql": "CREATE INDEX ON users (emial);\n" }, [
    'failed column "emial" does not exist',
  ]],
  ["a column that is there already", { "003_a.sql": "ALTER TABLE users ADD COLUMN id int;\n" }, [
    'failed column "id" of relation "users" already exists',
  ]],
  ["two rows of one key", { "003_a.sql": "CREATE TABLE k (n int PRIMARY KEY);\nINSERT INTO k VALUES (1), (1);\n" }, [
    'failed duplicate key value violates unique constraint "k_pkey"',
  ]],
  ["a function that is no extension's", { "003_a.sql": "SELECT lower(1);\n" }, [
    "failed function lower(integer) does not exist",
  ]],
  ["the extension's own functions, and the rest of their file", {
    "003_a.sql": "SELECT cron.schedule('* * * * *', 'VACUUM');\nCREATE TABLE made ();\n",
    "004_b.sql": "ALTER TABLE made ADD COLUMN n int;\n",
    "005_c.sql": "ALTER TABLE made ADD COLUMN n int;\n",
  }, [
    'inconclusive schema "cron" does not exist, which may be of the extension pg_cron',
    "passed ",
    'failed column "n" of relation "made" already exists',
  ]],
  ["a column of a type that is not there", {
    "003_a.sql": "CREATE EXTENSION postgis;\nALTER TABLE users ADD COLUMN at geometry, ADD COLUMN n int;\n",
    "004_b.sql": "CREATE INDEX ON users (n);\n",
    "005_c.sql": "CREATE VIEW v AS SELECT u.at FROM users u;\n",
    "006_d.sql": "COMMENT ON VIEW v IS 'where they are';\n",
    "007_e.sql": "CREATE INDEX ON users (m);\n",
  }, [
    "inconclusive needs the extension postgis, which the embedded PostgreSQL has not",
    'inconclusive column "n" does not exist, and line 2 of 003_a.sql could not be tried',
    "inconclusive column u.at does not exist, and line 2 of 003_a.sql could not be tried",
    'inconclusive relation "v" does not exist, and line 1 of 005_c.sql could not be tried',
    'failed column "m" does not exist',
  ]],
  ["a type that was missing before any extension was", {
    "003_a.sql": "ALTER TABLE users ADD COLUMN at nothing, ADD PRIMARY KEY (id);\nCREATE EXTENSION postgis;\n",
  }, ['failed type "nothing" does not exist']],
  ["what fails for want of a constraint", {
    "003_a.sql": "CREATE EXTENSION postgis;\nALTER TABLE users ADD COLUMN at geometry, ADD PRIMARY KEY (id);\n",
    "004_b.sql": "CREATE TABLE posts (author int REFERENCES users (id));\n",
    "005_c.sql": "CREATE TABLE a (n int);\nCREATE TABLE b (n int REFERENCES a (n));\n",
  }, [
    "inconclusive needs the extension postgis, which the embedded PostgreSQL has not",
    'inconclusive there is no unique constraint matching given keys for referenced table "users", and line 2 of ' +
    "003_a.sql could not be tried",
    'failed there is no unique constraint matching given keys for referenced table "a"',
  ]],
];

for (const [title, more, told] of BEHIND_A_GAP) {
  Deno.test(`check, behind an extension that the embedded PostgreSQL has not: ${title}`, async () => {
    await using files = await project({ ...CRON, ...more });
    const { code, stdout } = await files.check("--json", ...HARDLY_LINTED);
    const messages = linesOf(stdout, "error").map(({ message }) => message);
    const [cron, users, ...rest] = linesOf(stdout, "migration");
    assert.deepEqual([cron!.state, users!.state], ["inconclusive", "passed"]);
    assert.deepEqual(rest.map(({ state, reason }) => `${state} ${reason ?? (state === "failed" ? messages[0] : "")}`), [
      ...told,
    ]);
    assert.equal(code, told.some((one) => one.startsWith("failed")) ? 7 : 0);
  });
}

Deno.test("a file that ends the embedded PostgreSQL is inconclusive, and so are those behind it", async () => {
  await using files = await project({
    "001_a.sql": "CREATE TABLE a (n int);\n",
    "002_b.sql": "COPY a FROM PROGRAM 'cat';\n",
    "003_c.sql": "CREATE TABLE c ();\n",
  });
  const { code, stdout } = await files.check("--json");
  assert.equal(code, 0, stdout);
  assert.deepEqual(states(stdout), ["001_a.sql passed", "002_b.sql inconclusive", "003_c.sql inconclusive"]);
});

Deno.test("what two files mean must be certain before anything else is looked at", async () => {
  await using files = await project({ "1_a.sql": "SELECT 1;\n", "001_b.sql": "SELECT nothing;\n" });
  const { code, stdout } = await files.check("--json");
  assert.equal(code, 2);
  assert.deepEqual(errors(stdout).map(([code]) => code), ["duplicate-version"]);
  assert.deepEqual(states(stdout), []);
});

Deno.test("check takes no embedded database that is kept, and makes none", async () => {
  await using files = await project({ "001_a.sql": "SELECT 1;\n" });
  const { code, stderr } = await files.check("-d", "embedded:data");
  assert.equal(code, 2);
  assert.match(
    stderr,
    /^error: check cannot work on an embedded database that is kept\nhint: Leave --database-url out/,
  );
  assert.deepEqual(Array.from(Deno.readDirSync(files.directory.path), ({ name }) => name), ["migrations"]);
});

const LINTED = {
  "001_a.sql": "CREATE TABLE a (n int);\n",
  "002_b.sql": "-- pgmigrate: ignore=no-such-rule because\nCREATE TABLE b ();\n",
  "003_c.sql": "-- pgmigrate: ignore=transaction-in-file because\nCREATE TABLE c ();\n",
};

Deno.test("check lints, and tries all migrations where lint finds an error too", async () => {
  await using files = await project(LINTED);
  const { code, stdout } = await files.check("--json");
  assert.equal(code, 7);
  assert.deepEqual(linesOf(stdout, "finding").map(({ rule, severity, file, line }) => [rule, severity, file, line]), [
    ["unknown-rule", "error", "migrations/002_b.sql", 1],
    ["unused-ignore", "warning", "migrations/003_c.sql", 1],
  ]);
  assert.deepEqual(states(stdout), ["001_a.sql passed", "002_b.sql passed", "003_c.sql passed"]);
  const { ok, findings } = resultOf(stdout);
  assert.deepEqual({ ok, findings }, { ok: false, findings: { error: 1, warning: 1, info: 0 } });
});

Deno.test("check leaves out rules that are disabled, and writes SARIF", async () => {
  await using files = await project({ ...LINTED, "004_d.sql": "CREATE TABLE d (;\n" });
  const args = ["--disable", "unknown-rule"];
  const { code, stdout } = await files.check(...args, "--format", "sarif");
  assert.equal(code, 7);
  const [{ results, tool }] = JSON.parse(stdout).runs;
  assert.deepEqual(results.map(({ ruleId, level }: Record<string, string>) => [ruleId, level]), [
    ["unused-ignore", "warning"],
    ["syntax-error", "error"],
  ]);
  assert.ok(tool.driver.rules.length > 2, "the rules that were applied are told");
  const wrong = await files.check("--rule", "unused-ignored");
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /unused-ignore\b/);
});
