/** The environment with what a file adds to it. */

import { fileUnreadable } from "../errors/migration_files.ts";
import type { Environment } from "./read_options.ts";
import type { GivenOption } from "./words.ts";
import type { World } from "./world.ts";

/**
 * The process's environment, and the variables of the file of `--env-file` that are not set in it.
 * @throws {Failure} exit code 2: the file cannot be read
 */
export async function loadEnvironment(given: readonly GivenOption[], world: World): Promise<Environment> {
  const path = given.findLast(({ name }) => name === "env-file")?.value;
  if (!path) return world.env;
  const { parseEnvFile } = await import("./env_file.ts");
  return { ...parseEnvFile(await textOf(path, world), path), ...world.env };
}

async function textOf(path: string, { readTextFile }: World): Promise<string> {
  try {
    return await readTextFile(path);
  } catch (error) {
    throw fileUnreadable(path, error instanceof Error ? error.message : String(error));
  }
}
