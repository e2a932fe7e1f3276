/** The sentences that say why a verdict is what it is. */

import { blockedBy } from "../impact/lock_conflicts.ts";
import type { HeldLock, InTheWay, Pass, TakenLock, WrittenRows } from "./verdict.ts";
import { spanWords } from "./wait_words.ts";

/** @param unknown a whole sentence without a full stop */
export function unknownSentence(unknown: string): string {
  return `${unknown}: what it locks, and for how long, shows only when it runs (pgmigrate rehearse)`;
}

/** `AccessExclusiveLock on public.posts would wait for pid 4242 (…), and reads and writes of public.posts behind it` */
export function waitingSentence(wait: InTheWay): string {
  const queue = blockedBy(wait.mode) === "nobody" ? "" : `, and ${lower(used(wait))} wait behind it`;
  return `${wait.mode} on ${wait.relation} has to wait for ${wait.who}${queue}`;
}

/** @param lock the strongest that it takes; null for none */
export function instantSentence(lock: TakenLock | null, writes: WrittenRows | null): string {
  if (writes !== null) return `${capital(passiveRows(writes))}, and nothing is read from end to end`;
  if (lock === null) return "No relation that is there is locked, read or written";
  const who = blockedBy(lock.mode) === "nobody" ? "keeps nobody waiting" : "for a moment only";
  return `${lock.mode} on ${lock.relation} ${who}: nothing is read or written from end to end`;
}

/** What a statement does for some time, and who has to wait meanwhile. */
export interface AtWork {
  readonly passes: readonly Pass[];
  readonly writes: WrittenRows | null;
  /** An estimate; null where it cannot be told. */
  readonly seconds: number | null;
  /** The lock that keeps reads or writes from a table meanwhile. */
  readonly blocker: TakenLock | HeldLock | null;
  /** For whom it waits first. */
  readonly wait: InTheWay | null;
  readonly isShort: boolean;
  readonly commits: boolean;
}

/** `Reads and writes of public.posts wait for about 40 s while public.posts is rewritten (12,000,000 rows, 4.1 GB): …` */
export function atWorkSentence({ passes, writes, seconds, blocker, wait, isShort, commits }: AtWork): string {
  const first = wait === null ? "" : `; before that, it has to wait for ${wait.who}`;
  const time = seconds === null
    ? "for nobody knows how long"
    : isShort
    ? "for less than a second"
    : `for ${estimate(seconds)}`;
  const why = passes[0] === undefined ? "" : `: ${passes[0].reason}`;
  const deeds = [...passes.length === 0 ? [] : [passive(passes)], ...writes === null ? [] : [passiveRows(writes)]];
  const deed = `${deeds.join(" and ")}${why}`;
  const maybe = passes.some(({ certain }) => !certain) ? "if" : "while";
  if (blocker === null && (writes === null || writes.isNew)) {
    return `Nobody has to wait ${maybe} ${deeds.join(" and ")} ${time}${why}${first}`;
  }
  if (blocker === null && commits) {
    const all = seconds === null ? "nobody knows how long" : isShort ? "less than a second" : estimate(seconds);
    return `Who writes the same rows waits for one of its COMMITs ${maybe} ${deed}, which takes ${all} in all${first}`;
  }
  if (blocker === null) return `Who writes the same rows waits ${time} ${maybe} ${deed}${first}`;
  const since = "line" in blocker ? `, locked since line ${blocker.line},` : "";
  return `${used(blocker)}${since} wait ${time} ${maybe} ${deed}${first}`;
}

/** `public.products has been locked for about 4 s by then` */
export function heldSentence({ relation, seconds }: HeldLock): string {
  return `${relation} has been locked for about ${spanWords(Math.ceil(seconds ?? 0))} by then`;
}

function used({ relation, mode }: TakenLock): string {
  return blockedBy(mode) === "reads-and-writes" ? `Reads and writes of ${relation}` : `Writes to ${relation}`;
}

const DEEDS = {
  scan: "is read from end to end",
  index: "is read to build an index",
  rewrite: "is written anew",
} as const;

/** Of many, the first is told. */
function passive(passes: readonly Pass[]): string {
  const [first, ...rest] = passes as readonly [Pass, ...Pass[]];
  const others = rest.length === 1 ? `, and so is ${rest[0]!.relation}` : "";
  const more = rest.length > 1 ? `, and so are ${rest.length} more` : "";
  return `${first.relation} ${DEEDS[first.work]}${sizeWords(first)}${others}${more}`;
}

function sizeWords({ rows, bytes }: Pass): string {
  const parts = [
    ...rows === null ? [] : [`${whole(rows)} ${rows === 1 ? "row" : "rows"}`],
    ...bytes === null ? [] : [bytesWords(bytes)],
  ];
  return parts.length === 0 ? " (its size is not known)" : ` (${parts.join(", ")})`;
}

const HOW = { "exactly": "", "about": "about ", "at-most": "up to " } as const;

function passiveRows({ relation, rows, known }: WrittenRows): string {
  if (rows === null) return `nobody knows how many rows of ${relation} are written`;
  return `${HOW[known]}${whole(rows)} ${rows === 1 ? "row of" : "rows of"} ${relation} ${
    rows === 1 ? "is" : "are"
  } written`;
}

/** An estimate is told as one. */
function estimate(seconds: number): string {
  return `about ${spanWords(Math.ceil(seconds))} (an estimate)`;
}

/** `12,000,000` */
export function whole(number: number): string {
  return number.toLocaleString("en-US");
}

const UNITS = ["bytes", "kB", "MB", "GB", "TB", "PB"] as const;

/** As `pg_size_pretty` counts them, in powers of 1024: `8192 bytes`, `4.1 GB`. */
export function bytesWords(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 10_240 || (unit > 0 && value >= 1024)) {
    value /= 1024;
    unit++;
  }
  const digits = unit === 0 || value >= 10 ? Math.round(value).toString() : value.toFixed(1);
  return `${digits} ${UNITS[unit]}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function lower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
