/** The command that a word names. */

import { unknownCommand } from "../errors/command_line.ts";
import type { Command } from "./command.ts";
import { COMMAND_NAMES, commandNamed } from "./commands.ts";
import { nearest } from "./nearest.ts";
import { showArgument } from "./show_argument.ts";

/** @throws {Failure} `unknown-command` */
export async function findCommand(word: string): Promise<Command> {
  const found = await commandNamed(word);
  if (found !== null) return found;
  throw unknownCommand(showArgument(word), nearest(word, [...COMMAND_NAMES, "help"]));
}
