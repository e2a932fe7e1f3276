/** What a use case may touch of the world: built once in `main.ts`, or by a test. */

import type { Event } from "../events.ts";
import type { Database } from "../database/database.ts";
import type { Files } from "../migration/files.ts";

export interface Context {
  /** The wall clock. */
  readonly now: () => Date;
  readonly files: Files;
  /** Opens the database that the user named. */
  readonly connect: () => Promise<Database>;
  readonly report: (event: Event) => void;
  /** Aborts when the user interrupts: the running statement is then cancelled and rolled back. */
  readonly signal: AbortSignal;
}
