/** A command: its name, what it takes, its help, and the call of its use case. */

import type { ExitCode, Failure } from "../errors/failure.ts";
import type { Event, Result } from "../events.ts";
import type { Context } from "../run/context.ts";
import type { GlobalValues } from "./global_options.ts";
import type { Options, Values } from "./option.ts";

/** What a command's call is given beside its own options. */
export interface Call<O extends Options> {
  readonly options: Values<O>;
  readonly common: GlobalValues;
  readonly operand: string | null;
  /** All of them, for a command that takes several. */
  readonly operands: readonly string[];
  /** Reads stdin to its end. */
  readonly readInput: () => Promise<string>;
  /** Makes what the use case may touch. @param waitMs how long to wait for a database that is still starting */
  readonly context: (waitMs?: number) => Context;
}

/** How a command ended. */
export interface Outcome {
  /** null when it failed before it had one. */
  readonly answer: Result["answer"];
  readonly exitCode: ExitCode;
  /** What is yet to be reported, where it failed. */
  readonly failure?: Failure;
}

export interface Example {
  readonly command: string;
  readonly explains: string;
}

export interface Command<O extends Options = Options> {
  readonly name: string;
  /** What it does, without a full stop. */
  readonly summary: string;
  /** What a reader of its help must know beyond the options: whole sentences, one paragraph each. */
  readonly details: readonly string[];
  /** The one word that it takes beside options, or the words where it takes any number of them. */
  readonly operand: { readonly placeholder: string; readonly help: string; readonly many?: true } | null;
  /** It finds things in files, so that it can write SARIF. */
  readonly finds?: true;
  /** It says of SQL what it does or did, or what is wrong with it. */
  readonly proves?: true;
  readonly options: O;
  readonly examples: readonly Example[];
  /** The option that lets the operand be left out. */
  readonly operandOptionalWith?: keyof O & string;
  readonly call: (call: Call<O>) => Promise<Outcome>;
}

/** Keeps the types of a command's options for its call, and forgets them for the table of commands. */
export function defineCommand<const O extends Options>(command: Command<O>): Command {
  return command as unknown as Command;
}

export type Report = (event: Event) => void;
