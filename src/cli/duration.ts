/** Durations as PostgreSQL writes them, with a unit. */

import { badDuration } from "../errors.ts";
import { showArgument } from "./show_argument.ts";

const UNITS_MS = new Map([["ms", 1], ["s", 1000], ["min", 60_000], ["h", 3_600_000], ["d", 86_400_000]]);
const HOW_TO_WRITE = "Write a whole number and a unit (ms, s, min, h, d): 500ms, 5s, 2min; or 0 for none.";

/** The largest value of the server's own timeouts, a 32-bit number of milliseconds: nearly 25 days. */
const LONGEST_MS = 2_147_483_647;

/**
 * Reads `500ms`, `5s`, `2min`, `1h`, `1d` or `0`.
 * @param setting what to call it in an error: `--lock-wait`
 * @returns milliseconds
 * @throws {Failure} `bad-duration`
 */
export function parseDuration(text: string, setting: string): number {
  if (text === "0") return 0;
  const [, digits, unit] = /^(\d+) ?([a-zµ]*)$/i.exec(text) ?? [];
  if (digits === undefined || unit === undefined) throw badDuration(setting, showArgument(text), HOW_TO_WRITE);
  if (unit === "") {
    const hint = `It has no unit. Write ${digits}s for seconds or ${digits}ms for milliseconds.`;
    throw badDuration(setting, showArgument(text), hint);
  }
  const unitMs = UNITS_MS.get(unit);
  if (unitMs === undefined) throw badDuration(setting, showArgument(text), HOW_TO_WRITE);
  const milliseconds = Number(digits) * unitMs;
  if (milliseconds > LONGEST_MS) throw badDuration(setting, showArgument(text), "The longest is 24d.");
  return milliseconds;
}
