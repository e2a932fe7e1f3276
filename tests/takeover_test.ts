import assert from "node:assert/strict";
import { assertDone, createProject, linesOf, resultOf } from "./pgmigrate.ts";
import { sharedServer, sharedServers } from "./servers/mod.ts";

const server = await sharedServer("15");

/** The table that many a script makes for itself, to the letter. */
const LEGACY = `CREATE TABLE schema_migrations (
  version INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  applied_at TIMESTAMP DEFAULT NOW()
);
INSERT INTO schema_migrations (version, name, applied_at) VALUES
  (1, '001_a.sql', '2024-01-02 03:04:05'), (2, '002_b.sql', NULL);
CREATE TABLE a ();
CREATE TABLE b ();
`;

const FILES = {
  "001_a.sql": "CREATE TABLE a ();\n",
  "002_b.sql": "CREATE TABLE b ();\n",
  "003_c.sql": "CREATE TABLE c ();\n",
};

const VERSION_TYPE = `SELECT format_type(atttypid, atttypmod) AS type FROM pg_attribute
  WHERE attrelid = 'schema_migrations'::regclass AND attname = 'version'`;

for (const server of await sharedServers()) {
  Deno.test(`up takes over the table of a script, which goes on working, on server ${server.version}`, async () => {
    await using project = await createProject(server, FILES);
    await project.query(LEGACY);
    const up = await project.run(["up"]);
    assertDone(up);
    assert.match(up.stdout, /^Applied 1 migration in .* The database is at version 3\.\n$/);
    assert.deepEqual(
      await project.query(
        "SELECT version::int, name, applied_at::text AS at, checksum, source FROM schema_migrations WHERE version < 3 ORDER BY 1",
      ),
      [
        { version: 1, name: "001_a.sql", at: "2024-01-02 03:04:05", checksum: null, source: null },
        { version: 2, name: "002_b.sql", at: null, checksum: null, source: null },
      ],
    );
    assert.deepEqual(await project.query(VERSION_TYPE), [{ type: "integer" }]);

    // The script's own statements.
    assert.deepEqual(await project.query("SELECT version FROM schema_migrations ORDER BY version"), [
      { version: 1 },
      { version: 2 },
      { version: 3 },
    ]);
    await project.query("INSERT INTO schema_migrations (version, name) VALUES (4, '004_d.sql')");
    await project.directory.write("004_d.sql", "CREATE TABLE d ();\n");
    const again = await project.run(["up"]);
    assert.equal(again.stdout, "Nothing to do. The database is at version 4.\n");
    assert.deepEqual(await project.query("SELECT to_regclass('d') AS d"), [{ d: null }]);
  });
}

Deno.test("up widens the version of a script's table only when a version needs it", async () => {
  await using project = await createProject(server, FILES);
  await project.query(LEGACY);
  assertDone(await project.run(["up"]));
  await project.directory.write("20261122151000_wide.sql", "CREATE TABLE wide ();\n");
  assertDone(await project.run(["up"]));
  assert.deepEqual(await project.query(VERSION_TYPE), [{ type: "bigint" }]);
  assert.deepEqual(await project.applied(), ["1", "2", "3", "20261122151000"]);
});

Deno.test("status and verify read a script's table and change nothing in it", async () => {
  await using project = await createProject(server, FILES);
  await project.query(LEGACY);
  const columns = "SELECT attname FROM pg_attribute WHERE attrelid = 'schema_migrations'::regclass AND attnum > 0";
  const before = await project.query(columns);
  const status = await project.run(["status"]);
  assert.equal(status.code, 0);
  assert.deepEqual(status.stdout.split("\n"), [
    "unrecorded    001_a.sql  2024-01-02 03:04:05 UTC",
    "unrecorded    002_b.sql",
    "pending       003_c.sql",
    "3 migrations: 2 applied without a checksum and 1 pending. The database is at version 2.",
    "",
  ]);
  const verify = await project.run(["verify", "--json"]);
  assert.equal(verify.code, 0);
  assert.deepEqual(resultOf(verify.stdout).unrecorded, ["1", "2"]);
  assert.equal((await project.run(["verify", "--strict"])).code, 3);
  assert.deepEqual(await project.query(columns), before);
});

Deno.test("verify --record writes the checksums of a script's migrations, and edits are seen from then on", async () => {
  await using project = await createProject(server, FILES);
  await project.query(LEGACY);
  const record = await project.run(["verify", "--record"]);
  assertDone(record);
  assert.match(record.stdout, /^Recorded the checksums of 2 migrations\.\nAll 2 applied migrations are unchanged\.\n/);
  assertDone(await project.run(["verify", "--strict"]));
  await project.directory.write("001_a.sql", "CREATE TABLE a (n int);\n");
  const verify = await project.run(["verify"]);
  assert.equal(verify.code, 3);
  assert.match(
    verify.stdout,
    /^edited +001_a\.sql: the SQL changed\n {2}- {2}CREATE TABLE a \(\);\n {2}\+ {2}CREATE TABLE a \(n int\);\n/,
  );
});

const FOREIGN: Readonly<Record<string, string>> = {
  "Rails": "CREATE TABLE schema_migrations (version character varying NOT NULL PRIMARY KEY)",
  "dbmate": "CREATE TABLE schema_migrations (version varchar(128) PRIMARY KEY)",
  "golang-migrate": "CREATE TABLE schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL)",
};

for (const [tool, table] of Object.entries(FOREIGN)) {
  Deno.test(`up refuses a table of ${tool} and says so; --table is the way out`, async () => {
    await using project = await createProject(server, FILES);
    await project.query(table);
    const up = await project.run(["up"]);
    assert.deepEqual({ code: up.code, stdout: up.stdout }, { code: 2, stdout: "" });
    assert.match(
      up.stderr,
      new RegExp(
        `^error: public\\.schema_migrations is not a table of pgmigrate's: it has no column name; it looks like a table of ${tool}\\nhint: .*--table`,
      ),
    );
    for (const command of ["status", "verify"]) {
      const { code, stdout } = await project.run([command, "--json"]);
      assert.equal(code, 2, command);
      assert.equal(linesOf(stdout, "error")[0]!.code, "foreign-tracker");
    }
    assert.deepEqual(
      await project.query("SELECT to_regclass('a') AS a, to_regclass('schema_migrations_unfinished') AS u"),
      [
        { a: null, u: null },
      ],
    );
    assertDone(await project.run(["up", "--table", "pgmigrate_migrations"]));
    assert.deepEqual(await project.applied("pgmigrate_migrations"), ["1", "2", "3"]);
    assert.deepEqual(await project.query("SELECT count(*)::int AS n FROM schema_migrations"), [{ n: 0 }]);
  });
}
