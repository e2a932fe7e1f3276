/** A command line, from its arguments to its exit code. */

import { findsNothing, noCommand } from "../errors/command_line.ts";
import { type ExitCode, Failure } from "../errors/failure.ts";
import { internalError } from "../errors/program.ts";
import { colorOf, formatOf } from "./appearance.ts";
import { asInterrupt } from "./as_interrupt.ts";
import { buildContext } from "./build_context.ts";
import type { Outcome, Report } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { GLOBAL_OPTIONS } from "./global_options.ts";
import { generalHelp } from "./help.ts";
import { interpret } from "./interpret.ts";
import { loadEnvironment } from "./load_environment.ts";
import { readOptions } from "./read_options.ts";
import { type Appearance, createReporter, PLAIN_LOOKS } from "./reporter.ts";
import { splitWords, type Words } from "./words.ts";
import type { World } from "./world.ts";

/**
 * Runs pgmigrate. Never throws: every failure is reported, and the last event is always the result.
 * @param args without the program's own name
 */
export async function runCli(args: readonly string[], world: World): Promise<ExitCode> {
  const words = splitWords(args);
  const verbose = isGiven(words, "verbose");
  // Errors on the way are told as far as it is known how.
  const looks = { ...PLAIN_LOOKS, color: colorOf(words.options) };
  let appearance: Appearance = { given: words.options, env: world.env, looks, proves: false };
  let reporter: Report | null = null;
  let outcome: Outcome;
  try {
    const invocation = interpret(words);
    if (invocation.kind === "help") return print(world, invocation.text);
    if (invocation.kind === "version") {
      const { versionText } = await import("./program_version.ts");
      return print(world, versionText(world.runtime, verbose));
    }
    if (invocation.kind === "nothing") throw noCommand();
    const { command, operands } = invocation;
    const env = await loadEnvironment(words.options, world);
    appearance = { ...appearance, env };
    const common = readOptions(GLOBAL_OPTIONS, words.options, env);
    appearance = { ...appearance, looks: common };
    if (common.format === "sarif" && !command.finds) throw findsNothing(command.name);
    const options = readOptions(command.options, words.options, env);
    const report = reporter = await createReporter(world, { ...appearance, proves: command.proves ?? false });
    const running = command.call({
      options,
      common,
      operand: operands[0] ?? null,
      operands,
      readInput: world.readInput,
      context: (waitMs = 0) => buildContext({ world, env, databaseUrl: common["database-url"], waitMs, report }),
    });
    const ended = await Promise.race([running, world.uncaught]);
    const failure = ended.failure === undefined ? undefined : asInterrupt(ended.failure, world.signal);
    outcome = failure === undefined ? ended : { answer: ended.answer, exitCode: failure.exitCode, failure };
  } catch (error) {
    const failure = toFailure(error, { signal: world.signal, verbose });
    // For people, the help says it better.
    if (failure.code === "no-command" && formatOf(words.options, world.env) !== "json") {
      world.stderr.write(generalHelp());
      return failure.exitCode;
    }
    outcome = { answer: null, exitCode: failure.exitCode, failure };
  }
  const report = reporter ?? await createReporter(world, appearance);
  const { answer, exitCode, failure } = outcome;
  for (const each of failure === undefined ? [] : [failure, ...failure.details.others ?? []]) {
    report({ event: "error", failure: each });
  }
  report({ event: "result", command: commandName(words), ok: exitCode === 0, exitCode, answer });
  return exitCode;
}

function print(world: World, text: string): ExitCode {
  world.stdout.write(text);
  return 0;
}

function isGiven(words: Words, option: string): boolean {
  return words.options.some(({ name }) => name === option);
}

function commandName(words: Words): string | null {
  return COMMANDS.find(({ name }) => name === words.operands[0])?.name ?? null;
}

/** What was thrown as something to show: what is no failure is a defect, unless the user's interrupt brought it about. */
function toFailure(error: unknown, { signal, verbose }: { readonly signal: AbortSignal; readonly verbose: boolean }) {
  if (error instanceof Failure) return asInterrupt(error, signal);
  if (signal.aborted && signal.reason instanceof Failure) return signal.reason;
  const message = error instanceof Error ? error.message : String(error);
  return internalError(message, verbose && error instanceof Error ? error.stack : undefined);
}
