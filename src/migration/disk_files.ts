/** The file system, for real. */

import { dirname } from "node:path";
import {
  cannotWrite,
  directoryIsFile,
  directoryMissing,
  directoryUnreadable,
  fileExists,
  fileUnreadable,
} from "../errors.ts";
import type { DirectoryEntry, Files } from "./files.ts";

/** {@link Files} on the disk of this machine. */
export function diskFiles(): Files {
  return { list, read, create };
}

async function list(directory: string): Promise<readonly DirectoryEntry[]> {
  try {
    const entries: DirectoryEntry[] = [];
    for await (const entry of Deno.readDir(directory)) {
      const isFile = entry.isSymlink ? await leadsToFile(`${directory}/${entry.name}`) : entry.isFile;
      entries.push({ name: entry.name, isFile });
    }
    return entries;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw directoryMissing(directory);
    if (await leadsToFile(directory)) throw directoryIsFile(directory);
    throw directoryUnreadable(directory, reason(error));
  }
}

/** Read at once: handing a small file to another thread and back takes three times as long as reading it. */
function read(path: string): Promise<Uint8Array> {
  try {
    return Promise.resolve(Deno.readFileSync(path));
  } catch (error) {
    return Promise.reject(fileUnreadable(path, reason(error)));
  }
}

async function create(path: string, text: string): Promise<void> {
  try {
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeTextFile(path, text, { createNew: true });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists && await isThere(path)) throw fileExists(path);
    throw cannotWrite(path, reason(error));
  }
}

/** Whether there is anything at a path, be it a link to nowhere. */
async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch {
    return false;
  }
}

/** Whether a path leads to a file; false also for a link to nowhere or round in a circle. */
async function leadsToFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch {
    return false;
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
