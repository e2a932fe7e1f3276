/** Starts PGlite, in memory or on a directory. Runs in the worker. */

import { MemoryFS, PGlite } from "@electric-sql/pglite";
import { NodeFS } from "@electric-sql/pglite/nodefs";
import { embeddedFailed } from "../errors/embedded.ts";
import { beginDirectory, finishDirectory, inspectDirectory } from "./data_directory.ts";
import { readEmbeddedFiles, readNewDatabase } from "./embedded_files.ts";
import { installExtensions, readExtensions } from "./embedded_extensions.ts";
import { useDirectory } from "./use_directory.ts";

/** Lines of PostgreSQL's log that say why it ends. */
const REASON_TO_END = /\b(?:FATAL|PANIC): /;

export interface StartedDatabase {
  readonly database: PGlite;
  /** Lines of PostgreSQL's log that say why it ended. */
  readonly log: readonly string[];
}

/**
 * @param directory where the data is; null for in memory. The caller holds its lock.
 * @throws {Failure} exit code 2 for a directory with something else in it, 4 when PostgreSQL does not start
 */
export async function startEmbedded(directory: string | null): Promise<StartedDatabase> {
  const extensionFiles = readExtensions();
  const files = readEmbeddedFiles();
  const content = directory === null ? "nothing" : await inspectDirectory(directory);
  const isNew = content !== "database";
  const newDatabase = isNew ? readNewDatabase() : null;
  if (directory !== null && isNew) await useDirectory(directory, () => beginDirectory(directory));
  const log: string[] = [];
  try {
    const database = await PGlite.create({
      fs: directory === null ? new MemoryFS() : new NodeFS(directory),
      extensions: { log: keepLog(log) },
      ...await files,
      ...(newDatabase === null ? {} : { loadDataDir: await newDatabase }),
    });
    installExtensions(database, await extensionFiles);
    if (directory !== null && isNew) await finishDirectory(directory);
    return { database, log };
  } catch (error) {
    throw embeddedFailed(error instanceof Error ? error.message : String(error), log);
  }
}

/** A PGlite extension is the one way to its WebAssembly module's options: here, to where PostgreSQL's log goes. */
function keepLog(log: string[]) {
  const keep = (line: string) => {
    if (REASON_TO_END.test(line)) log.push(line);
  };
  return {
    name: "log",
    setup: (_database: unknown, options: Readonly<Record<string, unknown>>) =>
      Promise.resolve({ emscriptenOpts: { ...options, print: () => {}, printErr: keep } }),
  };
}
