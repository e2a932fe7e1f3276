/** Runs programs and measures them. */

import type { Invocation } from "./tools.ts";

export interface Measurement {
  readonly durationMs: number;
  /** Highest resident memory, where the system tells (Linux). */
  readonly peakBytes: number;
}

const POLL_MS = 5;

/**
 * Runs a program to its end.
 * @throws {Error} with what it wrote when it fails
 */
export async function measure({ command, env = {}, cwd }: Invocation): Promise<Measurement> {
  const [program, ...args] = command;
  const start = performance.now();
  const child = new Deno.Command(program!, {
    args,
    env,
    ...cwd === undefined ? {} : { cwd },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const ended = child.output();
  const peak = pollPeak(child.pid, ended);
  const { success, stdout, stderr } = await ended;
  const durationMs = performance.now() - start;
  if (!success) {
    throw new Error(`${program} failed: ${new TextDecoder().decode(stderr)}${new TextDecoder().decode(stdout)}`);
  }
  return { durationMs, peakBytes: await peak };
}

/** Deno lets only a program with all permissions read this. VmHWM never falls, so its last reading misses at most the last few milliseconds. */
async function pollPeak(pid: number, ended: Promise<unknown>): Promise<number> {
  let running = true;
  ended.finally(() => running = false).catch(() => {});
  let peakBytes = 0;
  while (running) {
    const status = await Deno.readTextFile(`/proc/${pid}/status`).catch(() => "");
    peakBytes = Math.max(peakBytes, Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return peakBytes;
}

/** The middle one of an odd number of values, which a single slow run does not move. */
export function median(values: readonly number[]): number {
  return values.toSorted((first, second) => first - second)[Math.floor(values.length / 2)]!;
}
