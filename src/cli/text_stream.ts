/** Writing text to a stream of the process, whatever becomes of it. */

import type { TextStream } from "./world.ts";

/** Pause before a full pipe that does not block is tried again. */
const RETRY_MS = 5;

interface Sink {
  writeSync(bytes: Uint8Array): number;
  isTerminal(): boolean;
}

/**
 * A stream whose `write` never throws. The reader of a pipe may go (`| head`), a disk may be full: the run goes on, and
 * the rest of the output is dropped. Writes are synchronous, so that nothing is lost when the process exits and memory
 * does not grow when the reader is slow.
 */
export function textStream(sink: Sink): TextStream {
  const encoder = new TextEncoder();
  let open = true;
  return {
    isTerminal: sink.isTerminal(),
    write(text) {
      let bytes = encoder.encode(text);
      while (open && bytes.length > 0) {
        try {
          bytes = bytes.subarray(sink.writeSync(bytes));
        } catch (error) {
          // Another process that shares the pipe may have made it non-blocking; it is full, not gone.
          if (error instanceof Deno.errors.WouldBlock) pause(RETRY_MS);
          else open = false;
        }
      }
    },
  };
}

function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
