/** What a command line may touch outside the process: built by `main.ts` from the runtime, or by a test. */

export interface TextStream {
  /** Never throws: a stream that was closed or is full takes nothing more. */
  readonly write: (text: string) => void;
  readonly isTerminal: boolean;
}

export interface World {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  /** Width of the terminal in columns; null where there is none, 0 where nobody has told it, as in `docker run -t`. */
  readonly columns: number | null;
  /** The name of the operating system, as `Deno.build.os` has it. */
  readonly platform: string;
  /** What `--version --verbose` says of the runtime. */
  readonly runtime: string;
  readonly readTextFile: (path: string) => Promise<string>;
  /** Reads stdin to its end. */
  readonly readInput: () => Promise<string>;
  readonly now: () => Date;
  /** Aborts with a `Failure` as its reason when the user interrupts. */
  readonly signal: AbortSignal;
  /** Rejects with what was thrown where no one could catch it; never resolves. */
  readonly uncaught: Promise<never>;
}
