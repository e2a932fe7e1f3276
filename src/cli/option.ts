/** What an option of the command line is: how it is written, what it means, how its value is read. */

import { unknownChoice } from "../errors/command_line.ts";
import { parseAttempts } from "./attempts.ts";
import { parseDuration } from "./duration.ts";
import { nearest } from "./nearest.ts";
import { showArgument } from "./show_argument.ts";
import { parseVersion } from "./version_number.ts";

export interface Option<T> {
  /** One letter. */
  readonly short?: string;
  /** What its value is called in the help; null for a flag, which takes none. */
  readonly placeholder: string | null;
  /** The environment variable that gives the value where the option does not. */
  readonly environment?: string;
  /** What it does, without a full stop. */
  readonly help: string;
  /**
   * Reads a value.
   * @param setting what gave it, for errors: `--to` or `PGMIGRATE_TABLE`
   */
  readonly parse: (text: string, setting: string) => T;
  /** The value when nothing gives one. */
  readonly fallback: T;
  /** It may be given more than once: its value is a list of what each gave. */
  readonly repeatable?: true;
}

/** Options by their long names. */
// deno-lint-ignore no-explicit-any -- each option has a type of its own; Values gives it back
export type Options = Readonly<Record<string, Option<any>>>;

/** What options were read as. */
export type Values<O extends Options> = { readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never };

/** An option without a value: false unless it is given. */
export function flag(help: string, short?: string): Option<boolean> {
  return { placeholder: null, help, parse: () => true, fallback: false, ...(short === undefined ? {} : { short }) };
}

/** @param fallbackMs milliseconds */
export function duration(help: string, fallbackMs: number): Option<number> {
  return { placeholder: "DURATION", help, parse: parseDuration, fallback: fallbackMs };
}

/** @param fallback how often, where nothing says so */
export function attempts(help: string, fallback: number): Option<number> {
  return { placeholder: "N", help, parse: parseAttempts, fallback };
}

export function version(help: string): Option<bigint | null> {
  return { placeholder: "VERSION", help, parse: parseVersion, fallback: null };
}

/** The path of a file or directory, null where it is not given. */
export function path(placeholder: string, help: string): Option<string | null> {
  return { placeholder, help, parse: (text) => text, fallback: null };
}

/** An option that may be given more than once, with a word each time. */
export function words(placeholder: string, help: string): Option<readonly string[]> {
  return { placeholder, help, parse: (text) => [text], fallback: [], repeatable: true };
}

/** An option that takes one of a few words; the first is the default. */
export function choice<const T extends string>(
  choices: readonly [T, ...T[]],
  rest: { readonly help: string; readonly environment?: string },
): Option<T> {
  const parse = (text: string, setting: string): T => {
    const found = choices.find((one) => one === text);
    if (found !== undefined) return found;
    throw unknownChoice(setting, showArgument(text), {
      choices,
      nearest: /^\d+$/.test(text) ? null : nearest(text, choices),
    });
  };
  return { ...rest, placeholder: choices.join("|"), parse, fallback: choices[0] };
}
