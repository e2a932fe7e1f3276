import assert from "node:assert/strict";
import { Catalog } from "../../src/catalog/catalog.ts";
import { replay } from "../../src/catalog/replay.ts";
import { readCatalog } from "../../src/database/read_catalog.ts";
import { parse, type Statement } from "../../src/sql/parser.ts";
import { open } from "../impact/measure_cases.ts";
import { sharedServers } from "../servers/mod.ts";
import { differences } from "./differences.ts";
import { SCENARIOS } from "./scenarios.ts";

const servers = await sharedServers();

async function statementsOf(text: string): Promise<readonly Statement[]> {
  const outcome = await parse(text);
  assert.equal(outcome.kind, "statements", JSON.stringify(outcome));
  return outcome.kind === "statements" ? outcome.statements : [];
}

for (const server of servers) {
  const version = Number(server.version === "own" ? 0 : server.version);
  Deno.test(`a catalog replayed is a catalog read, on PostgreSQL ${server.version}`, async (test) => {
    await using made = await server.createDatabase();
    await using database = await open(made.url);
    await using session = await database.open();
    for (const [at, { name, sql, from = 0 }] of SCENARIOS.entries()) {
      if (version < from) continue;
      const schema = `sc${String(at).padStart(2, "0")}`;
      const text = sql.replaceAll("SCHEMA_", `${schema}_`);
      await test.step(name, async () => {
        await session.query(`CREATE SCHEMA ${schema}; SET search_path = ${schema}; ${text}`);
        const statements = await statementsOf(text);
        const { catalog: read } = await readCatalog(session, "all");
        const { catalog: named } = await readCatalog(session, statements);
        for (const [name, type] of named.types) read.types.set(name, type);
        for (const [name, made] of named.functions) read.functions.set(name, made);
        const catalog = new Catalog(true);
        catalog.searchPath = [schema];
        for (const statement of statements) replay(catalog, statement, 1n);
        assert.deepEqual(differences(catalog, read, { schema, version }), { missing: [], wrong: [] });
      });
    }
  });
}
