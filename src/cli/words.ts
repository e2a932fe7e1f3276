/** The words of a command line, told apart: options with their values, and operands. */

import { parseArgs } from "node:util";
import { allCommands, commandNamed } from "./commands.ts";
import { GLOBAL_OPTIONS } from "./global_options.ts";
import type { Option, Options } from "./option.ts";

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

/**
 * Tells words apart without judging them. Which options take a value is the same for every command: where the first word
 * names one, and no option is another's, no other is asked.
 */
export async function splitWords(args: readonly string[]): Promise<Words> {
  const command = await commandNamed(args[0] ?? "");
  if (command !== null) {
    const known: Options = { ...GLOBAL_OPTIONS, ...command.options };
    const words = split(args, known);
    if (words.options.every(({ name }) => Object.hasOwn(known, name))) return words;
  }
  return split(args, Object.fromEntries(await allOptions()));
}

function split(args: readonly string[], known: Options): Words {
  const { tokens } = parseArgs({
    args: [...args],
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: Object.fromEntries(Object.entries(known).map(([name, option]) => [name, syntax(option)])),
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
export async function allOptions(): Promise<readonly (readonly [string, Option<unknown>])[]> {
  const commands = await allCommands();
  return [GLOBAL_OPTIONS, ...commands.map((command) => command.options)].flatMap((options) => Object.entries(options));
}

function syntax(option: Option<unknown>) {
  return {
    type: option.placeholder === null ? "boolean" as const : "string" as const,
    ...(option.short === undefined ? {} : { short: option.short }),
  };
}
