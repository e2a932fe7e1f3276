import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { assertDone, createProject, jsonLines, linesOf, resultOf, steady } from "./pgmigrate.ts";
import { sharedServer, sharedServers } from "./servers/mod.ts";

const server = await sharedServer("18");

for (const server of await sharedServers()) {
  Deno.test(`up applies files in the order of their numbers on server ${server.version}, and then has nothing to do`, async () => {
    const files = {
      "001_first.sql": "CREATE TABLE log (version text, at serial);\nINSERT INTO log VALUES ('1');\n",
      "2_second.sql": "INSERT INTO log VALUES ('2');\n",
      "10_tenth.sql": "INSERT INTO log VALUES ('10');\n",
      "20261122151000_wide.sql": "INSERT INTO log VALUES ('20261122151000');\n",
      "notes.sql": "no migration\n",
    };
    await using project = await createProject(server, files);
    const first = await project.run(["up"]);
    assertDone(first);
    assert.equal(
      steady(first.stdout),
      "Applied 4 migrations in DURATION. The database is at version 20261122151000.\n",
    );
    assert.equal(
      steady(first.stderr),
      [
        "  1/4  001_first.sql           DURATION",
        "  2/4  2_second.sql            DURATION",
        "  3/4  10_tenth.sql            DURATION",
        "  4/4  20261122151000_wide.sql DURATION",
        "",
      ].map((line) => line.replace(/ +DURATION/, " DURATION")).join("\n"),
    );
    const order = ["1", "2", "10", "20261122151000"];
    assert.deepEqual((await project.query("SELECT version FROM log ORDER BY at")).map((row) => row.version), order);

    const rows = await project.query(`
      SELECT version::text, name, checksum, duration_ms::int BETWEEN 0 AND 60000 AS timed, applied_by, source,
        abs(EXTRACT(epoch FROM now() - applied_at)) < 600 AS recent
      FROM schema_migrations ORDER BY schema_migrations.version`);
    const names = ["001_first.sql", "2_second.sql", "10_tenth.sql", "20261122151000_wide.sql"] as const;
    assert.deepEqual(
      rows,
      names.map((name, index) => ({
        version: order[index],
        name,
        checksum: createHash("sha256").update(files[name]).digest("hex"),
        timed: true,
        applied_by: server.role,
        source: files[name],
        recent: true,
      })),
    );
    assert.deepEqual(await project.query("SELECT 1 FROM schema_migrations_unfinished"), []);

    const second = await project.run(["up"]);
    assert.deepEqual(second, {
      code: 0,
      stdout: "Nothing to do. The database is at version 20261122151000.\n",
      stderr: "",
    });
    assert.equal((await project.query("SELECT 1 FROM log")).length, 4);
  });
}

Deno.test("up reports every step as JSON on stdout, and nothing on stderr", async () => {
  await using project = await createProject(server, {
    "001_a.sql": "CREATE TABLE a ()",
    "002_b.sql": "CREATE TABLE b ()",
  });
  const { code, stdout, stderr } = await project.run(["up", "--json"]);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  assert.deepEqual(
    jsonLines(stdout).map(({ duration_ms, ...line }) => ({ ...line, timed: duration_ms !== undefined })),
    [
      { event: "run_started", versions: ["1", "2"], version: null, timed: false },
      { event: "migration_started", version: "1", name: "001_a.sql", index: 1, total: 2, timed: false },
      { event: "migration_applied", version: "1", name: "001_a.sql", index: 1, total: 2, timed: true },
      { event: "migration_started", version: "2", name: "002_b.sql", index: 2, total: 2, timed: false },
      { event: "migration_applied", version: "2", name: "002_b.sql", index: 2, total: 2, timed: true },
      {
        event: "result",
        command: "up",
        ok: true,
        exit_code: 0,
        applied: ["1", "2"],
        pending: [],
        version: "2",
        dry_run: false,
        timed: true,
      },
    ],
  );
});

