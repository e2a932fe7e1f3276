/** What a use case may touch of the world: built once in `main.ts`, or by a test. */

import type { Event } from "../events.ts";
import type { Database } from "../database/database.ts";
import type { Elsewhere } from "../database/elsewhere.ts";
import type { Files } from "../migration/files.ts";

export interface Context {
  /** The wall clock. */
  readonly now: () => Date;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly files: Files;
  /** Opens the database that the user named, or another one in its place, to read it or to write to it. */
  readonly connect: (purpose: "read" | "write", elsewhere?: Elsewhere) => Promise<Database>;
  readonly report: (event: Event) => void;
  /** Aborts when the user interrupts: the running statement is then cancelled and rolled back. */
  readonly signal: AbortSignal;
}
