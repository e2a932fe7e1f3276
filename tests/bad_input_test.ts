import assert from "node:assert/strict";
import { createDirectory } from "./directory.ts";
import { assertDone, createProject, linesOf, type Project } from "./pgmigrate.ts";
import { runProgram } from "./program.ts";
import { sharedServer } from "./servers/mod.ts";

const server = await sharedServer("18");

const GOOD = "CREATE TABLE good ();\n";

/** Where a run fails before it needs a database, none has to be there: nothing listens on this port. */
const NO_DATABASE = { DATABASE_URL: "postgres://nobody@127.0.0.1:1/nothing" };

interface Expected {
  readonly exitCode: number;
  readonly code: string;
  readonly text: RegExp;
}

/** Every command that reads the files must refuse them, in words and in JSON, before it connects to anything. */
async function assertRefused(cwd: string, { exitCode, code, text }: Expected, commands = ["up", "status"]) {
  for (const command of commands) {
    const human = await runProgram([command], { cwd, env: NO_DATABASE });
    assert.deepEqual({ code: human.code, stdout: human.stdout }, { code: exitCode, stdout: "" }, command);
    assert.match(human.stderr, text);
  }
  const json = await runProgram(["up", "--json"], { cwd, env: NO_DATABASE });
  assert.equal(json.stderr, "");
  assert.equal(linesOf(json.stdout, "error")[0]!.code, code);
}

async function assertNothingApplied(project: Project) {
  assert.deepEqual(await project.query("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"), []);
}

Deno.test("without a database every command says how to name one, and none is chosen silently", async () => {
  await using directory = await createDirectory({ "001_a.sql": GOOD });
  for (const command of ["up", "status", "verify"]) {
    const { code, stdout, stderr } = await runProgram([command], { cwd: directory.path });
    assert.deepEqual({ code, stdout }, { code: 2, stdout: "" });
    assert.match(stderr, /^error: No database was given\nhint: .*DATABASE_URL.*--database-url.*embedded:/);
  }
});

Deno.test("a migrations directory that is not there, is a file, or is empty is refused", async () => {
  await using directory = await createDirectory({});
  await Deno.writeTextFile(`${directory.path}/file`, "");
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ["nowhere", "directory-missing", /^error: The migrations directory nowhere does not exist\nhint: .*--migrations/],
    ["file", "directory-is-a-file", /^error: file is a file, not a directory of migrations\n/],
    [
      "migrations",
      "no-migrations",
      /^error: The migrations directory migrations holds no migrations\nhint: .*NNN_name\.sql/,
    ],
  ];
  for (const [name, code, text] of cases) {
    const options = { cwd: directory.path, env: NO_DATABASE };
    const human = await runProgram(["up", "-m", name], options);
    assert.deepEqual({ code: human.code, stdout: human.stdout }, { code: 2, stdout: "" });
    assert.match(human.stderr, text);
    const json = await runProgram(["up", "--json", `--migrations=${name}`], options);
    assert.equal(linesOf(json.stdout, "error")[0]!.code, code);
  }
});

Deno.test({
  name: "a directory or a file that may not be read is refused",
  ignore: Deno.build.os === "windows" || Deno.uid() === 0,
  async fn() {
    await using directory = await createDirectory({ "001_a.sql": GOOD });
    await Deno.chmod(`${directory.path}/migrations/001_a.sql`, 0);
    await assertRefused(directory.path, {
      exitCode: 2,
      code: "file-unreadable",
      text: /^error: Cannot read migrations\/001_a\.sql: /,
    });
    await Deno.chmod(`${directory.path}/migrations`, 0);
    await assertRefused(directory.path, {
      exitCode: 2,
      code: "directory-unreadable",
      text: /^error: Cannot read the migrations directory migrations: /,
    });
    await Deno.chmod(`${directory.path}/migrations`, 0o700);
  },
});

