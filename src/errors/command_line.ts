/** What is wrong with a command line, an environment variable or a file of these. */

import { Failure } from "./failure.ts";

/** Hint that offers the nearest word, and otherwise where to look. */
export function didYouMean(nearest: string | null, otherwise: string): string {
  return nearest === null ? otherwise : `Did you mean ${nearest}?`;
}

/** No command was given; `help` is the text to show instead of an error. */
export function noCommand(): Failure {
  return new Failure("no-command", 2, "No command was given", { hint: "pgmigrate --help lists the commands." });
}

/** @param shown the word as it may be shown */
export function unknownCommand(shown: string, nearest: string | null): Failure {
  return new Failure("unknown-command", 2, `Unknown command: ${shown}`, {
    hint: didYouMean(nearest, "pgmigrate --help lists the commands."),
  });
}

/** @param option as it was written, without its value */
export function unknownOption(option: string, nearest: string | null, help: string): Failure {
  return new Failure("unknown-option", 2, `Unknown option: ${option}`, {
    hint: didYouMean(nearest, `${help} lists the options.`),
  });
}

/** An option that other commands have. */
export function optionOfAnotherCommand(option: string, command: string, owners: readonly string[]): Failure {
  return new Failure("unknown-option", 2, `pgmigrate ${command} has no option ${option}`, {
    hint: `It belongs to ${owners.map((owner) => `pgmigrate ${owner}`).join(" and ")}.`,
  });
}

export function missingValue(option: string, placeholder: string): Failure {
  return new Failure("missing-value", 2, `${option} needs a value`, { hint: `Write ${option} ${placeholder}.` });
}

export function unexpectedValue(option: string): Failure {
  return new Failure("unexpected-value", 2, `${option} takes no value`, { hint: `Write ${option} alone.` });
}

/** @param choices what it may be */
export function unknownChoice(
  setting: string,
  shown: string,
  choice: { readonly choices: readonly string[]; readonly nearest: string | null },
): Failure {
  const all = `It may be ${choice.choices.join(", ")}.`;
  return new Failure("unknown-choice", 2, `${setting} cannot be ${shown}`, {
    hint: choice.nearest === null ? all : `Did you mean ${choice.nearest}? ${all}`,
  });
}

/** SARIF is a format for findings in files. */
export function findsNothing(command: string): Failure {
  return new Failure("unknown-choice", 2, `pgmigrate ${command} cannot write SARIF`, {
    hint: "--format sarif is for lint and check; this command takes human, json and github.",
  });
}

export function badDuration(setting: string, shown: string, hint: string): Failure {
  return new Failure("bad-duration", 2, `${setting} is not a duration: ${shown}`, { hint });
}

export function badAttempts(setting: string, shown: string, hint: string): Failure {
  return new Failure("bad-attempts", 2, `${setting} is not a number of attempts: ${shown}`, { hint });
}

export function badVersionNumber(setting: string, shown: string): Failure {
  return new Failure("bad-version", 2, `${setting} is not a version: ${shown}`, {
    hint: "A version is the number that a file's name starts with: 4 or 004 for 004_add_created_at.sql.",
  });
}

export function badTableName(setting: string, shown: string, problem: string): Failure {
  return new Failure("bad-table", 2, `${setting} is not a table name: ${shown} (${problem})`, {
    hint: `Write NAME or SCHEMA.NAME as in SQL, in double quotes where a name needs them: '"My Schema".migrations'.`,
  });
}

export function missingOperand(command: string, operand: string): Failure {
  return new Failure("missing-operand", 2, `pgmigrate ${command} needs a ${operand}`, {
    hint: `Write pgmigrate ${command} ${operand}. Examples: pgmigrate ${command} --help`,
  });
}

export function unexpectedOperand(command: string, shown: string): Failure {
  return new Failure("unexpected-operand", 2, `pgmigrate ${command} does not know what to do with ${shown}`, {
    hint: `What it takes: pgmigrate ${command} --help`,
  });
}

/** @param line from 1; the line itself is not shown, for it may hold a password */
export function invalidEnvFile(file: string, line: number, problem: string): Failure {
  return new Failure("invalid-env-file", 2, `Cannot read line ${line} of ${file}: ${problem}`, {
    hint: "Write one NAME=value a line; a value with a line end stands in double quotes; # begins a comment.",
    file,
  });
}

export function copyOrInPlace(): Failure {
  return new Failure("copy-and-in-place", 2, "--copy and --in-place exclude each other", {
    hint: "Choose where to rehearse: on a copy, or on the database itself",
  });
}
