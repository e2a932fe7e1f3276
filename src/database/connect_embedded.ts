/** From a target to an embedded database. */

import { inspectDirectory } from "./data_directory.ts";
import type { Database } from "./database.ts";
import { openEmbedded } from "./embedded.ts";
import { openSession } from "./open_session.ts";
import type { ConnectOptions } from "./server_database.ts";
import type { EmbeddedTarget } from "./target.ts";
import { useDirectory } from "./use_directory.ts";

/** Starts the database of a target. @throws {Failure} where its directory cannot be used, or it does not start */
export async function connectEmbedded(target: EmbeddedTarget, options: ConnectOptions): Promise<Database> {
  const embedded = await openEmbedded(options.purpose === "read" ? await targetToRead(target) : target);
  const open = (signal: AbortSignal) =>
    openSession({
      dial: () => embedded.dial(),
      // It knows no CancelRequest; ending it keeps what was committed, and nothing else.
      cancel: () => Promise.resolve(embedded.abort()),
      signal,
      user: "postgres",
      password: null,
      database: "postgres",
      applicationName: "pgmigrate",
      startupTimeoutMs: 0,
    });
  return {
    kind: "embedded",
    open: () => open(options.signal),
    openAnywhere: open,
    stopWaiting() {},
    [Symbol.asyncDispose]: () => embedded[Symbol.asyncDispose](),
  };
}

/** Who only reads makes no database: where none is kept yet, an empty one in memory is what there is to read. */
async function targetToRead(target: EmbeddedTarget): Promise<EmbeddedTarget> {
  const { directory } = target;
  if (directory === null) return target;
  const content = await useDirectory(directory, () => inspectDirectory(directory));
  return content === "database" ? target : { ...target, directory: null };
}
