/** The table of commands, in the order in which the help lists them. Each is loaded where it is needed. */

import type { Command } from "./command.ts";

const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  up: async () => (await import("./commands/up.ts")).upCommand,
  status: async () => (await import("./commands/status.ts")).statusCommand,
  verify: async () => (await import("./commands/verify.ts")).verifyCommand,
  new: async () => (await import("./commands/new.ts")).newCommand,
  lint: async () => (await import("./commands/lint.ts")).lintCommand,
  check: async () => (await import("./commands/check.ts")).checkCommand,
  plan: async () => (await import("./commands/plan.ts")).planCommand,
  rehearse: async () => (await import("./commands/rehearse.ts")).rehearseCommand,
};

export const COMMAND_NAMES: readonly string[] = Object.keys(COMMANDS);

/** The command of that name; null where there is none. */
export async function commandNamed(name: string): Promise<Command | null> {
  return Object.hasOwn(COMMANDS, name) ? await COMMANDS[name]!() : null;
}

export async function allCommands(): Promise<readonly Command[]> {
  return await Promise.all(Object.values(COMMANDS).map((load) => load()));
}
