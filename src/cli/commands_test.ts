import assert from "node:assert/strict";
import { COMMANDS } from "./commands.ts";
import { GLOBAL_OPTIONS } from "./global_options.ts";
import { commandHelp, generalHelp } from "./help.ts";
import { allOptions, splitWords } from "./words.ts";

Deno.test("an option is written the same way in every command that has it", () => {
  const syntax = new Map<string, string>();
  for (const [name, { placeholder, short }] of allOptions()) {
    const seen = JSON.stringify([placeholder === null, short]);
    assert.equal(syntax.get(name) ?? seen, seen, name);
    syntax.set(name, seen);
  }
});

Deno.test("no two options share a letter, and no command hides a global option", () => {
  const letters = allOptions().flatMap(([, option]) => option.short ?? []);
  assert.deepEqual(letters, [...new Set(letters)]);
  for (const command of COMMANDS) {
    for (const name of Object.keys(command.options)) assert(!Object.hasOwn(GLOBAL_OPTIONS, name), name);
  }
});

Deno.test("each command has examples that name only options that exist", () => {
  for (const command of COMMANDS) {
    assert(command.examples.length > 0, command.name);
    for (const example of command.examples) {
      const [program, ...words] = example.command.replace(/^git .* \| | \|\| .*/, "").split(" ");
      assert.equal(program, "pgmigrate");
      const { options, operands } = splitWords(words);
      assert.equal(operands[0], command.name);
      const known = [...Object.keys(GLOBAL_OPTIONS), ...Object.keys(command.options)];
      for (const { name } of options) assert(known.includes(name), `${name} in: ${example.command}`);
    }
  }
});

Deno.test("the help names every option and fits in 100 columns", () => {
  for (
    const [text, options] of [
      [generalHelp(), GLOBAL_OPTIONS],
      ...COMMANDS.map((command) => [commandHelp(command), { ...GLOBAL_OPTIONS, ...command.options }] as const),
    ] as const
  ) {
    for (const name of Object.keys(options)) assert(text.includes(`--${name}`), name);
    for (const line of text.split("\n")) assert(line.length <= 100, line);
  }
});
