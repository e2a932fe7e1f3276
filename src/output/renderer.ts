/** A renderer turns events into text, and does nothing else with them. */

import type { Event } from "../events.ts";

/** A text to write, and where. */
export interface Write {
  readonly stream: "stdout" | "stderr";
  readonly text: string;
}

/** Called with every event of a command, in order; the last is its result. Remembers what it has yet to show. */
export type Renderer = (event: Event) => readonly Write[];

export type Format = "human" | "json" | "github" | "sarif";

export interface RenderOptions {
  /** Which streams take ANSI colours. */
  readonly color: { readonly stdout: boolean; readonly stderr: boolean };
  /** A line that shows what runs now and is written over: only where stderr is a terminal. */
  readonly live: boolean;
  /** Only errors and the answer. */
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** Width of the terminal; null where there is none. */
  readonly columns: number | null;
  /** The migrations directory, as the user wrote it. */
  readonly migrations: string;
}
