/** Five runs at once, hit at random moments by everything there is. */

import type { Fault, Passing } from "../faults/proxy.ts";
import type { Begun } from "../lifecycle.ts";
import type { Arena, Way } from "./arena.ts";
import type { Random } from "./random.ts";
import { decide } from "./recover.ts";
import { randomStep } from "./steps.ts";
import type { Tally } from "./tally.ts";
import { assertExplained } from "./verdict.ts";

const RUNNERS = 5;
const STEPS = 12;
const WAVES = 2;
const WAVE_MS = 4_000;

/** Between two blows at processes: so rare that most runs get somewhere first. */
const SHORTEST_CALM_MS = 200;
const LONGEST_CALM_MS = 1_500;

/** At each message, of which a run has some dozens. */
const FAULTS: readonly (readonly [Fault, number])[] = [
  ["cut", 0.001],
  ["cut-behind", 0.001],
  ["half-close", 0.001],
];

/** At each COMMIT, beside these. */
const FAULTS_AT_COMMIT: readonly (readonly [Fault, number])[] = [
  ["swallow-answer", 0.06],
  ["cut", 0.04],
  ["cut-behind", 0.04],
];

const DELAY_PROBABILITY = 0.02;
const LONGEST_DELAY_MS = 80;

/**
 * Runs, breaks and runs again until all is applied or the time is over. Between the waves somebody decides what `up`
 * asks, for nothing would be run any more behind that.
 * @returns how many migrations it began with, and how many of them were applied when it ended
 */
export async function storm(arena: Arena): Promise<{ readonly steps: number; readonly applied: number }> {
  const { random, tally, project } = arena;
  for (let step = 0; step < STEPS; step++) await arena.add((version) => randomStep(version, random));
  const ways = Array.from({ length: RUNNERS }, (_, index) => arena.open(index % 2 === 0 ? "direct" : "pooled"));
  for (const { proxy } of ways) proxy.decide = breakAtRandom(random, tally);
  const before = (await project.applied()).length;
  let applied = 0;
  for (let wave = 0; wave < WAVES && applied < STEPS; wave++) {
    await decide(arena);
    await runWave(arena, ways, async () => {
      applied = (await project.applied()).length - before;
      return applied === STEPS;
    });
    await arena.quiet();
    await assertExplained(arena);
  }
  return { steps: STEPS, applied };
}

/** Ends all that is left of the runs when the wave is over, or everything is applied. */
async function runWave(arena: Arena, ways: readonly Way[], isDone: () => Promise<boolean>): Promise<void> {
  const { random } = arena;
  const running = new Map<Way, Begun>();
  let stormy = true;
  const runners = ways.map(async (way) => {
    while (stormy) {
      await using run = arena.begin(way);
      running.set(way, run);
      const outcome = await run.ended();
      running.delete(way);
      arena.read(outcome);
      await pause(random.between(5, 100));
    }
  });
  const deadline = performance.now() + WAVE_MS;
  while (performance.now() < deadline && !await isDone()) {
    await pause(random.between(SHORTEST_CALM_MS, LONGEST_CALM_MS));
    await strike(arena, [...running.values()]);
  }
  stormy = false;
  for (const { process } of running.values()) process.kill("SIGKILL");
  await Promise.all(runners);
  for (const { proxy } of ways) proxy.cutAll();
}

function breakAtRandom(random: Random, tally: Tally): (passing: Passing) => Promise<Fault | undefined> {
  return async ({ from, type, text }) => {
    const commit = from === "client" && type === "Q" && /^COMMIT\b/.test(text);
    if (random.happens(DELAY_PROBABILITY)) {
      tally.inject("message delayed");
      await pause(random.between(1, LONGEST_DELAY_MS));
    }
    const faults = commit ? [...FAULTS_AT_COMMIT, ...FAULTS] : FAULTS;
    const hit = faults.find(([, probability]) => random.happens(probability));
    if (hit === undefined) return undefined;
    tally.inject(`${hit[0]} at ${commit ? "COMMIT" : "a message"}`);
    return hit[0];
  };
}

async function strike({ project, random, tally }: Arena, running: readonly Begun[]): Promise<void> {
  if (running.length > 0 && random.happens(0.5)) {
    tally.inject("run killed");
    return random.pick(running).process.kill("SIGKILL");
  }
  // Some that are at work, some that hold the lock, and some that do nothing.
  const active = random.happens(0.5) ? "AND state = 'active'" : "";
  const backends = await project.query(`SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'pgmigrate' AND pid <> pg_backend_pid() ${active}`);
  if (backends.length === 0) return;
  tally.inject("backend terminated");
  await project.query(`SELECT pg_terminate_backend(${random.pick(backends).pid})`);
}

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
