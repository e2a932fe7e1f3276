import assert from "node:assert/strict";
import { hold } from "./lifecycle.ts";
import { assertDone, createProject, linesOf, type Project } from "./pgmigrate.ts";
import { type Server, sharedServer, sharedServers } from "./servers/mod.ts";
import { TRAPS } from "./traps.ts";

const server = await sharedServer("18");

const FILES = {
  "001_a.sql": "CREATE TABLE public.a (n pg_catalog.int4);\n",
  "002_b.sql":
    "-- pgmigrate: no-transaction\nCREATE INDEX CONCURRENTLY a_n ON public.a (n);\nCREATE TABLE public.b ();\n",
  "003_c.sql": "CREATE TABLE public.c ();\nSELECT nonsense;\n",
};

/**
 * search_paths that lead into the traps. The first shadows what pg_catalog has. The others are ordinary ones: pg_catalog
 * comes first unless it is named, but an operator that fits two types exactly wins over one of pg_catalog that has to
 * convert them, wherever it stands.
 */
const SEARCH_PATHS = ["traps,pg_catalog", "public,traps", "public,pg_catalog,traps"];

/** The environment that gives a run this search_path. */
function under(path: string) {
  return { env: { PGOPTIONS: `-c search_path=${path}`, PGMIGRATE_TABLE: "public.schema_migrations" } };
}

for (const server of await sharedServers()) {
  Deno.test(`no operator, function or type of somebody else's is run by SQL of ours, on server ${server.version}`, async () => {
    for (const path of SEARCH_PATHS) {
      await using project = await createProject(server, FILES);
      await project.query(TRAPS);
      // The trap works: the same query, as one would write it.
      await assert.rejects(project.query(`SET search_path = ${path}; SELECT 1::oid = 1::int8`), /trapped/);
      const run = (...args: readonly string[]) => project.run(args, under(path));
      assertDone(await run("status"));
      assertDone(await run("up", "--to", "2"));
      await project.directory.write("003_c.sql", "UPDATE public.a SET n = n + 1 WHERE n = 2;\n" + FILES["003_c.sql"]);
      assertDone(await run("plan"));
      await project.directory.write("003_c.sql", FILES["003_c.sql"]);
      const failed = await run("up");
      assert.match(failed.stderr, /^ *1\/1 .*\n\nerror: column "nonsense" does not exist/, path);
      await project.query("UPDATE public.schema_migrations SET checksum = NULL, source = NULL WHERE version = 1");
      for (const args of [["status"], ["verify"], ["verify", "--record"], ["verify"]]) assertDone(await run(...args));
      await project.directory.write("002_b.sql", "SELECT 1;\n");
      const edited = await run("verify");
      assert.match(edited.stdout, /^edited .*\n {2}- {2}-- pgmigrate: no-transaction\n/m, path);
      assert.deepEqual(await project.applied("public.schema_migrations"), ["1", "2"]);
    }
  });
}

Deno.test("waiting for another run calls no operator of somebody else's to name its holder", async () => {
  for (const path of SEARCH_PATHS) {
    await using project = await createProject(server, FILES);
    await project.query(TRAPS);
    await using _holder = await hold(project, "SELECT pg_advisory_xact_lock(3054254624126018873)");
    const { code, stderr } = await project.run(["up", "--lock-wait", "0"], under(path));
    assert.equal(code, 5, stderr);
    assert.match(stderr, /application another client/, path);
  }
});

