/** Numbers of attempts on the command line. */

import { badAttempts } from "../errors/command_line.ts";
import { HOW_TO_WRITE_ATTEMPTS, readAttempts } from "../migration/attempts.ts";
import { showArgument } from "./show_argument.ts";

/**
 * Reads `10`.
 * @param setting what to call it in an error: `--lock-attempts`
 * @throws {Failure} `bad-attempts`
 */
export function parseAttempts(text: string, setting: string): number {
  const attempts = readAttempts(text);
  if (attempts === null) throw badAttempts(setting, showArgument(text), HOW_TO_WRITE_ATTEMPTS);
  return attempts;
}
