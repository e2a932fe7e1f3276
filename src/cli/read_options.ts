/** Options as given → options as values. */

import { missingValue, optionOfAnotherCommand, unexpectedValue, unknownOption } from "../errors/command_line.ts";
import type { Command } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { GLOBAL_OPTIONS } from "./global_options.ts";
import { nearest } from "./nearest.ts";
import type { Options, Values } from "./option.ts";
import type { GivenOption } from "./words.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Checks that every option exists for the command (null: before there is one), and has a value where it takes one.
 * @throws {Failure} `unknown-option`, `missing-value`, `unexpected-value`
 */
export function checkOptions(given: readonly GivenOption[], command: Command | null): void {
  const known: Options = { ...GLOBAL_OPTIONS, ...command?.options };
  for (const { name, written, value, joined } of given) {
    if (!Object.hasOwn(known, name)) throw noSuchOption(name, written, { command, known });
    const { placeholder } = known[name]!;
    if (placeholder === null && joined) throw unexpectedValue(written);
    if (placeholder === null) continue;
    // `--to --dry-run`: the value was forgotten. One that begins with a dash can be joined: `--migrations=-odd`.
    if (value === null || value === "" || (!joined && /^-./.test(value))) throw missingValue(written, placeholder);
  }
}

function noSuchOption(
  name: string,
  written: string,
  { command, known }: { readonly command: Command | null; readonly known: Options },
) {
  const owners = COMMANDS.filter((other) => Object.hasOwn(other.options, name)).map((other) => other.name);
  if (command !== null && owners.length > 0) return optionOfAnotherCommand(written, command.name, owners);
  const candidates = Object.keys(known).map((candidate) => `--${candidate}`);
  const help = command === null ? "pgmigrate --help" : `pgmigrate ${command.name} --help`;
  return unknownOption(written, written.startsWith("--") ? nearest(written, candidates) : null, help);
}

/**
 * The values of options that `checkOptions` let pass. Of a repeated option the last counts, where not all do, so that a script's own
 * options can be overridden by what it hands on; then its environment variable, when that is not empty; then its default.
 * @throws {Failure} where a value cannot be read
 */
export function readOptions<O extends Options>(options: O, given: readonly GivenOption[], env: Environment): Values<O> {
  const values = Object.entries(options).map(([name, option]) => {
    const all = given.filter((one) => one.name === name);
    if (option.repeatable && all.length > 0) {
      return [name, all.flatMap(({ value }) => option.parse(value ?? "", `--${name}`))];
    }
    const last = all.at(-1);
    if (last !== undefined) return [name, option.parse(last.value ?? "", `--${name}`)];
    const variable = option.environment;
    const text = variable === undefined ? undefined : env[variable];
    return [name, variable === undefined || !text ? option.fallback : option.parse(text, variable)];
  });
  return Object.fromEntries(values);
}
