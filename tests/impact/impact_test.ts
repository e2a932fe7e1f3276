import assert from "node:assert/strict";
import { impactOf } from "../../src/impact/impact_of.ts";
import { sharedServers } from "../servers/mod.ts";
import { CASES } from "./cases.ts";
import { toldByImpact, toldByServer } from "./compare.ts";
import { DIFFERENCES, SOMETIMES } from "./differences.ts";
import { Confusion } from "./confusion.ts";
import { measureCases } from "./measure_cases.ts";
import { inParts, placeCases } from "./place_cases.ts";

const SCHEMAS_IN_A_DATABASE = 12;

const servers = await sharedServers();
const confusion = new Confusion();

for (const server of servers) {
  Deno.test(`impactOf() foresees what every kind of statement does on server ${server.version}`, async () => {
    const [row] = await server.query(
      server.url(),
      "SELECT current_setting('server_version_num')::int / 10000 AS major",
    );
    const version = Number(row!.major);
    const used = new Set<string>();
    const before = confusion.off.length;
    for (const part of inParts(await placeCases(CASES, { version, shared: true }), SCHEMAS_IN_A_DATABASE)) {
      await measureCases(server, part, ({ placed, catalog, seen }) => {
        const { schema, sql } = placed;
        const name = (text: string) => text.startsWith(`${schema}.`) ? text.slice(schema.length + 1) : text;
        const predicted = toldByImpact(impactOf(placed.statement, catalog, { postgresVersion: version }), name);
        const measured = toldByServer(seen, name);
        const relations = [...seen.before.relations.values()].filter((one) => one.schema === schema);
        confusion.add(predicted, measured, {
          version: server.version,
          sql,
          relations: relations.map((one) => one.name),
          differs: { ...DIFFERENCES[sql], ...SOMETIMES[sql] },
        });
        used.add(sql);
      });
    }
    const unexplained = confusion.off.slice(before).filter(({ why }) => why === null);
    assert.deepEqual(unexplained.map(({ sql, cell, foreseen, measured }) => ({ sql, cell, foreseen, measured })), []);
    assert.ok(used.size > 500, `only ${used.size} statements`);
  });
}

Deno.test("what impactOf() foresees and what servers do, as a confusion table", () => {
  console.log(confusion.text());
  const explained = new Set(confusion.off.map(({ sql, cell }) => `${sql}: ${cell}`));
  const stale = Object.entries(DIFFERENCES).flatMap(([sql, cells]) =>
    Object.keys(cells).map((cell) => `${sql}: ${cell}`)
  );
  assert.deepEqual(stale.filter((cell) => servers.length > 1 && !explained.has(cell)), []);
});
