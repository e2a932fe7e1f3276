/** The command that a word names. */

import { unknownCommand } from "../errors/command_line.ts";
import type { Command } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { nearest } from "./nearest.ts";
import { showArgument } from "./show_argument.ts";

/** @throws {Failure} `unknown-command` */
export function findCommand(word: string): Command {
  const found = COMMANDS.find((command) => command.name === word);
  if (found !== undefined) return found;
  const names = [...COMMANDS.map((command) => command.name), "help"];
  throw unknownCommand(showArgument(word), nearest(word, names));
}
