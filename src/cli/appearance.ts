/** How the output is to look: its format and its colours, from options and environment. */

import type { Format } from "../output/renderer.ts";
import type { GlobalValues } from "./global_options.ts";
import type { Environment } from "./read_options.ts";
import type { GivenOption } from "./words.ts";

const FORMATS = ["human", "json", "github", "sarif"] as const satisfies readonly Format[];

/**
 * The format that was asked for, as far as it can be told: errors in the command line are told in it too. The last of
 * `--format` and `--json` counts, and a format that does not exist leaves people to read the error.
 */
export function formatOf(given: readonly GivenOption[], env: Environment): Format {
  const last = given.findLast(({ name }) => name === "format" || name === "json");
  const wanted = last === undefined ? env["PGMIGRATE_FORMAT"] : last.name === "json" ? "json" : last.value;
  return FORMATS.find((format) => format === wanted) ?? "human";
}

const COLORS = ["auto", "always", "never"] as const satisfies readonly GlobalValues["color"][];

/** What `--color` says, as far as it can be told: errors in the command line are coloured by it too. */
export function colorOf(given: readonly GivenOption[]): GlobalValues["color"] {
  const wanted = given.findLast(({ name }) => name === "color")?.value;
  return COLORS.find((color) => color === wanted) ?? "auto";
}

/** Whether a stream takes colours: the option, else NO_COLOR, else FORCE_COLOR, else whether it is a terminal. */
export function wantsColor(
  option: GlobalValues["color"],
  { env, isTerminal }: { readonly env: Environment; readonly isTerminal: boolean },
): boolean {
  if (option !== "auto") return option === "always";
  if (env["NO_COLOR"]) return false;
  const forced = env["FORCE_COLOR"];
  if (forced) return forced !== "0" && forced !== "false";
  return isTerminal && env["TERM"] !== "dumb";
}
