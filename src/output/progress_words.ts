/** How far a statement is, in words. */

import type { StatementProgress } from "../events.ts";
import { count, duration } from "./wording.ts";

/** `CREATE INDEX: building index: scanning table, 45 %, 2 min 5 s left` */
export function progressWords({ command, phase, percent, secondsLeft, rows }: StatementProgress): string {
  return [
    `${command}: ${phase}`,
    ...(percent === null ? [] : [`${Math.floor(percent)} %`]),
    ...(secondsLeft === null ? [] : [`${duration(secondsLeft * 1000)} left`]),
    ...(rows === null ? [] : [count(rows, "row")]),
  ].join(", ");
}
