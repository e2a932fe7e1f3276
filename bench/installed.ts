/** What npm has of the other tools, and what draws the plots: installed on first use, pinned by the lock file of `packages`. */

import { fileURLToPath } from "node:url";

export const PACKAGES = fileURLToPath(new URL("./packages", import.meta.url));

/** Where a package of `packages` is. */
export function packagePath(path: string): string {
  return `${PACKAGES}/node_modules/${path}`;
}

/** @throws {Error} when the packages cannot be had */
export async function installPackages(): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["install", "--quiet", "--frozen"],
    cwd: PACKAGES,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`Cannot install the packages of the bench: ${new TextDecoder().decode(stderr)}`);
}

/** The first line that a program prints, or null where it is not installed. */
export async function firstLine(program: string, args: readonly string[]): Promise<string | null> {
  try {
    const { success, stdout } = await new Deno.Command(program, { args: [...args], stdin: "null", stderr: "null" })
      .output();
    return success ? new TextDecoder().decode(stdout).split("\n")[0]!.trim() : null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
