/** Faults that are placed exactly, each so that one way back must be taken: chance alone would leave some out. */

import assert from "node:assert/strict";
import { atCommitOf, type Decide, type Fault, once } from "../faults/proxy.ts";
import { hold, runningBackend, waitingRun } from "../lifecycle.ts";
import { waitUntil } from "../wait_until.ts";
import type { Arena, Way } from "./arena.ts";
import { gatedStep, indexStep, severalStep, transactionStep } from "./steps.ts";

export type Scene = (arena: Arena, way: Way) => Promise<void>;

/** A key of an advisory lock that nothing else uses. */
const GATE = 4711;

function effectOf(version: number): string {
  return `INSERT INTO effects VALUES (${version}, 1)`;
}

/** One fault at a statement that is sent by itself; its claim, which holds the file's text, is not meant. */
function atStatement(start: string, fault: Fault): Decide {
  return once(fault, ({ from, type, text }) => {
    const statement = text.replace(/^\/\* pgmigrate \d+ \*\/ /, "");
    return from === "client" && type === "Q" && statement.startsWith(start);
  });
}

async function commitAnswerLost(arena: Arena, way: Way): Promise<void> {
  const { version } = await arena.add((version) => transactionStep(version, null));
  way.proxy.decide = atCommitOf(effectOf(version), "swallow-answer");
  arena.tally.inject("scene: answer to COMMIT lost");
  const { lines } = await arena.run(way);
  const applied = lines.some((line) => line.event === "migration_applied" && line.version === String(version));
  assert.ok(applied, "the COMMIT was found");
  arena.tally.take("COMMIT without an answer found committed");
}

async function commitLost(arena: Arena, way: Way): Promise<void> {
  const { version, name } = await arena.add((version) => transactionStep(version, null));
  way.proxy.decide = atCommitOf(effectOf(version), "cut");
  arena.tally.inject("scene: COMMIT lost");
  const { lines } = await arena.run(way);
  const error = lines.find(({ event }) => event === "error");
  assert.equal(error?.code, "connection-lost");
  assert.ok(String(error?.state).startsWith(`Nothing of ${name} was kept`), String(error?.state));
  arena.tally.take("COMMIT without an answer found rolled back");
}

async function nobodyToAsk(arena: Arena, way: Way): Promise<void> {
  const { version } = await arena.add((version) => transactionStep(version, null));
  const commit = atCommitOf(effectOf(version), "swallow-answer");
  let gone = false;
  way.proxy.decide = async (passing) => {
    const fault = await commit(passing);
    gone ||= fault !== undefined;
    return fault ?? (gone && passing.type === "startup" ? "cut" : undefined);
  };
  arena.tally.inject("scene: answer to COMMIT lost, server out of reach");
  await using run = arena.begin(way);
  const links = await waitUntil("a COMMIT", () => Promise.resolve(gone ? way.proxy.links : null));
  await waitUntil("a question how it ended", () => Promise.resolve(way.proxy.links > links + 1 ? true : null));
  run.process.kill("SIGINT");
  const lines = arena.read(await run.ended());
  assert.equal(lines.find(({ event }) => event === "error")?.code, "outcome-unknown");
}

async function indexAnswerLost(arena: Arena, way: Way): Promise<void> {
  const { version } = await arena.add(indexStep);
  way.proxy.decide = atStatement(`CREATE INDEX CONCURRENTLY i_${version} `, "swallow-answer");
  arena.tally.inject("scene: answer to CREATE INDEX CONCURRENTLY lost");
  assert.equal((await arena.run(way)).code, 4);
}

/** A transaction that has written keeps CREATE INDEX CONCURRENTLY waiting for its end. */
async function indexWaiting(arena: Arena, way: Way, kill: "backend" | "run"): Promise<void> {
  const { version } = await arena.add(indexStep);
  await using writer = await hold(arena.project, "INSERT INTO big VALUES (0, 0)");
  await using run = arena.begin(way);
  const backend = await runningBackend(arena.project, `CREATE INDEX CONCURRENTLY i_${version} `, "Lock");
  if (kill === "backend") {
    arena.tally.inject("scene: backend of CREATE INDEX CONCURRENTLY terminated");
    await arena.project.query(`SELECT pg_terminate_backend(${backend})`);
    arena.read(await run.ended());
  } else {
    arena.tally.inject("scene: run killed in CREATE INDEX CONCURRENTLY");
    run.process.kill("SIGKILL");
    arena.read(await run.ended());
    await using next = arena.begin(way);
    await waitUntil("a run that looks for the backend", async () => {
      const rows = await arena.project.query(`SELECT FROM pg_stat_activity WHERE datname = current_database()
        AND pid <> pg_backend_pid() AND query LIKE '%a.backend_start IS NULL%'`);
      return rows.length > 0 ? true : null;
    });
    await writer.release();
    arena.read(await next.ended());
  }
}

