/** The file system, for real. */

import { dirname } from "node:path";
import {
  cannotWrite,
  directoryIsFile,
  directoryMissing,
  directoryUnreadable,
  fileExists,
  fileUnreadable,
} from "../errors/migration_files.ts";
import type { DirectoryEntry, Files } from "./files.ts";

/** {@link Files} on the disk of this machine. */
export function diskFiles(): Files {
  return { list, read, stream, isPlainName, create, replace };
}

/** How much of a file is read at once. */
const PIECE_BYTES = 256 * 1024;

/** Most files fit in: opened and read, and their size never asked for. */
const FIRST_PIECE = new Uint8Array(64 * 1024);

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
function read(path: string, maxBytes: number): Promise<Uint8Array | null> {
  try {
    using file = Deno.openSync(path);
    const length = file.readSync(FIRST_PIECE) ?? 0;
    if (length < FIRST_PIECE.length) return Promise.resolve(FIRST_PIECE.slice(0, length));
    return Promise.resolve(file.statSync().size > maxBytes ? null : Deno.readFileSync(path));
  } catch (error) {
    return Promise.reject(fileUnreadable(path, reason(error)));
  }
}

async function* stream(path: string): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(PIECE_BYTES);
  try {
    using file = await Deno.open(path);
    for (;;) {
      const length = await file.read(buffer);
      if (length === null) return;
      yield buffer.subarray(0, length);
    }
  } catch (error) {
    throw fileUnreadable(path, reason(error));
  }
}

/** On Windows `\\` leads on as `/` does, and what follows a `:` is a stream of a file. */
function isPlainName(name: string): boolean {
  return !(Deno.build.os === "windows" ? /[/\\:\0]/ : /[/\0]/).test(name);
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

/** A link stays one: what it leads to is replaced. */
async function replace(path: string, text: string): Promise<void> {
  try {
    const target = await Deno.realPath(path).catch(() => path);
    const mode = (await Deno.stat(target).catch(() => null))?.mode ?? null;
    const draft = `${target}.${crypto.randomUUID()}.tmp`;
    try {
      await Deno.writeTextFile(draft, text, { createNew: true, ...mode === null ? {} : { mode: mode & 0o777 } });
      await Deno.rename(draft, target);
    } catch (error) {
      await Deno.remove(draft).catch(() => {});
      throw error;
    }
  } catch (error) {
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
