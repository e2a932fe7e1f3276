/** What a migration waits for, in words. */

import type { Blocker, LockWait, WaitingForLock } from "../events.ts";

/** So many of those who are in the way are told one by one. */
const MOST_TOLD = 3;

/** What a COMMIT waits for where synchronous_standby_names has a standby that does not answer. */
export const STANDBY_WORDS = "waiting for a synchronous standby to confirm the COMMIT (synchronous_standby_names)";

/** `waiting for AccessExclusiveLock on public.posts, held by pid 4242 (app web, user app, …): SELECT …` */
export function waitWords(wait: LockWait): string {
  const [first, ...rest] = wait.blockers;
  if (first === undefined || waitKind(wait) !== "transaction") {
    return `waiting for ${[objectWords(wait), blockersWords(wait.blockers, wait.more)].filter(Boolean).join(", ")}`;
  }
  const whose = first.pid === null ? "" : "the transaction of ";
  const others = blockersWords(rest, wait.more);
  return `waiting for ${whose}${who(first)} to end${deed(first)}${others === "" ? "" : `; ${others}`}`;
}

/** The word that JSON has for a kind of lock. */
export function waitKind({ kind }: LockWait): WaitingForLock["for"] {
  switch (kind) {
    case "relation":
    case "extend":
    case "page":
    case "tuple":
      return "table-lock";
    case "transactionid":
    case "virtualxid":
      return "transaction";
    case "advisory":
    case "userlock":
      return "advisory-lock";
    default:
      return "other-lock";
  }
}

/** What is waited for, without who is in the way: `AccessExclusiveLock on public.posts`. */
function objectWords({ kind, mode, relation, thing }: LockWait): string {
  const where = relation ?? (thing === null ? "a relation" : `relation ${thing}`);
  switch (kind) {
    case "relation":
      return `${mode} on ${where}`;
    case "extend":
      return `${mode} to extend ${where}`;
    case "page":
      return `${mode} on a page of ${where}`;
    case "tuple":
      return `${mode} on a row of ${where}`;
    case "transactionid":
      return `transaction ${thing} to end`;
    // CREATE INDEX CONCURRENTLY waits so for everybody whose snapshot is older than the index.
    case "virtualxid":
      return "another transaction to end";
    case "advisory":
      return `advisory lock ${thing}`;
    case "object":
      return `${mode} on an object of ${thing}`;
    default:
      return `${mode} (${kind})`;
  }
}

/** `held by pid 4242 (app web, …): SELECT …; behind pid 4243 …; and 3 more`; empty for none. */
export function blockersWords(blockers: readonly Blocker[], more: number): string {
  const told = blockers.slice(0, MOST_TOLD);
  const rest = blockers.length - told.length + more;
  const parts = told.map((blocker, index) => `${link(blocker, told[index - 1])} ${who(blocker)}${deed(blocker)}`);
  if (rest > 0) parts.push(`and ${rest} more`);
  return parts.join("; ");
}

/** `held by` once for all who hold it, and `behind` for those who wait for it too and came first. */
function link({ holds }: Blocker, before: Blocker | undefined): string {
  if (before?.holds === holds) return "and";
  return holds ? "held by" : "behind";
}

/** What a session or prepared transaction is, apart from its statement. */
export type Somebody = Omit<Blocker, "holds" | "waitsFor" | "query">;

/** `pid 4242 (app web, user app, idle in transaction for 5 min, from 10.0.0.7)` */
export function who(blocker: Somebody): string {
  const { pid, gid } = blocker;
  const name = pid === null ? `prepared transaction ${gid}` : `pid ${pid}`;
  const facts = factsOf(blocker);
  return facts.length === 0 ? name : `${name} (${facts.join(", ")})`;
}

/** Its statement, and what it waits for in its turn. */
function deed({ query, waitsFor }: Blocker): string {
  return `${query === null ? "" : `: ${query}`}${waitsFor === null ? "" : ` [${waitWords(waitsFor)}]`}`;
}

function factsOf({ application, user, client, process, state, sinceSeconds, pid }: Somebody): readonly string[] {
  const since = sinceSeconds === null ? "" : ` for ${spanWords(sinceSeconds)}`;
  return [
    ...(process === null ? [] : [process]),
    ...(application === null ? [] : [`app ${application}`]),
    ...(user === null ? [] : [`user ${user}`]),
    ...(pid === null ? [`prepared${since}`] : []),
    ...(pid !== null && state !== null ? [`${state}${since}`] : []),
    // The server hides the rest from a role without the rights of pg_read_all_stats.
    ...(pid !== null && state === null ? ["what it does is hidden from this role"] : []),
    ...(client === null ? [] : [`from ${client}`]),
  ];
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long something has lasted, roughly: `3 s`, `5 min`, `2 h`, `3 days`. */
export function spanWords(seconds: number): string {
  if (seconds < 2 * MINUTE) return `${Math.round(seconds)} s`;
  if (seconds < 2 * HOUR) return `${Math.round(seconds / MINUTE)} min`;
  if (seconds < 2 * DAY) return `${Math.round(seconds / HOUR)} h`;
  return `${Math.round(seconds / DAY)} days`;
}
