/** The help texts. */

import type { Command, Example } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { GLOBAL_OPTIONS } from "./global_options.ts";
import type { Options } from "./option.ts";

const WIDTH = 100;

const GLOBAL_EXAMPLES: readonly Example[] = [
  { command: "pgmigrate new create_users", explains: "write the first migration" },
  { command: "pgmigrate up -d postgres://app@localhost/app", explains: "apply it" },
  { command: "pgmigrate up -d embedded:", explains: "or try it without a server" },
];

/** The help of pgmigrate as a whole. */
export function generalHelp(): string {
  return [
    "pgmigrate runs PostgreSQL migrations kept as plain SQL files.",
    "Usage: pgmigrate COMMAND [OPTIONS]",
    section("Commands", COMMANDS.map((command) => [label(command), command.summary])),
    section("Options", rows(GLOBAL_OPTIONS)),
    section("Examples", GLOBAL_EXAMPLES.map(({ command, explains }) => [command, explains])),
    "pgmigrate COMMAND --help tells what a command takes.",
  ].join("\n\n") + "\n";
}

/** The help of one command. */
export function commandHelp(command: Command): string {
  const operand = command.operand === null ? [] : [[command.operand.placeholder, command.operand.help] as const];
  return [
    `pgmigrate ${command.name}: ${command.summary}`,
    `Usage: pgmigrate ${label(command)} [OPTIONS]`,
    ...command.details.map((paragraph) => wrap(paragraph, WIDTH).join("\n")),
    section(`Options of ${command.name}`, [...operand, ...rows(command.options)]),
    section("Options of every command", rows(GLOBAL_OPTIONS)),
    section("Examples", command.examples.map(({ command, explains }) => [command, explains])),
  ].join("\n\n") + "\n";
}

function label(command: Command): string {
  return command.operand === null ? command.name : `${command.name} ${command.operand.placeholder}`;
}

function rows(options: Options): (readonly [string, string])[] {
  return Object.entries(options).map(([name, option]) => {
    const short = option.short === undefined ? "    " : `-${option.short}, `;
    return [`${short}--${name}${option.placeholder === null ? "" : ` ${option.placeholder}`}`, option.help];
  });
}

/** A title and two columns; the second starts where the longest entry of the first lets it. */
function section(title: string, entries: readonly (readonly [string, string])[]): string {
  const width = Math.max(...entries.map(([left]) => left.length));
  const lines = entries.flatMap(([left, right]) =>
    wrap(right, WIDTH - width - 4).map((line, index) => `  ${(index === 0 ? left : "").padEnd(width)}  ${line}`)
  );
  return [`${title}:`, ...lines].join("\n");
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
