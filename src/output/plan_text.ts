/** What a plan comes to by table, as text for people. */

import type { PlannedBlock } from "../events.ts";
import { escapeLine } from "./escape.ts";
import { redact } from "./redact.ts";
import { count } from "./wording.ts";

/** Of tables from which somebody is kept, so many are told. */
const MOST_TOLD = 5;

/** For less, nobody loses a request. */
const WORTH_TELLING_SECONDS = 1;

/** `Reads and writes of public.posts wait for about 40 s in 002_add_user.sql (an estimate).`, the longest first. */
export function blockedLines(blocked: readonly PlannedBlock[]): readonly string[] {
  const long = blocked.filter(({ seconds }) => seconds === null || seconds > WORTH_TELLING_SECONDS);
  const sorted = long.toSorted((a, b) => (b.seconds ?? Infinity) > (a.seconds ?? Infinity) ? 1 : -1);
  const rest = long.length - MOST_TOLD;
  return [
    ...sorted.slice(0, MOST_TOLD).map(blockedLine),
    ...rest > 0 ? [`${count(rest, "more table")} will keep somebody waiting.`] : [],
  ];
}

function blockedLine({ relation, name, blocks, seconds }: PlannedBlock): string {
  const who = blocks === "writes" ? "Writes to" : "Reads and writes of";
  const time = seconds === null ? "nobody knows how long" : `about ${spanWords(seconds)}`;
  const how = seconds === null ? "" : " (an estimate)";
  return escapeLine(redact(`${who} ${relation} wait for ${time} in ${name}${how}.`));
}

/** `40 s`, `15 min`: as good as an estimate is. */
function spanWords(seconds: number): string {
  return seconds < 120 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`;
}
