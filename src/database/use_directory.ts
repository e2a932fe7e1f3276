/** What the system refuses to do with the directory of an embedded database, as a failure that names it. */

import { directoryUnusable } from "../errors/embedded.ts";
import { Failure } from "../errors/failure.ts";

/** @throws {Failure} its own failures as they are; `directory-unusable`, exit code 2, for all else */
export async function useDirectory<T>(directory: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw directoryUnusable(directory, error instanceof Error ? error.message : String(error));
  }
}
