import assert from "node:assert/strict";
import { Catalog } from "../catalog/catalog.ts";
import { replay } from "../catalog/replay.ts";
import { parse, type Statement } from "../sql/parser.ts";
import type { Impact, LockMode } from "./impact.ts";
import { impactOf } from "./impact_of.ts";
import { strongest } from "./lock_strength.ts";

async function statementsOf(text: string): Promise<readonly Statement[]> {
  const outcome = await parse(text);
  assert.equal(outcome.kind, "statements", text);
  return outcome.kind === "statements" ? outcome.statements : [];
}

/** The impact of the last of some statements, of which those before it are replayed. */
async function impact(text: string, postgresVersion = 18): Promise<Impact> {
  const statements = await statementsOf(text);
  const catalog = new Catalog(false);
  for (const statement of statements.slice(0, -1)) replay(catalog, statement, 1n);
  return impactOf(statements.at(-1)!, catalog, { postgresVersion });
}

Deno.test("impactOf() says why nobody can know what some statements do", async () => {
  const texts = [
    "DO $$ BEGIN END $$",
    "CALL act()",
    "EXECUTE prepared",
    "CREATE EXTENSION citext",
    "DROP OWNED BY somebody",
    "REASSIGN OWNED BY somebody TO other",
    "ALTER TABLE ALL IN TABLESPACE old SET TABLESPACE new",
    "SELECT made_by_somebody()",
    "SELECT query_to_xml('DELETE FROM t', true, true, '')",
    "ALTER TABLE posts ALTER COLUMN title TYPE text",
    "ALTER TABLE posts VALIDATE CONSTRAINT something",
  ];
  for (const text of texts) assert.match((await impact(text)).unknown ?? "", /^[A-Z].*[^.]$/, text);
  for (const text of ["SELECT now(), count(*) FROM t", "ALTER TABLE posts ADD COLUMN x int"]) {
    assert.equal((await impact(text)).unknown, null, text);
  }
});

Deno.test("impactOf() is certain of a rewrite only where the old type is known", async () => {
  const change = "ALTER TABLE posts ALTER COLUMN n TYPE bigint";
  const [guessed] = (await impact(change)).rewrites;
  assert.equal(guessed?.certain, false);
  const [known] = (await impact(`CREATE TABLE posts (n int); ${change}`)).rewrites;
  assert.equal(known?.certain, true);
  assert.deepEqual(
    (await impact("CREATE TABLE posts (n varchar(5)); ALTER TABLE posts ALTER n TYPE text")).rewrites,
    [],
  );
});

Deno.test("impactOf() takes a CHECK for a proof that a column is not NULL, alone or in an AND, once it is validated", async () => {
  const scans = async (check: string) => {
    const table = `CREATE TABLE t (a int, b int); ALTER TABLE t ADD CONSTRAINT c CHECK ${check}`;
    return (await impact(`${table}; ALTER TABLE t ALTER a SET NOT NULL`)).scans.length;
  };
  assert.equal(await scans("(a IS NOT NULL)"), 0);
  assert.equal(await scans("(b > 0 AND (a IS NOT NULL AND a > 0))"), 0);
  assert.equal(await scans("(a IS NOT NULL OR b > 0)"), 1);
  assert.equal(await scans("(b IS NOT NULL)"), 1);
  assert.equal(await scans("(a > 0)"), 1);
  assert.equal(await scans("(a IS NOT NULL) NOT VALID"), 1);
});

Deno.test("strongest() keeps two modes beside each other where neither implies the other", () => {
  const cases: readonly (readonly [LockMode[], LockMode[]])[] = [
    [["AccessShareLock", "AccessExclusiveLock", "ShareLock"], ["AccessExclusiveLock"]],
    [["ShareLock", "ShareUpdateExclusiveLock"], ["ShareUpdateExclusiveLock", "ShareLock"]],
    [["ShareLock", "RowExclusiveLock"], ["RowExclusiveLock", "ShareLock"]],
    [["ShareUpdateExclusiveLock", "RowExclusiveLock"], ["ShareUpdateExclusiveLock"]],
    [[], []],
  ];
  for (const [modes, kept] of cases) assert.deepEqual(strongest(modes), kept);
});
