/** From a target to a database. */

import type { Database } from "./database.ts";
import { openSession } from "./open_session.ts";
import { type ConnectOptions, ServerDatabase } from "./server_database.ts";
import type { Target } from "./target.ts";

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
  const embedded = await openEmbedded(target);
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