Deno.test("up --to stops after a version, and takes one that is there", async () => {
  await using project = await createProject(server, {
    "001_a.sql": "CREATE TABLE a ()",
    "002_b.sql": "CREATE TABLE b ()",
    "003_c.sql": "CREATE TABLE c ()",
  });
  const part = await project.run(["up", "--to", "002"]);
  assertDone(part);
  assert.match(
    part.stdout,
    /^Applied 2 migrations in .*\. The database is at version 2\. 1 migration is still pending\.\n$/,
  );
  assert.deepEqual(await project.applied(), ["1", "2"]);
  const unknown = await project.run(["up", "--to", "7"]);
  assert.deepEqual({ code: unknown.code, stdout: unknown.stdout }, { code: 2, stdout: "" });
  assert.match(unknown.stderr, /^error: There is no migration with version 7\nhint: /);
  assert.deepEqual(await project.applied(), ["1", "2"]);
});

Deno.test("up --dry-run says what would run and touches nothing, not even for a tracker", async () => {
  await using project = await createProject(server, {
    "001_a.sql": "CREATE TABLE a (n int)",
    "002_b.sql": "-- pgmigrate: no-transaction\nCREATE INDEX CONCURRENTLY ON a (n)",
  });
  const human = await project.run(["up", "--dry-run"]);
  assert.deepEqual(human, {
    code: 0,
    stdout: "  1/2  001_a.sql\n  2/2  002_b.sql  (no transaction)\n" +
      "2 migrations would be applied; nothing was changed. Nothing is applied yet.\n",
    stderr: "",
  });
  const json = await project.run(["up", "--dry-run", "--json", "--to=1"]);
  assertDone(json);
  assert.deepEqual(jsonLines(json.stdout)[0], {
    event: "migration_planned",
    version: "1",
    name: "001_a.sql",
    index: 1,
    total: 1,
    transactional: true,
  });
  const { applied, pending, dry_run } = resultOf(json.stdout);
  assert.deepEqual({ applied, pending, dry_run }, { applied: [], pending: ["1", "2"], dry_run: true });
  assert.deepEqual(await project.query("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"), []);
});

Deno.test("up --dry-run finds the syntax error and the edited file that up would find", async () => {
  await using project = await createProject(server, { "001_a.sql": "CREATE TABLE a ()" });
  assertDone(await project.run(["up", "-q"]));
  await project.directory.write("002_b.sql", "CREATE TABEL b ()");
  assert.equal((await project.run(["up", "--dry-run"])).code, 1);
  await project.directory.write("001_a.sql", "CREATE TABLE a (n int)");
  assert.equal((await project.run(["up", "--dry-run"])).code, 3);
});

Deno.test("up stops at edited, missing and out of order files, naming all of them, and applies nothing", async () => {
  await using project = await createProject(server, {
    "001_a.sql": "CREATE TABLE a ()",
    "003_c.sql": "CREATE TABLE c ()",
    "005_e.sql": "CREATE TABLE e ()",
    "007_g.sql": "CREATE TABLE g ()",
  });
  assertDone(await project.run(["up", "-q"]));
  await project.directory.write("001_a.sql", "CREATE TABLE a (n int)");
  await project.directory.write("003_c.sql", "CREATE TABLE c () -- why");
  await project.directory.remove("005_e.sql");
  await project.directory.write("002_b.sql", "CREATE TABLE b ()");
  await project.directory.write("006_f.sql", "CREATE TABLE f ()");
  await project.directory.write("008_h.sql", "CREATE TABLE h ()");

  const human = await project.run(["up"]);
  assert.deepEqual({ code: human.code, stdout: human.stdout }, { code: 3, stdout: "" });
  const lines = human.stderr.split("\n");
  assert.deepEqual(lines.filter((line) => /^(error| {2}- |Nothing)/.test(line)), [
    "error: 2 applied migrations were edited",
    "  - 001_a.sql",
    "  - 003_c.sql",
    "Nothing was applied.",
    "error: The file of 1 applied migration is missing",
    "  - 005_e.sql",
    "Nothing was applied.",
    "error: 2 migrations are out of order",
    "  - 002_b.sql",
    "  - 006_f.sql",
    "Nothing was applied.",
  ]);
  const json = await project.run(["up", "--json"]);
  assert.equal(json.stderr, "");
  assert.deepEqual(linesOf(json.stdout, "error").map(({ code }) => code), ["edited", "missing", "out-of-order"]);
  assert.equal(resultOf(json.stdout).exit_code, 3);
  assert.deepEqual(await project.applied(), ["1", "3", "5", "7"]);
});

