import assert from "node:assert/strict";
import { assertDone, createProject } from "./pgmigrate.ts";
import { noPgDump, pgDump } from "./pg_dump/pg_dump.ts";
import { sharedServer } from "./servers/mod.ts";

const server = await sharedServer("15");

const EVERYTHING = await Deno.readTextFile(new URL("./pg_dump/everything.sql", import.meta.url));

const NEWER = "SET transaction_timeout = 0;\n";

const KINDS: Readonly<Record<string, readonly string[]>> = {
  "plain": [],
  "with INSERTs": ["--inserts", "--rows-per-insert=50"],
  "with DROPs": ["--clean", "--if-exists"],
  "with every name quoted, without owners": ["--quote-all-identifiers", "--no-owner"],
};

for (const [kind, args] of Object.entries(KINDS)) {
  Deno.test({
    name: `failures 14, 17: what pg_dump writes, ${kind}, is a migration as it is`,
    ignore: noPgDump(),
    async fn() {
      await using source = await createProject(server, {});
      await source.query(EVERYTHING);
      // A newer pg_dump sets what an older server does not know.
      const dump = (await pgDump(source.url, ...args)).replace(NEWER, "");
      assert.match(dump, /^\\restrict /m);
      assert.match(dump, /^BEGIN;$/m);

      const after = "CREATE TABLE after AS SELECT current_setting('search_path') AS path;\n";
      await using copy = await createProject(server, { "001_dump.sql": dump, "002_after.sql": after });
      assertDone(await copy.run(["up"]));
      assert.deepEqual(await copy.applied(), ["1", "2"]);
      assert.notEqual((await copy.query("SELECT path FROM after"))[0]!.path, "");
      await copy.query("DROP TABLE after, schema_migrations, schema_migrations_unfinished");
      assert.equal(withoutKeys((await pgDump(copy.url, ...args)).replace(NEWER, "")), withoutKeys(dump));

      const newest = await sharedServer("18");
      const newer = dump.replace("SET client_encoding", `${NEWER}SET client_encoding`);
      await using upgraded = await createProject(newest, { "001_dump.sql": newer });
      assertDone(await upgraded.run(["up"]));
      const contents = "SELECT * FROM app.users ORDER BY id";
      assert.deepEqual(await upgraded.query(contents), await source.query(contents));
    },
  });
}

/** The keys of \restrict are made anew for each dump. */
function withoutKeys(dump: string): string {
  return dump.replaceAll(/^\\(un)?restrict .*$/gm, "");
}

Deno.test({
  name: "failures 17: a setting that only a newer server knows, as a newer pg_dump writes it, is said to be that",
  async fn() {
    await using project = await createProject(server, {
      "001_dump.sql": "SET statement_timeout = 0;\nSET transaction_timeout = 0;\nCREATE TABLE t ();\n",
    });
    const { code, stderr } = await project.run(["up"]);
    assert.equal(code, 1);
    assert.match(stderr, /001_dump\.sql:2:1\n/);
    assert.match(stderr, /hint: .*newer PostgreSQL.*Take the line out/);
    assert.deepEqual(await project.query("SELECT to_regclass('t') AS t"), [{ t: null }]);
  },
});
