/** How far a statement is, and how long the rest will take. */

import type { ProgressRow } from "../database/look.ts";

/** How far back the speed is measured: long enough to be steady, short enough to notice that the disk got slower. */
const WINDOW_MS = 30_000;

/** With less to go by, nothing is said of the time that is left. */
const SHORTEST_MS = 3_000;

interface Sample {
  readonly atMs: number;
  readonly done: number;
}

/** What is known of one phase of one command. */
export interface Measured {
  readonly command: string;
  readonly phase: string;
  readonly total: number;
  /** Oldest first. */
  readonly samples: readonly Sample[];
}

export interface Estimate {
  /** 0 to 100; null where it cannot be known. */
  readonly percent: number | null;
  readonly secondsLeft: number | null;
}

/** Adds what was seen to what was measured before; another phase begins anew. */
export function measure(before: Measured | null, row: ProgressRow, atMs: number): Measured {
  const { command, phase, total, done } = row;
  const goesOn = before !== null && before.command === command && before.phase === phase && before.total === total &&
    done >= before.samples.at(-1)!.done;
  const samples = goesOn ? before.samples.filter((sample) => atMs - sample.atMs <= WINDOW_MS) : [];
  return { command, phase, total, samples: [...samples, { atMs, done }] };
}

/** What the speed so far says of the phase. */
export function estimate({ total, samples }: Measured): Estimate {
  const last = samples.at(-1)!;
  if (total <= 0) return { percent: null, secondsLeft: null };
  const percent = Math.min(100, Math.floor(1000 * last.done / total) / 10);
  const first = samples[0]!;
  const [tookMs, did] = [last.atMs - first.atMs, last.done - first.done];
  if (tookMs < SHORTEST_MS || did <= 0) return { percent, secondsLeft: null };
  return { percent, secondsLeft: Math.max(0, Math.round((total - last.done) * tookMs / did / 1000)) };
}
