/** What a person does after a failure: runs `up` again, and where it asks, looks at the database and decides. */

import assert from "node:assert/strict";
import type { Arena } from "./arena.ts";
import type { Step } from "./steps.ts";

/** Nothing is broken any more while somebody recovers: more than that is no recovery. */
const MAX_TRIES = 40;

/** Runs until everything is applied. @throws {AssertionError} when it does not come to that */
export async function recover(arena: Arena): Promise<void> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    await arena.quiet();
    const { code, lines } = await arena.run(null);
    if (code === 0) return;
    const error = lines.find(({ event }) => event === "error");
    assert.equal(error?.code, "unfinished", `exit code ${code} without a fault: ${JSON.stringify(error)}`);
    await decide(arena);
  }
  assert.fail(`Not recovered after ${MAX_TRIES} runs`);
}

/** Goes on with what has begun and not ended, or records it, by what is there of it. */
export async function decide(arena: Arena): Promise<void> {
  const { project, tally } = arena;
  const rows = await project.query("SELECT version::int, statement FROM schema_migrations_unfinished ORDER BY 1");
  for (const { version, statement: done } of rows) {
    const step = arena.steps.find((step) => step.version === version)!;
    const missing = await missingStatements(arena, step);
    if (missing[0] === done) {
      tally.take("up --retry");
      await arena.run(null, ["--retry", String(version)]);
    } else {
      // What was in doubt has happened: the rest is done by hand, and the whole is recorded.
      for (const index of missing) await project.query(step.statements[index]!.sql);
      tally.take("up --mark-applied");
      await arena.run(null, ["--mark-applied", String(version), "--to", String(version)]);
    }
  }
}

/** Which statements have had no effect. */
async function missingStatements({ project }: Arena, { statements }: Step): Promise<readonly number[]> {
  const missing: number[] = [];
  for (const [index, { times }] of statements.entries()) {
    const [row] = await project.query(times);
    if (Number(row!.times) === 0) missing.push(index);
  }
  return missing;
}
