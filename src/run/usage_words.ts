/** Who uses a relation, in sentences. */

import type { HolderOf, Usage } from "../database/usage.ts";
import { LONG_TRANSACTION_SECONDS } from "./verdict.ts";
import { whole } from "./verdict_words.ts";
import { spanWords, who } from "./wait_words.ts";

/** So many transactions, and so many queries, are told of one relation. */
const MOST_TOLD = 3;

/**
 * Sentences without a full stop: the transactions that have it locked, oldest first, the queries that name it, and what
 * was counted of it.
 *
 * @param names the relation, and its partitions and indexes
 */
export function usersOf(usage: Usage, names: readonly string[]): readonly string[] {
  const holders = oneEach(usage.holders.filter(({ relation }) => names.includes(relation)));
  const rest = holders.length - MOST_TOLD;
  return [
    ...holders.slice(0, MOST_TOLD).map(holderSentence),
    ...rest > 0 ? [`${whole(rest)} more ${rest === 1 ? "transaction has" : "transactions have"} it locked`] : [],
    ...(usage.queries.get(names[0]!) ?? []).slice(0, MOST_TOLD).map(({ query, calls, meanMs }) =>
      `${whole(calls)} ${calls === 1 ? "call" : "calls"} of ${milliseconds(meanMs)} each: ${query}`
    ),
    ...countsSentence(usage, names),
  ];
}

/** The locks of one transaction on a table, its partitions and indexes count as one. */
function oneEach(holders: readonly HolderOf[]): readonly HolderOf[] {
  const seen = new Map<string, HolderOf>();
  for (const holder of holders) {
    const key = `${holder.pid} ${holder.gid}`;
    if (!seen.has(key)) seen.set(key, holder);
  }
  return [...seen.values()];
}

function holderSentence(holder: HolderOf): string {
  const { transactionSeconds, mode, query } = holder;
  const isLong = transactionSeconds !== null && transactionSeconds >= LONG_TRANSACTION_SECONDS;
  const age = isLong ? `, in a transaction of ${spanWords(transactionSeconds)}` : "";
  return `${who(holder)} holds ${mode}${age}${query === null ? "" : `: ${query}`}`;
}

function countsSentence({ activity, countedSince }: Usage, names: readonly string[]): readonly string[] {
  const all = names.flatMap((name) => activity.get(name) ?? []);
  const sum = (of: (one: typeof all[number]) => number) => all.reduce((total, one) => total + of(one), 0);
  const counts = [
    [sum(({ sequentialScans }) => sequentialScans), "sequential scan", "sequential scans"],
    [sum(({ indexScans }) => indexScans), "index scan", "index scans"],
    [sum(({ rowsWritten }) => rowsWritten), "row written", "rows written"],
  ] as const;
  const told = counts.filter(([number]) => number > 0);
  if (told.length === 0) return [];
  const since = countedSince === null
    ? "since its statistics began"
    : `since ${countedSince.toISOString().slice(0, 10)}`;
  return [`${told.map(([number, one, many]) => `${whole(number)} ${number === 1 ? one : many}`).join(", ")} ${since}`];
}

function milliseconds(number: number): string {
  return number < 10 ? `${number.toFixed(1)} ms` : `${whole(Math.round(number))} ms`;
}
