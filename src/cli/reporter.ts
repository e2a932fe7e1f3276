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

/** How errors look until the options could be read, but for their colours. */
export const PLAIN_LOOKS: Looks = { color: "auto", quiet: false, verbose: false, migrations: "migrations" };

/** What decides how the output looks. */
export interface Appearance {
  readonly given: readonly GivenOption[];
  readonly env: Environment;
  readonly looks: Looks;
  /** Of the command, once it is known. */
  readonly proves: boolean;
}

/** Renders each event and writes it at once. */
export async function createReporter(
  world: World,
  { given, env, looks, proves }: Appearance,
): Promise<Report> {
  const colored = (isTerminal: boolean) => wantsColor(looks.color, { env, isTerminal });
  const options = {
    color: { stdout: colored(world.stdout.isTerminal), stderr: colored(world.stderr.isTerminal) },
    live: world.stderr.isTerminal && env["TERM"] !== "dumb",
    quiet: looks.quiet,
    verbose: looks.verbose,
    columns: world.columns || null,
    migrations: looks.migrations,
  };
  const render = await createRenderer(formatOf(given, env), options, { proves });
  return (event) => {
    for (const { stream, text } of render(event)) world[stream].write(text);
  };
}