Deno.test("up --allow-out-of-order applies a file that is older than what was applied", async () => {
  await using project = await createProject(server, { "002_b.sql": "CREATE TABLE b ()" });
  assertDone(await project.run(["up", "-q"]));
  await project.directory.write("001_a.sql", "CREATE TABLE a ()");
  assert.equal((await project.run(["up"])).code, 3);
  const { code, stdout } = await project.run(["up", "--allow-out-of-order"]);
  assert.equal(code, 0);
  assert.match(stdout, /^Applied 1 migration in .* The database is at version 2\.\n$/);
  assert.deepEqual(await project.applied(), ["1", "2"]);
});

Deno.test("failures 24: up warns of a file that was renamed after it was applied, and goes on", async () => {
  await using project = await createProject(server, { "001_a.sql": "CREATE TABLE a ()" });
  assertDone(await project.run(["up", "-q"]));
  await project.directory.remove("001_a.sql");
  await project.directory.write("1_renamed.sql", "CREATE TABLE a ()");
  const { code, stdout, stderr } = await project.run(["up"]);
  assert.deepEqual({ code, stdout }, { code: 0, stdout: "Nothing to do. The database is at version 1.\n" });
  assert.match(stderr, /^warning: 1_renamed\.sql was applied as 001_a\.sql\n/);
});

Deno.test("up shows a NOTICE and a WARNING of the server with the migration that raised it", async () => {
  await using project = await createProject(server, {
    "001_quiet.sql": "CREATE TABLE a ()",
    "002_loud.sql":
      "DO $$ BEGIN RAISE NOTICE 'two rows' USING DETAIL = 'of a', HINT = 'look'; RAISE WARNING 'take care'; END $$",
  });
  const { code, stdout, stderr } = await project.run(["up", "--format", "github"]);
  assert.equal(code, 0);
  assert.deepEqual(stderr.split("\n").slice(1, 5), [
    "notice: 002_loud.sql: two rows",
    "detail: of a",
    "hint: look",
    "warning: 002_loud.sql: take care",
  ]);
  assert.match(stdout, /^::warning file=migrations\/002_loud\.sql,title=[^:]*::take care\n/);
  await project.query("DROP TABLE schema_migrations, a");
  const json = await project.run(["up", "--json"]);
  assert.deepEqual(linesOf(json.stdout, "notice"), [
    {
      event: "notice",
      severity: "NOTICE",
      message: "two rows",
      detail: "of a",
      hint: "look",
      version: "2",
      name: "002_loud.sql",
    },
    { event: "notice", severity: "WARNING", message: "take care", version: "2", name: "002_loud.sql" },
  ]);
});

Deno.test("failures 20: up applies empty, comment-only and statement-less files with a warning", async () => {
  await using project = await createProject(server, {
    "001_empty.sql": "",
    "002_comment.sql": "-- later\n/* or never */\n",
    "003_semicolons.sql": ";;\n",
    "004_last.sql": "CREATE TABLE a (); CREATE TABLE b ()",
  });
  const { code, stderr } = await project.run(["up"]);
  assert.equal(code, 0);
  assert.deepEqual(stderr.split("\n").filter((line) => line.startsWith("warning")), [
    "warning: migrations/001_empty.sql holds no statement",
    "warning: migrations/002_comment.sql holds no statement",
    "warning: migrations/003_semicolons.sql holds no statement",
  ]);
  assert.deepEqual(await project.applied(), ["1", "2", "3", "4"]);
  assert.deepEqual(await project.query("SELECT to_regclass('b') IS NOT NULL AS there"), [{ there: true }]);
});

