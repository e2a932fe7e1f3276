/** The version of pgmigrate, as `deno.json` has it. */

import configuration from "../../deno.json" with { type: "json" };

export const PROGRAM_VERSION: string = configuration.version;

/** `pgmigrate 0.1.0`, and with more detail what it runs on. */
export function versionText(runtime: string, verbose: boolean): string {
  return `pgmigrate ${PROGRAM_VERSION}\n${verbose ? `${runtime}\n` : ""}`;
}