Deno.test("watching a migration that waits calls no operator of somebody else's to say what it waits for", async () => {
  for (const path of SEARCH_PATHS) {
    await using project = await createProject(server, {
      "001_a.sql": "CREATE TABLE public.a ();\n",
      "002_b.sql": "ALTER TABLE public.a ADD COLUMN n pg_catalog.int4;\n",
    });
    await project.query(TRAPS);
    assertDone(await project.run(["up", "--to", "1"], under(path)));
    await using _holder = await hold(project, "LOCK TABLE public.a");
    const args = ["up", "--lock-timeout", "3s", "--lock-attempts", "1"];
    const { code, stderr } = await project.run(args, under(path));
    assert.equal(code, 5, stderr);
    assert.match(stderr, /waiting.* for .*public\.a, held by pid \d+ \(app another client/, path);
    assert.deepEqual(await project.applied("public.schema_migrations"), ["1"]);
  }
});

/** A role that may log in, for as long as a test needs it, and the URL with which it does. */
async function createRole(project: Project, server: Server) {
  const name = `role_${crypto.randomUUID().replaceAll("-", "")}`;
  await project.query(`CREATE ROLE ${name} LOGIN PASSWORD 'secret'`);
  const url = new URL(project.url);
  url.username = name;
  url.password = "secret";
  return {
    name,
    env: { DATABASE_URL: url.href },
    [Symbol.asyncDispose]: async () => {
      await project.query(`REASSIGN OWNED BY ${name} TO ${server.role}; DROP OWNED BY ${name}; DROP ROLE ${name}`);
    },
  };
}

const TRACKER = `CREATE TABLE schema_migrations (version BIGINT PRIMARY KEY, name TEXT NOT NULL,
  applied_at TIMESTAMPTZ NOT NULL DEFAULT now(), checksum TEXT, duration_ms BIGINT, applied_by TEXT, source TEXT)`;

Deno.test("a tracker that a stranger put there is refused, with its trigger never run", async () => {
  await using project = await createProject(server, {
    "001_a.sql": "CREATE TABLE a ();\n",
    "002_b.sql": "CREATE TABLE b ();\n",
  });
  await using mallory = await createRole(project, server);
  await project.query(`GRANT CREATE ON SCHEMA public TO ${mallory.name}; SET ROLE ${mallory.name}; ${TRACKER};
    INSERT INTO schema_migrations VALUES (1, '001_a.sql');
    CREATE FUNCTION rise() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN EXECUTE 'CREATE TABLE trapped AS SELECT current_user'; RETURN NEW; END $$;
    CREATE TRIGGER rise BEFORE INSERT OR UPDATE ON schema_migrations FOR EACH ROW EXECUTE FUNCTION rise()`);
  for (const args of [["up"], ["verify", "--record"]]) {
    const { code, stdout } = await project.run([...args, "--json"]);
    assert.equal(code, 2, stdout);
    const [error] = linesOf(stdout, "error");
    assert.equal(error!.code, "tracker-not-trusted");
    assert.equal(
      error!.message,
      `public.schema_migrations belongs to ${mallory.name}, who could run code as ${server.role}`,
    );
  }
  assert.deepEqual(await project.query("SELECT to_regclass('b') AS b, to_regclass('trapped') AS trapped"), [
    { b: null, trapped: null },
  ]);
  assertDone(await project.run(["status"]));
});

Deno.test("a tracker of the owner of the schema or the database, or of a role that ours is a member of, is taken", async () => {
  for (
    const trust of ["ALTER SCHEMA public OWNER TO", "ALTER DATABASE DATABASE_NAME OWNER TO", "GRANT OWNER_NAME TO"]
  ) {
    await using project = await createProject(server, { "001_a.sql": "CREATE TABLE a ();\n" });
    await using owner = await createRole(project, server);
    await using deployer = await createRole(project, server);
    const database = new URL(project.url).pathname.slice(1);
    await project.query(`GRANT CREATE ON SCHEMA public TO ${owner.name}, ${deployer.name};
      SET ROLE ${owner.name}; ${TRACKER}; GRANT ALL ON schema_migrations TO ${deployer.name}`);
    const refused = await project.run(["up"], { env: deployer.env });
    assert.match(
      refused.stderr,
      /^error: public\.schema_migrations belongs to role_\w+, who could run code as role_\w+\n/,
    );
    assert.equal(refused.code, 2);
    const statement = trust.replace("OWNER_NAME", owner.name).replace("DATABASE_NAME", database);
    await project.query(`${statement} ${statement.startsWith("GRANT") ? deployer.name : owner.name}`);
    assertDone(await project.run(["up"], { env: deployer.env }));
    assert.deepEqual(await project.applied(), ["1"]);
  }
});

Deno.test("row-level security that would hide applied migrations stops every command", async () => {
  await using project = await createProject(server, { "001_a.sql": "CREATE TABLE a ();\n" });
  await using deployer = await createRole(project, server);
  assertDone(await project.run(["up"]));
  const tables = ["schema_migrations", "schema_migrations_unfinished"];
  await project.query(tables.map((table) => `GRANT ALL ON ${table} TO ${deployer.name}`).join(";"));
  assertDone(await project.run(["status"], { env: deployer.env }));
  for (const table of tables) {
    await project.query(`ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`);
    for (const command of ["up", "status", "verify"]) {
      const { code, stderr } = await project.run([command], { env: deployer.env });
      assert.equal(code, 2, command);
      assert.ok(
        stderr.startsWith(`error: Row-level security may hide rows of public.${table} from ${deployer.name}\n`),
      );
      // It does not hold for the owner.
      assertDone(await project.run([command]));
    }
    await project.query(`ALTER TABLE ${table} DISABLE ROW LEVEL SECURITY`);
  }
  assert.deepEqual(await project.applied(), ["1"]);
});

Deno.test("a view, an index or a sequence in the place of a table of ours is refused, and nothing applied", async () => {
  const imposters = {
    view: "CREATE VIEW NAME AS SELECT 1::bigint AS version, ''::text AS name",
    "materialized view": "CREATE MATERIALIZED VIEW NAME AS SELECT 1::bigint AS version, ''::text AS name",
    index: "CREATE TABLE t (n int); CREATE INDEX NAME ON t (n)",
    sequence: "CREATE SEQUENCE NAME",
  };
  for (const name of ["schema_migrations", "schema_migrations_unfinished"]) {
    for (const [imposter, statement] of Object.entries(imposters)) {
      await using project = await createProject(server, { "001_a.sql": "CREATE TABLE a ();\n" });
      await project.query(statement.replace("NAME", name));
      const { code, stderr } = await project.run(["up"]);
      assert.equal(code, 2, imposter);
      assert.ok(stderr.startsWith(`error: public.${name} is not a table of pgmigrate's: it is not a table\n`), stderr);
      assert.deepEqual(await project.query("SELECT to_regclass('a') AS a"), [{ a: null }]);
    }
  }
});

Deno.test("a rule or a trigger on the tracker that keeps the row out makes the migration fail, not vanish", async () => {
  const keeping = {
    rule: "CREATE RULE keep AS ON INSERT TO schema_migrations DO INSTEAD NOTHING",
    trigger: `CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
      CREATE TRIGGER keep BEFORE INSERT ON schema_migrations FOR EACH ROW EXECUTE FUNCTION keep()`,
  };
  for (const [what, statements] of Object.entries(keeping)) {
    await using project = await createProject(server, {
      "001_a.sql": "CREATE TABLE a ();\n",
      "002_b.sql": "CREATE TABLE b ();\n",
    });
    assertDone(await project.run(["up", "--to", "1"]));
    await project.query(statements);
    const { code, stdout } = await project.run(["up", "--json"]);
    assert.equal(code, 1, what);
    assert.match(String(linesOf(stdout, "error")[0]!.state), /^Nothing of 002_b\.sql was kept\./, what);
    assert.deepEqual(await project.query("SELECT to_regclass('b') AS b"), [{ b: null }]);
    assert.deepEqual(await project.applied(), ["1"]);
  }
});
