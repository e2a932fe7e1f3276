/** How much a statement hurt, by what was measured of it. The words for it are those of `plan`. */

import type { Verdict } from "../events.ts";
import type { LockMode } from "../impact/impact.ts";
import { blockedBy, ROW_CHANGES, stronger } from "../impact/lock_conflicts.ts";

export interface MeasuredFacts {
  /** What it needed itself, waiting left out; milliseconds. */
  readonly workMs: number;
  /** How long it waited for locks; milliseconds. */
  readonly waitMs: number;
  readonly rows: number;
  /** `UPDATE` */
  readonly command: string;
  readonly locks: readonly { readonly relation: string; readonly mode: LockMode }[];
  /** Locks of earlier statements of its transaction, held while it was at work, and for how long before that. */
  readonly held: readonly { readonly relation: string; readonly mode: LockMode; readonly heldMs: number }[];
  readonly scans: readonly string[];
  readonly rewrites: readonly string[];
  /** Whether it commits on its way, and so gives back its locks more than once. */
  readonly commits: boolean;
}

/** Work of up to so long is short: whoever waits for it notices, but no request times out. */
const SHORT_MS = 1_000;

/** So few rows are written in no time. */
const FEW_ROWS = 100;

/**
 * instant: nobody notices. short: at work for up to a second. long: at work, or waiting, for longer, and neither reads nor
 * writes had to wait. dangerous: reads or writes had to, for this statement or for those of its transaction up to it.
 *
 * @returns the reason as a whole sentence, without a full stop
 */
export function measuredVerdict(facts: MeasuredFacts): { readonly verdict: Verdict; readonly reason: string } {
  const { workMs, waitMs, rows, scans, rewrites } = facts;
  const blocker = strongest([...facts.locks, ...facts.held].filter(({ mode }) => blockedBy(mode) !== "nobody"), [
    ...rewrites,
    ...scans,
  ]);
  const isLong = workMs > SHORT_MS;
  const isIdle = scans.length + rewrites.length === 0 && rows <= FEW_ROWS && !isLong;
  const atWork = isIdle ? "instant" : !isLong ? "short" : blocker === null ? "long" : "dangerous";
  const waits = waitMs <= SHORT_MS ? atWork : blocker === null ? worse(atWork, "long") : "dangerous";
  const reason = sentence(facts, { blocker, isIdle });
  const overheld = isIdle || waits === "dangerous" ? null : overheldBy(facts);
  return overheld === null ? { verdict: waits, reason } : { verdict: "dangerous", reason: `${reason}; ${overheld}` };
}

/** `public.products had been locked for 4.0 s by then`, of the lock that was held for longest; null for none for long. */
function overheldBy({ held, workMs, waitMs }: MeasuredFacts): string | null {
  const blocking = held.filter(({ mode }) => blockedBy(mode) !== "nobody");
  const [longest] = blocking.toSorted((one, other) => other.heldMs - one.heldMs);
  const totalMs = (longest?.heldMs ?? 0) + waitMs + workMs;
  return longest === undefined || totalMs <= SHORT_MS
    ? null
    : `${longest.relation} had been locked for ${span(totalMs)} by then`;
}

const ORDER: readonly Verdict[] = ["instant", "short", "long", "dangerous"];

function worse(one: Verdict, other: Verdict): Verdict {
  return ORDER.indexOf(one) >= ORDER.indexOf(other) ? one : other;
}

type Lock = MeasuredFacts["locks"][number];

/** The lock that keeps most from their work; of the same, the first on what is worked on. */
function strongest(locks: readonly Lock[], worked: readonly string[] = []): Lock | null {
  const ordered = locks.toSorted((a, b) => Number(worked.includes(b.relation)) - Number(worked.includes(a.relation)));
  return ordered.reduce<Lock | null>(
    (best, lock) => best === null || stronger(best.mode, lock.mode) !== best.mode ? lock : best,
    null,
  );
}

function sentence(
  facts: MeasuredFacts,
  { blocker, isIdle }: { readonly blocker: Lock | null; readonly isIdle: boolean },
): string {
  const { workMs, waitMs, locks, commits } = facts;
  const queued = blocker === null ? "" : `, and ${lower(usedWords(blocker))} behind it`;
  const waited = waitMs < 1 ? "" : `; before that, it waited ${span(waitMs)} for locks${queued}`;
  if (isIdle) {
    const lock = strongest(locks);
    if (lock === null) return `No relation that was there was locked, read or written from end to end${waited}`;
    const { relation, mode } = lock;
    const who = blockedBy(mode) === "nobody" ? "kept nobody waiting" : "for a moment only";
    return `${mode} on ${relation} ${who}: nothing was read or written from end to end${waited}`;
  }
  const deeds = deedsOf(facts);
  const deed = deeds === "" ? "it was at work" : deeds;
  if (blocker === null && changesRows(facts)) {
    if (commits) {
      return `Who writes the same rows would have waited for one of its COMMITs, at most ${
        span(workMs)
      } in all, while ` +
        `${deed}${waited}`;
    }
    return `Who writes the same rows would have waited ${span(workMs)} while ${deed}${waited}`;
  }
  if (blocker === null) return `Nobody would have waited while ${deed}, which took ${span(workMs)}${waited}`;
  return `${usedWords(blocker)} would have waited ${span(workMs)} while ${deed}${waited}`;
}

function usedWords({ relation, mode }: Lock): string {
  return `${blockedBy(mode) === "reads-and-writes" ? "Reads and writes of" : "Writes to"} ${relation}`;
}

function lower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** An inserted row is nobody else's yet. */
function changesRows({ command, rows }: MeasuredFacts): boolean {
  return rows > FEW_ROWS && ROW_CHANGES.includes(command);
}

function deedsOf({ scans, rewrites, rows, command }: MeasuredFacts): string {
  const passes = [
    ...rewrites.map((relation) => `${relation} was written anew`),
    ...scans.map((relation) => `${relation} was read from end to end`),
  ];
  const written = rows > FEW_ROWS
    ? [`${rows.toLocaleString("en-US")} rows were ${command === "SELECT" ? "returned" : "written"}`]
    : [];
  const [first, second, ...more] = [...passes, ...written];
  if (first === undefined) return "";
  if (second === undefined) return first;
  return `${first} and ${second}${more.length === 0 ? "" : `, and ${more.length} more`}`;
}

/** `12 ms`, `3.4 s`. */
function span(ms: number): string {
  if (ms < 1) return "less than 1 ms";
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