Deno.test("failures 18: up sends a file's text as it is: CRLF and every script in literals, a BOM dropped", async () => {
  const literal = "Grüße, 世界 🐘\r\nnext line";
  await using project = await createProject(server, {
    "001_größe_世界.sql":
      `\ufeffCREATE TABLE "Größe 🐘" (text text);\r\nINSERT INTO "Größe 🐘" VALUES ('${literal}');\r\n`,
  });
  const { code, stderr } = await project.run(["up"]);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /001_größe_世界\.sql/);
  assert.deepEqual(await project.query('SELECT text FROM "Größe 🐘"'), [{ text: literal }]);
  const checksum = createHash("sha256")
    .update(`CREATE TABLE "Größe 🐘" (text text);\nINSERT INTO "Größe 🐘" VALUES ('${literal.replace("\r", "")}');\n`)
    .digest("hex");
  assert.deepEqual(await project.query("SELECT name, checksum FROM schema_migrations"), [
    { name: "001_größe_世界.sql", checksum },
  ]);
});

Deno.test("up keeps its tracker in the table of --table, however its name must be quoted", async () => {
  await using project = await createProject(server, { "001_a.sql": "CREATE TABLE a ()" });
  await project.query(`CREATE SCHEMA "My ""Schema"""`);
  const table = `"My ""Schema"""."Größe; DROP TABLE a --"`;
  assertDone(await project.run(["up", "--table", table]));
  assert.deepEqual(await project.query(`SELECT name FROM ${table}`), [{ name: "001_a.sql" }]);
  const again = await project.run(["up"], { env: { PGMIGRATE_TABLE: table } });
  assert.equal(again.stdout, "Nothing to do. The database is at version 1.\n");
  assert.deepEqual(await project.query("SELECT to_regclass('schema_migrations') AS none"), [{ none: null }]);
});

Deno.test("up finds its database in the PG* variables, and its files and format in those of its own", async () => {
  await using project = await createProject(server, { "001_a.sql": "CREATE TABLE a ()" });
  const url = new URL(project.url);
  const env = {
    DATABASE_URL: "",
    PGHOST: url.hostname,
    PGTARGETSESSIONATTRS: "any",
    PGPORT: url.port,
    PGUSER: decodeURIComponent(url.username),
    PGPASSWORD: decodeURIComponent(url.password),
    PGDATABASE: url.pathname.slice(1),
    PGMIGRATE_MIGRATIONS: `${project.directory.path}/migrations`,
    PGMIGRATE_FORMAT: "json",
  };
  const { code, stdout } = await project.run(["up"], { cwd: "/", env });
  assert.equal(code, 0, stdout);
  assert.deepEqual(resultOf(stdout).applied, ["1"]);
});

Deno.test("up --no-parse leaves syntax to the server, and the files before a mistake stay applied", async () => {
  await using project = await createProject(server, {
    "001_a.sql": "CREATE TABLE a ();",
    "002_b.sql": "CREATE TABLE b ();\nCREATE TABEL c ();\n",
  });
  const { code, stdout, stderr } = await project.run(["up", "--no-parse"]);
  assert.deepEqual({ code, stdout }, { code: 1, stdout: "" });
  assert.match(stderr, /error: syntax error at or near "TABEL" \[42601\]\n +--> migrations\/002_b\.sql:2:8\n/);
  assert.match(stderr, /\nNothing of 002_b\.sql was kept\. The database is at version 1; 1 migration is pending\.\n$/);
  assert.deepEqual(await project.applied(), ["1"]);
  assert.deepEqual(await project.query("SELECT to_regclass('b') AS b"), [{ b: null }]);
});
