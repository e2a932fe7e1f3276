/** Events → the streams of the process. */

import { createRenderer } from "../output/create_renderer.ts";
import { formatOf, wantsColor } from "./appearance.ts";
import type { Report } from "./command.ts";
import type { GlobalValues } from "./global_options.ts";
import type { Environment } from "./read_options.ts";
import type { GivenOption } from "./words.ts";
import type { World } from "./world.ts";

/** The options that say how the output looks. */
export type Looks = Pick<GlobalValues, "color" | "quiet" | "verbose" | "migrations">;

/** How errors look until the options could be read. */
export const PLAIN_LOOKS: Looks = { color: "auto", quiet: false, verbose: false, migrations: "migrations" };

/** Renders each event and writes it at once. */
export function createReporter(
  world: World,
  { given, env, looks }: {
    readonly given: readonly GivenOption[];
    readonly env: Environment;
    readonly looks: Looks;
  },
): Report {
  const colored = (isTerminal: boolean) => wantsColor(looks.color, { env, isTerminal });
  const render = createRenderer(formatOf(given, env), {
    color: { stdout: colored(world.stdout.isTerminal), stderr: colored(world.stderr.isTerminal) },
    live: world.stderr.isTerminal && env["TERM"] !== "dumb",
    quiet: looks.quiet,
    verbose: looks.verbose,
    columns: world.columns || null,
    migrations: looks.migrations,
  });
  return (event) => {
    for (const { stream, text } of render(event)) world[stream].write(text);
  };
}
