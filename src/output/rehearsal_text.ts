/** What a rehearsal comes to, as text for people. */

import type { LockSpan, RehearseResult } from "../events.ts";
import { escapeLine } from "./escape.ts";
import { redact } from "./redact.ts";
import { count, duration } from "./wording.ts";

/** Of tables from which somebody was kept, so many are told. */
const MOST_TOLD = 5;

export function rehearsalClosing(answer: RehearseResult): readonly string[] {
  const { rehearsed, pending, blocked, durationMs, report, failure } = answer;
  const shown = blocked.slice(0, MOST_TOLD);
  const rest = blocked.length - shown.length;
  const written = report === null ? [] : [`The report is in ${escapeLine(redact(report))}.`];
  if (pending.length === 0) return ["Nothing is pending: there is nothing to rehearse.", ...written];
  return [
    ...shown.map(heldLine),
    ...rest > 0 ? [`${count(rest, "more table")} kept somebody waiting.`] : [],
    // Where it failed, the error said what is left.
    ...failure === null ? [`Rehearsed ${count(rehearsed.length, "migration")} in ${duration(durationMs)}.`] : [],
    ...written,
  ];
}

const WHO: Readonly<Record<LockSpan["blocks"], string>> = {
  "reads-and-writes": "Reads and writes of",
  "writes": "Writes to",
  "row-writes": "Writes to the same rows of",
  "nobody": "Changes of the definition of",
};

/** `Reads and writes of public.posts wait 354 ms in 002_add_user.sql.` */
function heldLine({ relation, name, blocks, fromMs, untilMs, queueMs }: LockSpan): string {
  const who = WHO[blocks];
  const queue = queueMs < 1 ? "" : `, ${duration(queueMs)} of it behind a lock that is waited for`;
  // Which of its rows was changed first, nobody has seen; and a block or procedure may commit on its way.
  const most = blocks === "row-writes" ? "up to " : "";
  return escapeLine(redact(`${who} ${relation} wait ${most}${duration(untilMs - fromMs)} in ${name}${queue}.`));
}
