import assert from "node:assert/strict";
import { strongest } from "../src/impact/lock_strength.ts";
import type { LockMode } from "../src/impact/impact.ts";
import { type Case, CASES } from "./impact/cases.ts";
import type { Told } from "./impact/compare.ts";
import { Confusion } from "./impact/confusion.ts";
import { DIFFERENCES, SOMETIMES } from "./impact/differences.ts";
import { inParts, placeCases, type PlacedCase, setupOf, WITHOUT_AUTOVACUUM } from "./impact/place_cases.ts";
import { assertDone, createProject, type Line, linesOf } from "./pgmigrate.ts";
import { type Server, sharedServers } from "./servers/mod.ts";

/** More make the database slow to look at, fewer need more runs. */
const CASES_IN_A_DIRECTORY = 110;

/** They reach what is not in their schema, and would change what others do. */
const REACHES_FURTHER = /FOR ALL TABLES|CREATE ROLE/;

const WHY = "Where there are more relations than can be watched, those that the statement does not name are not";

/** What these two commands do differ in, beside what {@link DIFFERENCES} says. */
const OF_COMMANDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "UPDATE t SET a = (SELECT max(id) FROM u)": { "scan u": "An index can say the largest, and did" },
  "REINDEX INDEX p_k": { "lock p1 ShareLock": WHY, "lock p2 ShareLock": WHY },
};

const confusion = new Confusion();

for (const server of await sharedServers()) {
  Deno.test(`plan foresees what rehearse measures of every kind of statement on server ${server.version}`, async () => {
    const [row] = await server.query(
      server.url(),
      "SELECT current_setting('server_version_num')::int / 10000 AS major",
    );
    const cases = onePerKind(CASES).filter(({ sql }) => !REACHES_FURTHER.test(sql));
    const placed = (await placeCases(cases, { version: Number(row!.major), shared: false })).map(withOwnNames);
    const before = confusion.off.length;
    for (
      const part of [
        ...inParts(placed.filter(({ isOutside }) => !isOutside), CASES_IN_A_DIRECTORY),
        placed.filter(({ isOutside }) => isOutside),
      ]
    ) await compare(server, part);
    assert.deepEqual(
      confusion.off.slice(before).filter(({ why }) => why === null)
        .map(({ sql, cell, foreseen, measured }) => ({ sql, cell, foreseen, measured })),
      [],
    );
  });
}

Deno.test("what plan foresees and what rehearse measures, as a confusion table", () => {
  console.log(confusion.text());
});

/** One of the cases that differ in nothing but names, values and tables; tests/impact has the others. */
function onePerKind(cases: readonly Case[]): readonly Case[] {
  const kinds = new Map<string, Case>();
  for (const one of cases) {
    const keywords = one.sql.replaceAll(/'[^']*'|\([^()]*\)/g, "").match(/\b[A-Z]{2,}\b/g) ?? [];
    const kind = keywords.join(" ");
    if (!kinds.has(kind)) kinds.set(kind, one);
  }
  return [...kinds.values()];
}

/** What is not inside of a schema has a name of its own for each case. */
function withOwnNames(placed: PlacedCase): PlacedCase {
  const own = (text: string) => text.replaceAll(/\bimpact_[a-z]+/g, (name) => `${name}_${placed.schema}`);
  return { ...placed, setup: own(placed.setup), sql: own(placed.sql) };
}

/** One directory with a migration for each case, all planned and all rehearsed. */
async function compare(server: Server, part: readonly PlacedCase[]): Promise<void> {
  const names = part.map((_, index) => `${String(index + 1).padStart(3, "0")}_case.sql`);
  await using project = await createProject(
    server,
    Object.fromEntries(part.map((placed, index) => [names[index], migrationOf(placed)])),
  );
  await project.query(setupOf(part));
  await project.query(WITHOUT_AUTOVACUUM);
  const planned = await project.run(["plan", "--json"]);
  assertDone(planned);
  const rehearsed = await project.run(["rehearse", "--json"]);
  assertDone(rehearsed);
  const [foreseen, measured] = [planned, rehearsed].map(({ stdout }) => linesOf(stdout, "statement").filter(isCase));
  assert.equal(foreseen!.length, part.length);
  assert.equal(measured!.length, part.length);
  for (const [index, placed] of part.entries()) {
    const { schema } = placed;
    const sql = originalSql(placed);
    confusion.add(toldBy(foreseen![index]!, schema), toldBy(measured![index]!, schema), {
      version: server.version,
      sql,
      relations: [],
      differs: { ...DIFFERENCES[sql], ...SOMETIMES[sql], ...OF_COMMANDS[sql] },
    });
  }
}

function migrationOf({ schema, sql, isOutside }: PlacedCase): string {
  return `${isOutside ? "-- pgmigrate: no-transaction" : "--"}\nSET search_path = ${schema};\n${sql};\n`;
}

/** The first statement of each file says where it is. */
function isCase({ statement, line }: Line): boolean {
  return !(statement === "SET" && line === 2);
}

function originalSql({ sql, schema }: PlacedCase): string {
  return sql.replaceAll(new RegExp(`(\\bimpact_[a-z]+)_${schema}\\b`, "g"), "$1");
}

function toldBy(line: Line, schema: string): Told {
  const name = (text: string) => text.startsWith(`${schema}.`) ? text.slice(schema.length + 1) : text;
  const modes = new Map<string, LockMode[]>();
  for (const { relation, mode } of line.locks as readonly { relation: string; mode: LockMode }[]) {
    modes.set(name(relation), [...modes.get(name(relation)) ?? [], mode]);
  }
  return {
    locks: [...modes].flatMap(([relation, all]) => strongest(all).map((mode) => `${relation} ${mode}`)),
    scans: (line.scans as readonly string[]).map(name),
    rewrites: (line.rewrites as readonly string[]).map(name),
    possible: [],
    unknown: line.unknown === true,
  };
}
