/**
 * Runs the commands that README.md shows and compares what they print with what it says: `deno task readme`.
 *
 * They run in one bash, in order, in one empty directory, with `pgmigrate` on the PATH: the sources, or the executable
 * that PGMIGRATE_TEST_EXECUTABLE names. What they are compared by is in console_blocks.ts.
 */

import { resolve } from "node:path";
import { isShown, type ShownCommand, shownCommands, trimmed } from "./console_blocks.ts";
import { PERMISSIONS } from "./permissions.ts";
import { V8_FLAGS } from "./v8_flags.ts";

const commands = shownCommands(await Deno.readTextFile("README.md"));
const directory = await Deno.makeTempDir({ prefix: "pgmigrate-readme-" });
try {
  const outputs = await run(commands, directory);
  const wrong = commands.filter((command, index) => !isShown(outputs[index] ?? [], command.output));
  for (const command of wrong) report(command, outputs[commands.indexOf(command)] ?? []);
  console.log(`README.md: ${commands.length - wrong.length} of ${commands.length} commands print what it says`);
  if (wrong.length > 0 || commands.length === 0) Deno.exitCode = 1;
} finally {
  await Deno.remove(directory, { recursive: true });
}

/** What each command prints, both streams as a terminal shows them. */
async function run(commands: readonly ShownCommand[], directory: string): Promise<readonly (readonly string[])[]> {
  const bin = `${directory}/bin`;
  const work = `${directory}/work`;
  await Deno.mkdir(bin);
  await Deno.mkdir(work);
  await Deno.writeTextFile(`${bin}/pgmigrate`, `#!/bin/sh\nexec ${program()} "$@"\n`, { mode: 0o755 });
  // No command can print this.
  const separator = crypto.randomUUID();
  const script = commands.map(({ command }) => `${command}\nprintf '\\n%s\\n' ${separator}\n`).join("");
  const { stdout } = await new Deno.Command("bash", {
    args: ["-c", `exec 2>&1\n${script}`],
    cwd: work,
    clearEnv: true,
    env: { PATH: `${bin}:${Deno.env.get("PATH")}`, HOME: Deno.env.get("HOME") ?? work, USER: "me", LC_ALL: "C.UTF-8" },
    stdin: "null",
    stderr: "null",
  }).output();
  const parts = new TextDecoder().decode(stdout).split(`\n${separator}\n`);
  return parts.map((part) => trimmed(part.split("\n")));
}

function program(): string {
  const executable = Deno.env.get("PGMIGRATE_TEST_EXECUTABLE");
  if (executable !== undefined) return quoted(resolve(executable));
  const flags = ["run", "--quiet", `--config=${resolve("deno.json")}`, V8_FLAGS, ...PERMISSIONS, resolve("main.ts")];
  return [Deno.execPath(), ...flags].map(quoted).join(" ");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function report({ line, command, output }: ShownCommand, real: readonly string[]): void {
  const marked = (mark: string, lines: readonly string[]) => lines.map((text) => `${mark} ${text}\n`).join("");
  console.log(`README.md:${line}: $ ${command}\n${marked("-", output)}${marked("+", real)}`);
}
