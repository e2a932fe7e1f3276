import assert from "node:assert/strict";
import { createDeployer } from "./deployer.ts";
import { noPgbouncer, startPgbouncer } from "./faults/pgbouncer.ts";
import { type Passing, startProxy } from "./faults/proxy.ts";
import { assertDone, createProject, linesOf } from "./pgmigrate.ts";
import { sharedServer, sharedServers } from "./servers/mod.ts";

const server = await sharedServer("18");

/** Defaults that a DBA may have set for a role or a database, each of which has broken a migration runner. */
const DEFAULTS = [
  "default_transaction_read_only = on",
  "default_transaction_isolation = 'repeatable read'",
  "default_transaction_deferrable = on",
  "lock_timeout = '1ms'",
  "statement_timeout = '400ms'",
  "idle_in_transaction_session_timeout = '400ms'",
  "client_min_messages = error",
  "standard_conforming_strings = off",
  "row_security = off",
  "datestyle = 'SQL, DMY'",
  "intervalstyle = 'sql_standard'",
  "bytea_output = 'escape'",
  "extra_float_digits = -4",
  "quote_all_identifiers = on",
  "timezone = 'Asia/Kolkata'",
];

/** In one transaction, in another, and outside one. */
const FILES = {
  "001_a.sql":
    "CREATE TABLE public.a AS SELECT current_setting('transaction_isolation') AS isolation, current_setting('transaction_read_only') AS read_only;\n",
  "002_b.sql":
    "-- it's \\ here\nCREATE TABLE public.b (t text);\nSELECT pg_sleep(0.6);\nINSERT INTO public.b VALUES ('é');\n",
  "003_c.sql":
    "-- pgmigrate: no-transaction\nCREATE INDEX CONCURRENTLY b_t ON public.b (t);\nCREATE TABLE public.c ();\n",
};

const EVENT_TRIGGER = `
CREATE FUNCTION public.meddle() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
  PERFORM pg_catalog.set_config('search_path', 'nowhere', false);
  PERFORM pg_catalog.set_config('standard_conforming_strings', 'off', false);
  PERFORM pg_catalog.set_config('statement_timeout', '0', false);
END $$;
CREATE EVENT TRIGGER NAME ON ddl_command_end EXECUTE FUNCTION public.meddle()`;

for (const server of await sharedServers()) {
  for (const whose of ["role", "database"]) {
    Deno.test(`failures 15: defaults of the ${whose} change neither what a migration means nor its row, on server ${server.version}`, async () => {
      await using project = await createProject(server, FILES);
      const name = new URL(project.url).pathname.slice(1);
      const role = `role_${crypto.randomUUID().replaceAll("-", "")}`;
      const owner = whose === "role" ? `ROLE ${role}` : `DATABASE ${name}`;
      const newer = Number(server.version) >= 17 ? ["transaction_timeout = '400ms'"] : [];
      await project.query(`CREATE ROLE ${role} SUPERUSER LOGIN PASSWORD 'secret'`);
      try {
        await project.query([...DEFAULTS, ...newer].map((one) => `ALTER ${owner} SET ${one}`).join(";"));
        const url = new URL(project.url);
        url.username = role;
        url.password = "secret";
        assertDone(await project.run(["up", "--statement-timeout", "10s"], { env: { DATABASE_URL: url.href } }));
        assert.deepEqual(await project.query("SELECT * FROM public.a"), [
          { isolation: "read committed", read_only: "off" },
        ]);
        const rows = await project.query(`SELECT version::int, name, source, applied_by,
          applied_at > now() - interval '1 minute' AND applied_at <= now() AS recent FROM public.schema_migrations ORDER BY 1`);
        assert.deepEqual(
          rows,
          Object.entries(FILES).map(([name, source], index) => ({
            version: index + 1,
            name,
            source,
            applied_by: role,
            recent: true,
          })),
        );
        assertDone(await project.run(["verify", "--strict"], { env: { DATABASE_URL: url.href } }));
        await project.directory.write(
          "004_d.sql",
          "ALTER TABLE public.b ADD CHECK (t <> 'it''s \\');\nDELETE FROM public.b;\n",
        );
        assertDone(await project.run(["plan"], { env: { DATABASE_URL: url.href } }));
      } finally {
        await project.query(`
          SET default_transaction_read_only = off; SET lock_timeout = 0; SET statement_timeout = 0; BEGIN READ WRITE;
          REASSIGN OWNED BY ${role} TO ${server.role}; DROP OWNED BY ${role}; DROP ROLE ${role}; COMMIT`);
      }
    });
  }

  Deno.test(`failures 15: an event trigger that changes search_path and settings at each statement, on server ${server.version}`, async () => {
    await using project = await createProject(server, FILES);
    await project.query(EVENT_TRIGGER.replace("NAME", `meddle_${crypto.randomUUID().replaceAll("-", "")}`));
    assertDone(await project.run(["up"]));
    assert.deepEqual(await project.applied("public.schema_migrations"), ["1", "2", "3"]);
    assert.deepEqual(
      await project.query("SELECT source FROM public.schema_migrations WHERE version = 2"),
      [{ source: FILES["002_b.sql"] }],
    );
    assertDone(await project.run(["verify", "--strict"]));
  });

  Deno.test(`failures 15: a role that becomes another one as it logs in owns what it makes, on server ${server.version}`, async () => {
    await using project = await createProject(server, FILES);
    await using deployer = await createDeployer(project);
    assertDone(await project.run(["up"], { env: { DATABASE_URL: deployer.url } }));
    assert.deepEqual(
      await project.query(`SELECT DISTINCT pg_get_userbyid(relowner)::text AS owner, applied_by
        FROM pg_class, schema_migrations WHERE relname IN ('a', 'b', 'c', 'schema_migrations')`),
      [{ owner: deployer.owner, applied_by: deployer.owner }],
    );
  });
}

