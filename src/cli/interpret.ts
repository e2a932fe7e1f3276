/** The words of a command line → what is to be done. */

import { missingOperand, unexpectedOperand } from "../errors/command_line.ts";
import type { Command } from "./command.ts";
import { findCommand } from "./find_command.ts";
import { commandHelp, generalHelp } from "./help.ts";
import { checkOptions } from "./read_options.ts";
import { showArgument } from "./show_argument.ts";
import type { Words } from "./words.ts";

export type Invocation =
  | { readonly kind: "help"; readonly text: string }
  | { readonly kind: "version" }
  /** Nothing was asked for. */
  | { readonly kind: "nothing" }
  | { readonly kind: "command"; readonly command: Command; readonly operands: readonly string[] };

/** @throws {Failure} exit code 2 */
export function interpret({ options, operands }: Words): Invocation {
  const [word, ...rest] = operands;
  const wants = (name: string) => options.some((option) => option.name === name);
  if (word === "help") return { kind: "help", text: helpOn(rest) };
  // Whoever asks for help has often got an option wrong: help comes before any complaint about the others.
  const command = word === undefined ? null : findCommand(word);
  if (wants("help")) return { kind: "help", text: command === null ? generalHelp() : commandHelp(command) };
  checkOptions(options, command);
  if (wants("version")) return { kind: "version" };
  if (command === null) return { kind: "nothing" };
  if (command.operand?.many) return { kind: "command", command, operands: rest };
  const extra = command.operand === null ? rest[0] : rest[1];
  if (extra !== undefined) throw unexpectedOperand(command.name, showArgument(extra));
  const operand = rest[0] || null;
  const optional = command.operandOptionalWith !== undefined && wants(command.operandOptionalWith);
  if (command.operand !== null && operand === null && !optional) {
    throw missingOperand(command.name, command.operand.placeholder);
  }
  return { kind: "command", command, operands: operand === null ? [] : [operand] };
}

function helpOn([word, extra]: readonly string[]): string {
  if (extra !== undefined) throw unexpectedOperand("help", showArgument(extra));
  return word === undefined ? generalHelp() : commandHelp(findCommand(word));
}
