/** Runs pgmigrate as a process: from its sources, or the executable that PGMIGRATE_TEST_EXECUTABLE names. */

import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { PERMISSIONS } from "../scripts/permissions.ts";
import { V8_FLAGS } from "../scripts/v8_flags.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

export interface ProgramOptions {
  /** The working directory; that of the tests by default. */
  readonly cwd?: string;
  /** The environment, beside what a process needs to start. Nothing else is inherited. */
  readonly env?: Readonly<Record<string, string>>;
  /** A script for bash that runs the program, which is `"$@"` there: `"$@" | head -n 1`. */
  readonly script?: string;
  /** Ends the program with SIGTERM when it aborts. */
  readonly signal?: AbortSignal;
}

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command that starts pgmigrate, for tests that need the process itself. */
export function programCommand(args: readonly string[], options: ProgramOptions = {}): Deno.Command {
  const executable = Deno.env.get("PGMIGRATE_TEST_EXECUTABLE");
  const program = executable === undefined
    ? [Deno.execPath(), "run", "--quiet", `--config=${ROOT}deno.json`, V8_FLAGS, ...PERMISSIONS, `${ROOT}main.ts`]
    : [resolve(ROOT, executable)];
  const shell = options.script === undefined ? [] : ["/bin/bash", "-c", options.script, "bash"];
  const [command, ...words] = [...shell, ...program, ...args];
  return new Deno.Command(command!, {
    args: words,
    clearEnv: true,
    env: { ...inherited(), ...options.env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
}

/** Runs pgmigrate to its end. */
export async function runProgram(args: readonly string[], options: ProgramOptions = {}): Promise<Outcome> {
  const { code, stdout, stderr } = await programCommand(args, options).output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

/** What Deno needs to find its packages, and Windows to start a program. */
function inherited(): Record<string, string> {
  const names = ["PATH", "HOME", "DENO_DIR", "XDG_CACHE_HOME", "SystemRoot", "USERPROFILE", "LOCALAPPDATA", "TEMP"];
  return Object.fromEntries(names.flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  }));
}
