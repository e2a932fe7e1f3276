import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { assertDone, createProject } from "./pgmigrate.ts";
import { sharedServer, sharedServers } from "./servers/mod.ts";

const server = await sharedServer("18");

/** What a session looks like to the file that runs in it. */
const PORTRAIT = `INSERT INTO public.portraits
  SELECT (pg_catalog.txid_current() IS NOT NULL), session_user, current_user, current_setting('search_path'),
    current_setting('client_encoding'), current_setting('standard_conforming_strings'),
    current_setting('statement_timeout'), current_setting('work_mem'), to_regclass('pg_temp.left_over') IS NULL,
    (SELECT count(*) FROM pg_catalog.pg_prepared_statements), (SELECT count(*) FROM pg_catalog.pg_cursors),
    (SELECT count(*) FROM pg_catalog.pg_listening_channels()),
    (SELECT count(*) FROM pg_catalog.pg_locks WHERE pid = pg_catalog.pg_backend_pid() AND locktype = 'advisory'),
    'é';
`;

const PORTRAITS = `CREATE TABLE portraits (
  alive boolean, session_name text, role text, path text, encoding text, strings text, timeout text, memory text,
  no_table boolean, prepared int, cursors int, channels int, locks int, letter text
);
`;

/** What a file may do to its session, by itself or through what pg_dump writes. */
const HABITS: Readonly<Record<string, string>> = {
  "an empty search_path": "SELECT pg_catalog.set_config('search_path', '', false);\n",
  "another search_path, that hides names of the system":
    "CREATE SCHEMA s;\nCREATE TABLE s.schema_migrations (n int);\nCREATE FUNCTION s.now() RETURNS text LANGUAGE sql AS 'SELECT ''x''';\nSET search_path = s, pg_catalog;\n",
  "another role": "CREATE ROLE ROLE_NAME;\nGRANT ROLE_NAME TO CURRENT_USER;\nSET ROLE ROLE_NAME;\n",
  "another session user": "CREATE ROLE ROLE_NAME;\nSET SESSION AUTHORIZATION ROLE_NAME;\n",
  "RESET ALL": "RESET ALL;\n",
  "LATIN1 as its encoding": "SET client_encoding = 'LATIN1';\n",
  "strings with backslashes": "SET standard_conforming_strings = off;\n",
  "timeouts":
    "SET statement_timeout = '50ms';\nSET lock_timeout = '1ms';\nSET idle_in_transaction_session_timeout = '10s';\n",
  "local timeouts": "SET LOCAL statement_timeout = '50ms';\nSET LOCAL work_mem = '1MB';\n",
  "a temporary table, a statement, a cursor, a channel and a lock":
    "CREATE TEMP TABLE left_over (n int);\nPREPARE p AS SELECT 1;\nDECLARE c CURSOR WITH HOLD FOR SELECT 1;\nLISTEN channel;\nSELECT pg_advisory_lock(1);\n",
  "a temporary table that hides the tracker":
    "CREATE TEMP TABLE schema_migrations (version bigint, name text);\nCREATE TEMP TABLE schema_migrations_unfinished (version bigint);\n",
  "savepoints": "SAVEPOINT a;\nINSERT INTO portraits (letter) VALUES ('lost');\nROLLBACK TO a;\nRELEASE a;\n",
  "replica as its role": "SET session_replication_role = replica;\n",
};

for (const [habit, sql] of Object.entries(HABITS)) {
  Deno.test(`failures 14: a file that leaves ${habit} is recorded, and the next starts clean`, async () => {
    const role = `role_${crypto.randomUUID().replaceAll("-", "")}`;
    const files = {
      "001_tables.sql": PORTRAITS + PORTRAIT,
      "002_habit_größe.sql": `-- Größe ' \\\n${sql.replaceAll("ROLE_NAME", role)}`,
      "003_after.sql": PORTRAIT,
    };
    await using project = await createProject(server, files);
    try {
      const result = await project.run(["up"]);
      assertDone(result);
      const [before, after, ...others] = await project.query("SELECT * FROM portraits");
      assert.deepEqual(others, []);
      assert.deepEqual(after, before);
      assert.equal(after!.letter, "é");
      assert.deepEqual(
        await project.query(
          "SELECT name, checksum, source, applied_by FROM schema_migrations WHERE version = 2",
        ),
        [{
          name: "002_habit_größe.sql",
          checksum: createHash("sha256").update(files["002_habit_größe.sql"]).digest("hex"),
          source: files["002_habit_größe.sql"],
          applied_by: server.role,
        }],
      );
    } finally {
      if (sql.includes("ROLE_NAME")) await project.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
  });
}

for (const server of await sharedServers()) {
  Deno.test(`failures 6: a role without the right to create tables is told what to ask a DBA for, on server ${server.version}`, async () => {
    await using project = await createProject(server, { "001_a.sql": "SELECT 1;" });
    const role = `role_${crypto.randomUUID().replaceAll("-", "")}`;
    await project.query(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'; REVOKE CREATE ON SCHEMA public FROM PUBLIC`);
    const url = new URL(project.url);
    url.username = role;
    url.password = "secret";
    const env = { DATABASE_URL: url.href };
    try {
      const { code, stdout, stderr } = await project.run(["up"], { env });
      assert.deepEqual({ code, stdout }, { code: 1, stdout: "" });
      assert.match(
        stderr,
        /^error: Cannot make the tracker public\.schema_migrations: permission denied for schema public \[42501\]\n/,
      );
      assert.match(stderr, /CREATE TABLE "?public"?\."?schema_migrations"? \(/);
      assert.match(stderr, /CREATE TABLE "?public"?\."?schema_migrations_unfinished"? \(/);
      assert.match(stderr, /\nNothing was applied\.\n$/);

      // The statements that it shows, run by the DBA, are all that it takes.
      const lines = stderr.split("\n").filter((line) => line.startsWith("    "));
      await project.query(lines.join("\n"));
      await project.query(
        `GRANT SELECT, INSERT, UPDATE, DELETE ON schema_migrations, schema_migrations_unfinished TO ${role}`,
      );
      assertDone(await project.run(["up"], { env }));
      assert.deepEqual(await project.query("SELECT applied_by FROM schema_migrations"), [{ applied_by: role }]);
    } finally {
      await project.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
  });
}
