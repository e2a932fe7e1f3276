/** From a target to a database. */

import type { Database } from "./database.ts";
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
  const { connectEmbedded } = await import("./connect_embedded.ts");
  return await connectEmbedded(target, options);
}