/** What a file may do to the tracker or to its transaction, so that it cannot be recorded. */
const SPOILERS = [
  "DROP TABLE schema_migrations",
  "DROP TABLE schema_migrations_unfinished",
  "ALTER TABLE schema_migrations RENAME TO gone",
  "ALTER TABLE schema_migrations DROP COLUMN name",
  "TRUNCATE schema_migrations_unfinished",
  "SET TRANSACTION READ ONLY",
  "REVOKE ALL ON schema_migrations FROM CURRENT_USER; ALTER ROLE CURRENT_USER NOSUPERUSER",
];

for (const spoiler of SPOILERS) {
  Deno.test(`failures 16: a file with ${spoiler} fails, is rolled back, and is told so`, async () => {
    await using project = await createProject(server, {
      "001_a.sql": "CREATE TABLE a ();",
      "002_b.sql": `CREATE TABLE b ();\n${spoiler};\n`,
      "003_c.sql": "CREATE TABLE c ();",
    });
    const role = `role_${crypto.randomUUID().replaceAll("-", "")}`;
    await project.query(`CREATE ROLE ${role} SUPERUSER LOGIN PASSWORD 'secret'`);
    try {
      const url = new URL(project.url);
      url.username = role;
      url.password = "secret";
      const { code, stdout } = await project.run(["up", "--json"], { env: { DATABASE_URL: url.href } });
      assert.equal(code, 1, stdout);
      const [error] = linesOf(stdout, "error");
      assert.deepEqual([error!.code, error!.file], ["not-recorded", "migrations/002_b.sql"]);
      assert.match(
        String(error!.hint),
        /Does the file change the tracker, or make the transaction read only\?|Did the file, .* delete the row of its claim/,
      );
      assert.match(
        String(error!.state),
        /^Nothing of 002_b\.sql was kept\. The database is at version 1; 2 migrations/,
      );
      assert.deepEqual(await project.applied(), ["1"]);
      assert.deepEqual(
        await project.query(`SELECT to_regclass('b') AS b, to_regclass('c') AS c,
          (SELECT count(*)::int FROM schema_migrations_unfinished) AS unfinished`),
        [{ b: null, c: null, unfinished: 0 }],
      );
    } finally {
      await project.query(`REASSIGN OWNED BY ${role} TO ${server.role}; DROP ROLE ${role}`);
    }
  });
}

/** The names of the parameters in a startup message: pairs of texts that NUL bytes end, after length and version. */
function parameterNames({ bytes }: Passing): readonly string[] {
  const texts = new TextDecoder().decode(bytes.subarray(8)).split("\0");
  return texts.filter((text, index) => index % 2 === 0 && text !== "");
}

Deno.test("failures 31: a startup message names user, database, encoding and application, and sets nothing else", async () => {
  await using project = await createProject(server, { "001_a.sql": "CREATE TABLE a ();\n" });
  const seen: string[][] = [];
  await using proxy = startProxy(server, (passing) => {
    if (passing.type === "startup") seen.push([...parameterNames(passing)]);
    return undefined;
  });
  const args = ["up", "--lock-timeout", "3s", "--statement-timeout", "1min"];
  assertDone(await project.run(args, { env: { DATABASE_URL: proxy.url(project.url) } }));
  assert.ok(seen.length >= 2, "the lock's connection and the migrations'");
  const allowed = ["user", "database", "client_encoding", "application_name"];
  for (const names of seen) assert.deepEqual(names.filter((name) => !allowed.includes(name)), []);
  assert.deepEqual(await project.applied(), ["1"]);
});

for (const poolMode of ["session", "transaction"] as const) {
  Deno.test({
    name: `failures 31: timeouts hold through PgBouncer in ${poolMode} mode, which refuses startup parameters`,
    ignore: noPgbouncer(),
    async fn() {
      await using project = await createProject(server, {
        "001_a.sql":
          "CREATE TABLE a AS SELECT current_setting('lock_timeout') AS lock, current_setting('statement_timeout') AS statement;\n",
      });
      await using pooler = await startPgbouncer(server, { poolMode, poolSize: 3 });
      const env = { DATABASE_URL: pooler.url(project.url) };
      // The pooler does refuse them: what a user asks for in PGOPTIONS gets the pooler's own words.
      const refused = await project.run(["up"], { env: { ...env, PGOPTIONS: "-c work_mem=1MB" } });
      assert.equal(refused.code, 4, refused.stderr);
      assert.match(refused.stderr, /unsupported startup parameter/);
      assertDone(await project.run(["up", "--lock-timeout", "3s", "--statement-timeout", "1min"], { env }));
      assert.deepEqual(await project.query("SELECT * FROM a"), [{ lock: "3s", statement: "1min" }]);
      assert.deepEqual(await project.applied(), ["1"]);
    },
  });
}