async function statementLost(arena: Arena, way: Way): Promise<void> {
  const { version } = await arena.add(severalStep);
  way.proxy.decide = atStatement(`CALL take_effect(${version}, 2)`, "cut");
  arena.tally.inject("scene: statement outside a transaction lost");
  assert.equal((await arena.run(way)).code, 4);
}

async function statementAnswerLost(arena: Arena, way: Way): Promise<void> {
  const { version } = await arena.add(severalStep);
  way.proxy.decide = atStatement(`CALL take_effect(${version}, 3)`, "swallow-answer");
  arena.tally.inject("scene: answer to a statement outside a transaction lost");
  assert.equal((await arena.run(way)).code, 4);
}

async function lockLost(arena: Arena, way: Way): Promise<void> {
  await arena.add((version) => gatedStep(version, GATE));
  await arena.add(indexStep);
  await using gate = await hold(arena.project, `SELECT pg_advisory_xact_lock(${GATE})`);
  await using run = arena.begin(way);
  await runningBackend(arena.project, String(GATE), "Lock");
  arena.tally.inject("scene: backend that holds the lock terminated");
  await arena.project.query(`SELECT pg_terminate_backend(pid) FROM pg_locks
    WHERE locktype = 'advisory' AND granted AND pid <> ${gate.pid}
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`);
  await waitUntil("the end of that connection", () => Promise.resolve(way.proxy.open === 1 ? true : null));
  await gate.release();
  assert.equal((await run.ended().then(arena.read)).find(({ event }) => event === "error")?.code, "lock-lost");
}

async function anotherRun(arena: Arena, way: Way): Promise<void> {
  await arena.add((version) => gatedStep(version, GATE));
  await using gate = await hold(arena.project, `SELECT pg_advisory_xact_lock(${GATE})`);
  await using first = arena.begin(way);
  await runningBackend(arena.project, String(GATE), "Lock");
  arena.tally.inject("scene: second run");
  await using second = arena.begin(arena.open("direct"));
  await waitingRun(arena.project);
  await gate.release();
  for (const run of [first, second]) {
    const outcome = await run.ended();
    arena.read(outcome);
    assert.equal(outcome.code, 0, outcome.stdout);
  }
}

async function backendTerminated(arena: Arena, way: Way): Promise<void> {
  await arena.add((version) => gatedStep(version, GATE));
  await using _gate = await hold(arena.project, `SELECT pg_advisory_xact_lock(${GATE})`);
  await using run = arena.begin(way);
  const backend = await runningBackend(arena.project, String(GATE), "Lock");
  arena.tally.inject("scene: backend of a migration terminated");
  await arena.project.query(`SELECT pg_terminate_backend(${backend})`);
  const lines = arena.read(await run.ended());
  assert.equal(lines.find(({ event }) => event === "error")?.code, "connection-lost");
}

async function runKilled(arena: Arena, way: Way): Promise<void> {
  await arena.add((version) => gatedStep(version, GATE));
  await using gate = await hold(arena.project, `SELECT pg_advisory_xact_lock(${GATE})`);
  await using run = arena.begin(way);
  await runningBackend(arena.project, String(GATE), "Lock");
  arena.tally.inject("scene: run killed in a migration");
  run.process.kill("SIGKILL");
  arena.read(await run.ended());
  await using next = arena.begin(way, ["--lock-timeout", "0"]);
  await gate.release();
  const outcome = await next.ended();
  arena.read(outcome);
}

/** Three rounds have all of them. */
export const SCENES: readonly Scene[] = [
  commitAnswerLost,
  commitLost,
  nobodyToAsk,
  indexAnswerLost,
  (arena, way) => indexWaiting(arena, way, "backend"),
  (arena, way) => indexWaiting(arena, way, "run"),
  statementLost,
  statementAnswerLost,
  lockLost,
  anotherRun,
  backendTerminated,
  runKilled,
];
