/** Durations of the command line. */

import { badDuration } from "../errors/command_line.ts";
import { readDuration } from "../migration/duration.ts";
import { showArgument } from "./show_argument.ts";

/**
 * Reads `500ms`, `5s`, `2min`, `1h`, `1d` or `0`.
 * @param setting what to call it in an error: `--lock-wait`
 * @returns milliseconds
 * @throws {Failure} `bad-duration`
 */
export function parseDuration(text: string, setting: string): number {
  const read = readDuration(text);
  if ("hint" in read) throw badDuration(setting, showArgument(text), read.hint);
  return read.milliseconds;
}
