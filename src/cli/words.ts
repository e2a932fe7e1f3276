/** The words of a command line, told apart: options with their values, and operands. */

import { parseArgs } from "node:util";
import { COMMANDS } from "./commands.ts";
import { GLOBAL_OPTIONS } from "./global_options.ts";
import type { Option } from "./option.ts";

export interface GivenOption {
  /** Its long name, or whatever was typed where there is no such option. */
  readonly name: string;
  /** As it was typed, without its value: `-d`, `--to`. */
  readonly written: string;
  /** What follows it, where something does. */
  readonly value: string | null;
  /** The value was joined to it with `=`, or to its letter. */
  readonly joined: boolean;
}

export interface Words {
  readonly options: readonly GivenOption[];
  /** The command's name is the first. */
  readonly operands: readonly string[];
}

/** Tells words apart without judging them. Which options take a value is the same for every command. */
export function splitWords(args: readonly string[]): Words {
  const { tokens } = parseArgs({
    args: [...args],
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: Object.fromEntries(allOptions().map(([name, option]) => [name, syntax(option)])),
  });
  const options: GivenOption[] = [];
  const operands: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") operands.push(token.value);
    if (token.kind !== "option") continue;
    const joined = token.inlineValue === true;
    // The parser takes `-d=URL` for the letter d with the value `=URL`; no option has a value that starts so.
    const value = joined && !token.rawName.startsWith("--") ? token.value?.replace(/^=/, "") : token.value;
    options.push({ name: token.name, written: token.rawName, value: value ?? null, joined });
  }
  return { options, operands };
}

/** Every option of every command, by name. */
export function allOptions(): readonly (readonly [string, Option<unknown>])[] {
  return [GLOBAL_OPTIONS, ...COMMANDS.map((command) => command.options)].flatMap((options) => Object.entries(options));
}

function syntax(option: Option<unknown>) {
  return {
    type: option.placeholder === null ? "boolean" as const : "string" as const,
    ...(option.short === undefined ? {} : { short: option.short }),
  };
}
