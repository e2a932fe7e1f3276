/**
 * Breaks runs of pgmigrate in every way, round after round, and looks each time whether everything was applied exactly
 * once: `deno task chaos --rounds 100`. With `--seed N` the same things are broken; when they hit is up to the machine.
 */

import { parseArgs } from "node:util";
import { SERVER_VERSIONS, startServer } from "../servers/mod.ts";
import { type Arena, createArena, createField, type Field } from "./arena.ts";
import { createRandom } from "./random.ts";
import { recover } from "./recover.ts";
import { SCENES } from "./scenes.ts";
import { storm } from "./storm.ts";
import { Tally } from "./tally.ts";
import { assertWhole } from "./verdict.ts";

/** So many rounds have all scenes. */
const SCENES_APART = 3;

/** How much of what the runs said is shown after a failure. */
const LAST_WORDS = 30;

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "3" }, seed: { type: "string" } },
});
const rounds = Number(values.rounds);
const seed = values.seed === undefined ? crypto.getRandomValues(new Uint32Array(1))[0]! : Number(values.seed);
await useExecutable();
console.log(`chaos: ${rounds} rounds, --seed ${seed}`);

const tally = new Tally();
const fields: Field[] = [];
let failed = 0;
try {
  for (const version of SERVER_VERSIONS.slice(0, rounds)) fields.push(await createField(await startServer(version)));
  for (let number = 0; number < rounds; number++) {
    const start = performance.now();
    const field = fields[number % fields.length]!;
    const { problem, result } = await playRound(field, number);
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    console.log(`round ${number + 1}/${rounds} on server ${field.server.version}: ${result} (${seconds} s)`);
    if (problem === null) continue;
    failed++;
    console.error(problem);
  }
} finally {
  for (const { server, pooler } of fields) {
    await pooler[Symbol.asyncDispose]();
    await (server as Awaited<ReturnType<typeof startServer>>).stop();
  }
}
console.log(tally.report());
const missed = rounds < SCENES_APART ? [] : tally.missed();
for (const path of missed) console.error(`never taken: ${path}`);
console.log(`${rounds - failed} of ${rounds} rounds clean, ${missed.length} ways back never taken, --seed ${seed}`);
Deno.exitCode = failed + missed.length === 0 ? 0 : 1;

/** @returns what went wrong, or null, and the round in words */
async function playRound(field: Field, number: number): Promise<{ problem: string | null; result: string }> {
  const random = createRandom(seed + number * 7919);
  const arena = await createArena(field, { random, tally });
  try {
    await recover(arena); // the ground
    for (let index = number % SCENES_APART; index < SCENES.length; index += SCENES_APART) {
      const way = arena.open((number + index) % 2 === 0 ? "direct" : "pooled");
      await SCENES[index]!(arena, way);
      await recover(arena);
    }
    const { steps, applied } = await storm(arena);
    await recover(arena);
    await assertWhole(arena);
    return { problem: null, result: `clean, ${applied} of ${steps} applied in the storm` };
  } catch (error) {
    return { problem: report(arena, error), result: "FAILED" };
  } finally {
    await arena[Symbol.asyncDispose]();
  }
}

function report({ log, steps }: Arena, error: unknown): string {
  const reason = error instanceof Error ? error.stack ?? error.message : String(error);
  return [
    reason,
    `migrations: ${steps.map(({ name }) => name).join(" ")}`,
    "what runs said last:",
    ...log.slice(-LAST_WORDS),
  ].join("\n");
}

/** The executable where there is one: it is what people run, and starts faster. */
async function useExecutable(): Promise<void> {
  if (Deno.env.has("PGMIGRATE_TEST_EXECUTABLE")) return;
  const executable = "dist/pgmigrate";
  const info = await Deno.stat(executable).catch(() => null);
  if (info?.isFile) Deno.env.set("PGMIGRATE_TEST_EXECUTABLE", executable);
}
