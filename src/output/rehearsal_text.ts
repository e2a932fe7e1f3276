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

/** `Reads and writes of public.posts wait 354 ms in 002_add_user.sql.` */
function heldLine({ relation, name, blocks, fromMs, untilMs }: LockSpan): string {
  const who = blocks === "writes" ? "Writes to" : "Reads and writes of";
  return escapeLine(redact(`${who} ${relation} wait ${duration(untilMs - fromMs)} in ${name}.`));
}