Deno.test({
  name: "a file whose reading fails is refused for every user",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using directory = await createDirectory({ "001_a.sql": GOOD });
    // A file that even root cannot read from its beginning: nothing is mapped at address 0.
    await Deno.symlink("/proc/self/mem", `${directory.path}/migrations/002_memory.sql`);
    const { code, stdout, stderr } = await runProgram(["up"], { cwd: directory.path, env: NO_DATABASE });
    assert.deepEqual({ code, stdout }, { code: 2, stdout: "" });
    assert.match(stderr, /^error: Cannot read migrations\/002_memory\.sql: /);
  },
});

Deno.test("a directory whose name is too long is refused", async () => {
  await using directory = await createDirectory({});
  const options = { cwd: directory.path, env: NO_DATABASE };
  const { code, stdout, stderr } = await runProgram(["up", "-m", "x".repeat(300)], options);
  assert.deepEqual({ code, stdout }, { code: 2, stdout: "" });
  assert.match(stderr, /^error: Cannot read the migrations directory x+: /);
});

Deno.test("an empty directory with files of other names lists them", async () => {
  await using directory = await createDirectory({ "create_users.sql": GOOD, "1.sql": GOOD, "001_a.SQL.bak": GOOD });
  const { code, stderr } = await runProgram(["up"], { cwd: directory.path, env: NO_DATABASE });
  assert.equal(code, 2);
  assert.match(stderr, /ignored: 001_a\.SQL\.bak\n.*ignored: 1\.sql\n.*ignored: create_users\.sql\n/);
});

Deno.test("failures 24: two files of one version, a version of 0 and one past 2^63-1 are refused, all at once", async () => {
  await using directory = await createDirectory({
    "000_zero.sql": GOOD,
    "1_a.sql": GOOD,
    "001_b.sql": GOOD,
    "9223372036854775807_last.sql": GOOD,
    "9223372036854775808_past.sql": GOOD,
  });
  await assertRefused(directory.path, {
    exitCode: 2,
    code: "bad-version",
    text: /migrations\/000_zero\.sql is not between/,
  });
  const { stdout } = await runProgram(["up", "--json"], { cwd: directory.path, env: NO_DATABASE });
  assert.deepEqual(
    linesOf(stdout, "error").map(({ code, file, items }) => [code, items ?? file]).sort(),
    [
      ["bad-version", "migrations/000_zero.sql"],
      ["bad-version", "migrations/9223372036854775808_past.sql"],
      ["duplicate-version", ["migrations/001_b.sql", "migrations/1_a.sql"]],
    ],
  );
});

Deno.test("failures 24: the highest version there is applies, and up to it in order", async () => {
  await using project = await createProject(server, {
    "9223372036854775807_last.sql": GOOD,
    "1_first.sql": "SELECT 1;",
  });
  assertDone(await project.run(["up"]));
  assert.deepEqual(await project.applied(), ["1", "9223372036854775807"]);
});

const WRONG_BYTES: readonly (readonly [string, Uint8Array, string, RegExp])[] = [
  [
    "not UTF-8",
    Uint8Array.from([...new TextEncoder().encode("-- Gr"), 0xfc, 0x2e]),
    "not-utf8",
    /^error: migrations\/002_bad\.sql is not UTF-8: invalid byte at offset 5\n/,
  ],
  [
    "with a NUL byte",
    new TextEncoder().encode("SELECT 1;\0"),
    "nul-byte",
    /^error: migrations\/002_bad\.sql holds a NUL byte at offset 9\n/,
  ],
  [
    "in UTF-16",
    Uint8Array.from([0xff, 0xfe, 0x53, 0, 0x45, 0]),
    "nul-byte",
    /^error: migrations\/002_bad\.sql holds a NUL byte at offset 3\n +-->.*\nhint: .*UTF-16/,
  ],
];

for (const [what, bytes, code, text] of WRONG_BYTES) {
  Deno.test(`failures 18: a file ${what} is refused with its offset`, async () => {
    await using directory = await createDirectory({ "001_a.sql": GOOD, "002_bad.sql": bytes });
    await assertRefused(directory.path, { exitCode: 2, code, text });
  });
}

