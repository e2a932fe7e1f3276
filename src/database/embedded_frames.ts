/** What the client sends, cut into messages of the PostgreSQL protocol, read synchronously. */

import type { ToBackend } from "./embedded_link.ts";

/** A startup message has no type byte (PostgreSQL documentation, "Message Formats"). */
const STARTUP_LENGTH_OFFSET = 0;
const LENGTH_OFFSET = 1;
const LENGTH_BYTES = 4;

export type Frame =
  | { readonly kind: "startup"; readonly bytes: Uint8Array }
  | { readonly kind: "message"; readonly bytes: Uint8Array }
  | { readonly kind: "end" }
  | { readonly kind: "shutdown" };

export interface FrameReader {
  /** Waits for the next whole message, or for the end of the connection or of the database. */
  next(): Frame;
}

/** @param receive waits for what the main thread posts next */
export function createFrameReader(receive: () => ToBackend): FrameReader {
  let buffered = new Uint8Array(0);
  let started = false;
  return {
    next(): Frame {
      for (;;) {
        const frame = cut();
        if (frame !== null) return frame;
        const message = receive();
        if (message.kind === "bytes") {
          buffered = concatenate(buffered, message.bytes);
          continue;
        }
        buffered = new Uint8Array(0);
        started = false;
        return message;
      }
    },
  };

  function cut(): Frame | null {
    const lengthOffset = started ? LENGTH_OFFSET : STARTUP_LENGTH_OFFSET;
    if (buffered.length < lengthOffset + LENGTH_BYTES) return null;
    const length = lengthOffset + new DataView(buffered.buffer, buffered.byteOffset).getInt32(lengthOffset);
    if (buffered.length < length) return null;
    const frame: Frame = { kind: started ? "message" : "startup", bytes: buffered.subarray(0, length) };
    buffered = buffered.subarray(length);
    started = true;
    return frame;
  }
}

function concatenate(first: Uint8Array<ArrayBuffer>, second: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (first.length === 0) return second;
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}
