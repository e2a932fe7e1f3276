/** The lock that keeps a directory to one process. */

import { join } from "node:path";
import { directoryLocked } from "../errors/embedded.ts";
import { useDirectory } from "./use_directory.ts";

/** Lies in the directory, so that every path to it leads to the same lock; PostgreSQL ignores files it does not know. */
export const LOCK_FILE = "pgmigrate.lock";

/** How long to wait for a lock where the runtime cannot just try it. A free lock is there within a millisecond. */
const BLOCKING_LOCK_DEADLINE_MS = 1500;

export interface DirectoryLock extends Disposable {
  readonly path: string;
}

/** `tryLock` came after Deno 2.5. */
interface MayTry {
  readonly tryLock?: (exclusive: boolean) => Promise<boolean>;
}

/**
 * Takes the lock of a directory that exists: an operating system's lock (flock, LockFileEx) on a file in it. The system
 * frees it when the process ends, however it ends, so there is nothing to clean up and nothing that can be left over; a
 * file with a process id, or a socket that must be unlinked when it is stale, could promise neither.
 *
 * Where the runtime has no `tryLock`, a blocking lock is given a short time. What then still waits cannot be taken back
 * and would keep the process alive: call this in a worker, and terminate the worker after a failure.
 * @throws {Failure} exit code 2 when the directory may not be written to, 5 when another process holds the lock
 */
export function lockDirectory(directory: string): Promise<DirectoryLock> {
  return useDirectory(directory, () => lock(directory));
}

async function lock(directory: string): Promise<DirectoryLock> {
  const path = join(directory, LOCK_FILE);
  const file = await Deno.open(path, { create: true, read: true, write: true });
  if (!(await tryLock(file))) throw directoryLocked(directory, await readHolder(path));
  await file.truncate(0);
  await file.write(new TextEncoder().encode(`${Deno.pid}\n`));
  return { path, [Symbol.dispose]: () => file.close() };
}

async function tryLock(file: Deno.FsFile): Promise<boolean> {
  const { tryLock } = file as MayTry;
  if (tryLock !== undefined) return await tryLock.call(file, true);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deadline = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), BLOCKING_LOCK_DEADLINE_MS);
  });
  try {
    return await Promise.race([file.lock(true).then(() => true), deadline]);
  } finally {
    clearTimeout(timer);
  }
}

/** The process that the lock file names; null when it cannot be read (Windows locks the content, too). */
async function readHolder(path: string): Promise<number | null> {
  try {
    const pid = Number.parseInt(await Deno.readTextFile(path), 10);
    return Number.isSafeInteger(pid) ? pid : null;
  } catch {
    return null;
  }
}
