/** Versions as a user gives them. */

import { badVersionNumber } from "../errors/command_line.ts";
import { showArgument } from "./show_argument.ts";

/** The largest bigint of PostgreSQL, which the tracker's column is. */
const HIGHEST_VERSION = 2n ** 63n - 1n;

/**
 * Reads `4`, `004` or `20261122151000`.
 * @param setting what to call it in an error: `--to`
 * @throws {Failure} `bad-version`
 */
export function parseVersion(text: string, setting: string): bigint {
  // 2^63 has 19 digits; more than a file name can hold is not worth turning into a number.
  const version = /^\d{1,255}$/.test(text) ? BigInt(text) : 0n;
  if (version < 1n || version > HIGHEST_VERSION) throw badVersionNumber(setting, showArgument(text));
  return version;
}
