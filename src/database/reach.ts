/** From what the user gave to the database that a use case asks for. */

import type { Event } from "../events.ts";
import { connect } from "./connect.ts";
import type { Database } from "./database.ts";
import { parseTarget } from "./dsn.ts";
import { type Elsewhere, withDatabase } from "./elsewhere.ts";
import type { Environment } from "./environment.ts";
import type { Purpose } from "./session_attributes.ts";
import { systemFiles } from "./setting_files.ts";

/** What the user gave, and how to wait for a server. */
export interface Reaching {
  /** undefined when none was given: the environment names the database. */
  readonly url: string | undefined;
  readonly env: Environment;
  readonly os: "windows" | "other";
  /** Ends waiting and connecting. */
  readonly signal: AbortSignal;
  /** How long to wait for a server that is still starting. 0: not at all. */
  readonly waitMs: number;
  readonly report: (event: Event) => void;
}

/**
 * The user's database, or the one beside it that a use case asks for. Nothing is connected before its first session.
 *
 * @throws {Failure} exit code 2; of the embedded database
 */
export async function reach(
  { url, env, os, signal, waitMs, report }: Reaching,
  { purpose, elsewhere }: { readonly purpose: Purpose; readonly elsewhere: Elsewhere },
): Promise<Database> {
  const given = await parseTarget({ url: elsewhere.url ?? url, env, files: systemFiles, os, warn: report });
  const onWait = (message: string) => report({ event: "waiting", for: "server", message });
  return await connect(withDatabase(given, elsewhere), { purpose, signal, waitMs, onWait, warn: report });
}
