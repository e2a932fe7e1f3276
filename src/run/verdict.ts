/** How much a statement hurts: the whole decision, as a function of what it locks, reads, writes, and for whom it waits. */

import type { Verdict } from "../events.ts";
import type { LockMode } from "../impact/impact.ts";
import { blockedBy, stronger } from "../impact/lock_conflicts.ts";
import { atWorkSentence, heldSentence, instantSentence, unknownSentence, waitingSentence } from "./verdict_words.ts";
import { secondsOfWork, secondsToWrite, type Size, type Work } from "./work_estimate.ts";

/** Work of up to so many seconds is short: whoever waits for it notices, but no request times out. */
export const SHORT_SECONDS = 1;

/** A transaction that is as old as the lock_timeout of `up` is taken to stay. */
export const LONG_TRANSACTION_SECONDS = 5;

/** So few rows are written in no time. */
const FEW_ROWS = 100;

/** A relation that is gone through from its first row to its last. */
export interface Pass extends Size {
  /** `public.posts`. */
  readonly relation: string;
  readonly work: Work;
  /** As the end of a sentence. */
  readonly reason: string;
  /** false: it may not be. */
  readonly certain: boolean;
}

export interface TakenLock {
  readonly relation: string;
  readonly mode: LockMode;
}

/** A lock of an earlier statement of the same transaction. */
export interface HeldLock extends TakenLock {
  /** The line of that statement. */
  readonly line: number;
  /** How long statements have been at work since, by estimate; null where nobody can say. */
  readonly seconds: number | null;
}

/** A transaction that would be waited for, and the lock that would be. */
export interface InTheWay extends TakenLock {
  /** `pid 4242 (app web, user app, idle in transaction for 5 min)`. */
  readonly who: string;
  /** How old it is. */
  readonly seconds: number;
}

/** Rows that are inserted, updated or deleted. */
export interface WrittenRows {
  readonly relation: string;
  /** null: not known. */
  readonly rows: number | null;
  /** How well that is known. */
  readonly known: "exactly" | "about" | "at-most";
  /** Nobody else can see the rows before they are committed, and so nobody waits to write them. */
  readonly isNew: boolean;
}

/** All that counts. Relations are those that were there before the run; catalogs are left out. */
export interface VerdictFacts {
  readonly locks: readonly TakenLock[];
  /** Held until the transaction ends, and so while this statement is at work. */
  readonly held: readonly HeldLock[];
  readonly passes: readonly Pass[];
  readonly writes: WrittenRows | null;
  readonly inTheWay: readonly InTheWay[];
  /** Whether it commits on its way, and so gives back its locks more than once. */
  readonly commits: boolean;
  /** Why not everything it does can be known: a whole sentence without a full stop. */
  readonly unknown: string | null;
}

export interface Judged {
  readonly verdict: Verdict;
  /** A whole sentence, without a full stop. */
  readonly reason: string;
  /** How long it is at work, by estimate; null where nobody can say. */
  readonly seconds: number | null;
}

/**
 * instant: nobody notices. short: at work for up to a second, by estimate. long: at work for longer, or waits, and neither
 * reads nor writes have to wait. dangerous: reads or writes wait for more than a second, or nobody can say for how long:
 * by itself, or together with the statements before it, since a lock is held until its transaction ends.
 */
export function verdictOf(facts: VerdictFacts): Judged {
  const known = knownVerdict(facts);
  if (facts.unknown === null || known.verdict === "dangerous") return known;
  return { verdict: "dangerous", reason: unknownSentence(facts.unknown), seconds: null };
}

function knownVerdict(facts: VerdictFacts): Judged {
  const { passes, writes, locks, commits } = facts;
  const wait = waitedFor(facts);
  if (passes.length === 0 && (writes === null || isFew(writes))) {
    if (wait !== null) return { verdict: riskOf(wait), reason: waitingSentence(wait), seconds: 0 };
    return { verdict: "instant", reason: instantSentence(strongest(locks), writes), seconds: 0 };
  }
  const seconds = secondsOf(facts);
  const blocker = strongest([...locks, ...facts.held].filter(({ mode }) => blockedBy(mode) !== "nobody"));
  const isLong = seconds === null || seconds > SHORT_SECONDS;
  const atWork = !isLong ? "short" : blocker === null ? "long" : "dangerous";
  const verdict = wait === null ? atWork : worse(atWork, riskOf(wait));
  const reason = atWorkSentence({ passes, writes, seconds, blocker, wait, commits, isShort: !isLong });
  const overheld = verdict === "dangerous" || seconds === null ? null : overheldBy(facts.held, seconds);
  if (overheld === null) return { verdict, reason, seconds };
  return { verdict: "dangerous", reason: `${reason}; ${heldSentence(overheld)}`, seconds };
}

/** The lock of an earlier statement that has been in the way for too long when this one ends; of such the longest. */
function overheldBy(held: readonly HeldLock[], seconds: number): HeldLock | null {
  const totals = held.filter(({ mode }) => blockedBy(mode) !== "nobody")
    .flatMap((lock) => lock.seconds === null ? [] : [{ ...lock, seconds: lock.seconds + seconds }])
    .filter((lock) => lock.seconds > SHORT_SECONDS);
  return totals.reduce<HeldLock | null>((most, one) => (most?.seconds ?? 0) >= one.seconds ? most : one, null);
}

/** The lock that keeps most from their work; of the same, the first. */
function strongest<Lock extends TakenLock>(locks: readonly Lock[]): Lock | null {
  return locks.reduce<Lock | null>(
    (best, lock) => best === null || stronger(best.mode, lock.mode) !== best.mode ? lock : best,
    null,
  );
}

/** Who is waited for, and stays: the oldest. */
function waitedFor({ inTheWay }: VerdictFacts): InTheWay | null {
  const staying = inTheWay.filter(({ seconds }) => seconds >= LONG_TRANSACTION_SECONDS);
  return staying.reduce<InTheWay | null>((oldest, one) => (oldest?.seconds ?? -1) >= one.seconds ? oldest : one, null);
}

/** Whoever wants the table then waits behind the one who waits for it already. */
function riskOf({ mode }: InTheWay): Verdict {
  return blockedBy(mode) === "nobody" ? "long" : "dangerous";
}

const ORDER: readonly Verdict[] = ["instant", "short", "long", "dangerous"];

/** The worse of two. */
export function worse(one: Verdict, other: Verdict): Verdict {
  return ORDER.indexOf(one) >= ORDER.indexOf(other) ? one : other;
}

/** @returns null where the size of something is not known */
function secondsOf({ passes, writes }: VerdictFacts): number | null {
  const parts = [
    ...passes.map((pass) => secondsOfWork(pass.work, pass)),
    ...writes === null ? [] : [writes.rows === null ? null : secondsToWrite(writes.rows)],
  ];
  return parts.reduce<number | null>((sum, part) => sum === null || part === null ? null : sum + part, 0);
}

function isFew({ rows }: WrittenRows): boolean {
  return rows !== null && rows <= FEW_ROWS;
}
