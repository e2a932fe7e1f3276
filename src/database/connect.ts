/** From a target to a database. */

import { inspectDirectory } from "./data_directory.ts";
import type { Database } from "./database.ts";
import { openSession } from "./open_session.ts";
import { type ConnectOptions, ServerDatabase } from "./server_database.ts";
import type { EmbeddedTarget, Target } from "./target.ts";
import { useDirectory } from "./use_directory.ts";

export type { ConnectOptions };

/**
 * The database that a target means. Nothing is connected before its first session; only the embedded one is started
 * here.
 *
 * @throws {Failure} of the embedded database, or exit code 2 when servers were asked for that the purpose does not suit
 */
export async function connect(target: Target, options: ConnectOptions): Promise<Database> {
  if (target.kind === "servers") return new ServerDatabase(target, options);
  const { openEmbedded } = await import("./embedded.ts");
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
