/** The directory in which an embedded PostgreSQL keeps its data: what it holds, and how a new one comes to be. */

import { join } from "node:path";
import { directoryNotADatabase, directoryOfAnotherVersion, directoryOfAServer } from "../errors/embedded.ts";
import { LOCK_FILE } from "./directory_lock.ts";

/** There from before the first file is unpacked until the new database has started: what lies beside it is no database. */
const UNFINISHED_FILE = "pgmigrate.unfinished";

/** The major version of the PostgreSQL in PGlite 0.5, as it writes it to PG_VERSION. */
const MAJOR_VERSION = "18";

/** Every name that a new data directory of PostgreSQL has at its top. */
const DATABASE_FILE = /^(base|global|pg_[a-z_]+(\.conf)?|PG_VERSION|postgresql(\.auto)?\.conf|postmaster\.pid)$/;

export type Content = "nothing" | "unfinished" | "database";

/**
 * Says what a directory holds, and changes nothing. One that is not there holds nothing.
 * @throws {Failure} exit code 2 when it holds anything but a database that this program can open
 */
export async function inspectDirectory(directory: string): Promise<Content> {
  const names = await list(directory);
  const others = names.filter((name) => name !== LOCK_FILE && name !== UNFINISHED_FILE);
  if (names.includes(UNFINISHED_FILE)) {
    const foreign = others.filter((name) => !DATABASE_FILE.test(name));
    if (foreign.length > 0) throw directoryNotADatabase(directory, foreign);
    return "unfinished";
  }
  if (others.length === 0) return "nothing";
  if (!others.includes("PG_VERSION") || !others.includes("global")) throw directoryNotADatabase(directory, others);
  // Only a PostgreSQL server writes it: its files have another layout, and it may be running.
  if (others.includes("postmaster.opts")) throw directoryOfAServer(directory);
  const version = (await Deno.readTextFile(join(directory, "PG_VERSION"))).trim();
  if (version !== MAJOR_VERSION) throw directoryOfAnotherVersion(directory, version, MAJOR_VERSION);
  return "database";
}

/** Clears what an interrupted creation left, and marks the directory until `finishDirectory`. */
export async function beginDirectory(directory: string): Promise<void> {
  await Deno.writeTextFile(
    join(directory, UNFINISHED_FILE),
    "This database was never finished: pgmigrate starts over.\n",
  );
  for (const name of await list(directory)) {
    if (DATABASE_FILE.test(name)) await Deno.remove(join(directory, name), { recursive: true });
  }
}

/** The new database has started: from here on it is kept. */
export async function finishDirectory(directory: string): Promise<void> {
  await Deno.remove(join(directory, UNFINISHED_FILE));
}

async function list(directory: string): Promise<string[]> {
  try {
    return await Array.fromAsync(Deno.readDir(directory), ({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    if (error instanceof Deno.errors.NotADirectory) throw directoryNotADatabase(directory, []);
    throw error;
  }
}