Deno.test({
  name: "a directory, a dangling link and a circle of links that are named like migrations are refused",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using directory = await createDirectory({ "001_a.sql": GOOD });
    const migrations = `${directory.path}/migrations`;
    await Deno.mkdir(`${migrations}/002_directory.sql`);
    await Deno.symlink("nowhere", `${migrations}/003_dangling.sql`);
    await Deno.symlink("004_circle.sql", `${migrations}/004_circle.sql`);
    await Deno.symlink(".", `${migrations}/loop`);
    await assertRefused(directory.path, {
      exitCode: 2,
      code: "not-a-file",
      text: /^error: migrations\/002_directory\.sql is named like a migration, but no file can be read there\n/,
    });
    const { stdout } = await runProgram(["up", "--json"], { cwd: directory.path, env: NO_DATABASE });
    assert.deepEqual(linesOf(stdout, "error").map(({ file }) => file), [
      "migrations/002_directory.sql",
      "migrations/003_dangling.sql",
      "migrations/004_circle.sql",
    ]);
  },
});

Deno.test({
  name: "a link to a file is the file, and a link to a directory the directory",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using project = await createProject(server, {});
    await Deno.writeTextFile(`${project.directory.path}/elsewhere.sql`, GOOD);
    await Deno.symlink("../elsewhere.sql", `${project.directory.path}/migrations/001_a.sql`);
    await Deno.symlink("migrations", `${project.directory.path}/link`);
    assertDone(await project.run(["up", "-m", "link"]));
    assert.deepEqual(await project.applied(), ["1"]);
  },
});

Deno.test("unknown and misspelt directives are refused with their lines, all of them", async () => {
  await using directory = await createDirectory({
    "001_a.sql": "-- pgmigrate: no-transactions\nSELECT 1;\n",
    "002_b.sql": "-- why\n-- pgmigrate no-transaction\nSELECT 1;\n",
    "004_d.sql": "-- pgmigrate: no-transaction=yes\nSELECT 1;\n",
  });
  await assertRefused(directory.path, {
    exitCode: 2,
    code: "bad-directive",
    text: /^error: Unknown directive: -- pgmigrate: no-transactions\n +--> migrations\/001_a\.sql:1:1\n/,
  });
  const { stdout } = await runProgram(["up", "--json"], { cwd: directory.path, env: NO_DATABASE });
  assert.deepEqual(linesOf(stdout, "error").map(({ file, line, column }) => `${file}:${line}:${column}`), [
    "migrations/001_a.sql:1:1",
    "migrations/002_b.sql:2:1",
    "migrations/004_d.sql:1:1",
  ]);
});

Deno.test("a directive below the first statement is pointed out, for it may be text of the migration's own", async () => {
  await using project = await createProject(server, {
    "001_a.sql": "CREATE TABLE a (n int);\n  -- pgmigrate: no-transaction\n",
  });
  const { code, stderr } = await project.run(["up"]);
  assert.equal(code, 0);
  assert.match(stderr, /^warning: Line 2 of migrations\/001_a\.sql counts for nothing: -- pgmigrate: no-transaction\n/);
  assert.deepEqual(await project.applied(), ["1"]);
});

Deno.test({
  name: "names with spaces, quotes, newlines and every script apply, and cannot forge a line of the output",
  ignore: Deno.build.os === "windows",
  async fn() {
    const names = [
      "001_a b.sql",
      '002_it\'s "quoted".sql',
      "003_two\nlines.sql",
      "004_größe_世界_🐘.sql",
      "005_\x1b[31mred.sql",
      "006_::error::.sql",
    ];
    await using project = await createProject(server, Object.fromEntries(names.map((name) => [name, "SELECT 1;\n"])));
    const { code, stderr } = await project.run(["up"]);
    assert.equal(code, 0, stderr);
    assert.equal(stderr.trimEnd().split("\n").length, names.length, stderr);
    // deno-lint-ignore no-control-regex -- it is what must not be there
    assert.doesNotMatch(stderr, /\x1b/);
    assert.deepEqual(
      (await project.query("SELECT name FROM schema_migrations ORDER BY version")).map(({ name }) => name),
      names,
    );
    assert.equal((await project.run(["up"])).stdout, "Nothing to do. The database is at version 6.\n");
  },
});

