/** What must be true of a database whatever has happened to it. */

import assert from "node:assert/strict";
import type { Arena } from "./arena.ts";

/** In the midst of it: what is begun and not ended has a reason, which is that it runs outside a transaction. */
export async function assertExplained({ project, steps }: Arena): Promise<void> {
  const [tracker] = await project.query("SELECT to_regclass('schema_migrations_unfinished') IS NOT NULL AS made");
  if (!tracker!.made) return;
  const rows = await project.query(`SELECT version::int, EXISTS (SELECT FROM schema_migrations a
    WHERE a.version = u.version) AS applied FROM schema_migrations_unfinished u`);
  for (const { version, applied } of rows) {
    const step = steps.find((step) => step.version === version);
    assert.ok(step !== undefined && step.kind !== "transaction", `a claim of ${version} was left over`);
    assert.equal(applied, false, `${version} is applied and unfinished`);
  }
}

/** At the end: every effect exactly once, every row in the tracker, no claim, every index valid. */
export async function assertWhole({ project, steps, run }: Arena): Promise<void> {
  for (const { name, statements } of steps) {
    for (const { sql, times } of statements) {
      const [row] = await project.query(times);
      assert.equal(Number(row!.times), 1, `${name}: ${sql}`);
    }
  }
  const versions = [1, ...steps.map(({ version }) => version)].map(String);
  assert.deepEqual(await project.applied(), versions, "the tracker");
  assert.deepEqual(await project.query("SELECT version FROM schema_migrations_unfinished"), [], "claims");
  const invalid = "SELECT indexrelid::regclass::text AS index FROM pg_index WHERE NOT indisvalid";
  assert.deepEqual(await project.query(invalid), [], "INVALID indexes");
  const indexes = "SELECT count(*)::int AS count FROM pg_indexes WHERE tablename = 'big'";
  const [built] = await project.query(indexes);
  assert.equal(built!.count, steps.filter(({ kind }) => kind !== "transaction").length, "no index too many");
  assert.equal((await project.run(["verify", "--strict"])).code, 0, "verify");
  assert.equal((await run(null)).code, 0, "nothing left to do");
}