function urlWith(change: (url: URL) => void): Readonly<Record<string, string>> {
  const url = new URL(server.url());
  change(url);
  return { DATABASE_URL: url.href };
}

const UNREACHABLE: readonly (readonly [string, Readonly<Record<string, string>>, string, RegExp])[] = [
  [
    "a wrong password",
    urlWith((url) => url.password = "wrong"),
    "login-refused",
    /password authentication failed for user "postgres" \[28P01\]\nhint: .*PGPASSWORD/,
  ],
  [
    "a database that does not exist",
    urlWith((url) => url.pathname = "/no_such_db"),
    "login-refused",
    /database "no_such_db" does not exist \[3D000\]\nhint: .*createdb/,
  ],
  ["a server that is down", NO_DATABASE, "cannot-connect", /^error: Cannot connect to 127\.0\.0\.1:1: /],
  [
    "a host that does not exist",
    { DATABASE_URL: "postgres://u@host.invalid/db" },
    "cannot-connect",
    /^error: Cannot connect to host\.invalid:5432: /,
  ],
];

for (const [what, env, code, text] of UNREACHABLE) {
  Deno.test(`${what} gives exit code 4 and the reason`, async () => {
    await using directory = await createDirectory({ "001_a.sql": GOOD });
    const options = { cwd: directory.path, env };
    for (const command of ["up", "status", "verify"]) {
      const { code, stdout, stderr } = await runProgram([command], options);
      assert.deepEqual({ code, stdout }, { code: 4, stdout: "" }, command);
      assert.match(stderr, text);
    }
    const json = await runProgram(["up", "--json"], options);
    assert.equal(linesOf(json.stdout, "error")[0]!.code, code);
  });
}

Deno.test("a database URL that cannot be read, or has a parameter that is not known, gives exit code 2", async () => {
  await using directory = await createDirectory({ "001_a.sql": GOOD });
  const cases: readonly (readonly [string, RegExp])[] = [
    ["mysql://u@h/db", /^error: Cannot read the database URL: /],
    ["postgres://u:p#x@h/db", /^error: Cannot read the database URL: it holds a raw #.*\nhint: Percent-encode/],
    ["postgres://h/db?schema=app", /^error: Unknown parameter in the database URL: schema\n/],
    ["", /^error: No database was given\n|^error: --database-url needs a value\n/],
  ];
  for (const [url, text] of cases) {
    const { code, stdout, stderr } = await runProgram(["up", `--database-url=${url}`], { cwd: directory.path });
    assert.deepEqual({ code, stdout }, { code: 2, stdout: "" }, url);
    assert.match(stderr, text);
  }
});

Deno.test("a schema of --table that does not exist, and a view in the tracker's place, are refused with nothing applied", async () => {
  await using project = await createProject(server, { "001_a.sql": GOOD });
  const missing = await project.run(["up", "--table", "nowhere.t"]);
  assert.equal(missing.code, 2);
  assert.match(missing.stderr, /^error: The schema nowhere of the tracker does not exist\n/);
  await assertNothingApplied(project);
  await project.query("CREATE VIEW schema_migrations AS SELECT 1::bigint AS version, 'x' AS name");
  const view = await project.run(["up"]);
  assert.equal(view.code, 2);
  assert.match(view.stderr, /^error: public\.schema_migrations is not a table of pgmigrate's: it is not a table\n/);
  assert.deepEqual(await project.query("SELECT to_regclass('good') AS good"), [{ good: null }]);
});
