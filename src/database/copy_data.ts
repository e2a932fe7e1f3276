/** The client's part of a COPY … FROM stdin: PostgreSQL documentation, "COPY Operations". */

import { Buffer } from "node:buffer";
import type { Duplex, Writable } from "node:stream";

/** A CopyData message's type and length. */
const HEADER_BYTES = 5;

const COPY_DATA = "d".charCodeAt(0);

/** With its reason, which nobody gets to see. */
const COPY_FAIL = Buffer.from("f\0\0\0\u0005\0", "latin1");

/**
 * Sends data, a piece when the one before has left, and says that it is complete. The driver's stream serves for
 * the end only: it would wait for ever for a COPY that the server refuses when all data has come.
 *
 * @param stream what the driver gives for the COPY
 * @param options.ended resolves when the server has ended the COPY; it takes no more data then
 * @returns the error with which the data ended, and the COPY was made to fail; or null
 */
export async function sendData(stream: Writable, { data, socket, ended }: {
  readonly data: AsyncIterable<Uint8Array>;
  readonly socket: Duplex;
  readonly ended: Promise<void>;
}): Promise<unknown> {
  let open = true;
  ended.then(() => open = false);
  // The driver destroys its stream with the error of the server, which is told in another way; and it would send CopyFail
  // then, and after every COPY that ended well, where it could meet the next one.
  stream.on("error", () => {});
  stream._destroy = (error, done) => done(error);
  let frame = Buffer.alloc(0);
  try {
    for await (const bytes of data) {
      if (!open) return null;
      if (frame.length < HEADER_BYTES + bytes.length) frame = Buffer.alloc(HEADER_BYTES + bytes.length);
      frame[0] = COPY_DATA;
      frame.writeUInt32BE(HEADER_BYTES - 1 + bytes.length, 1);
      frame.set(bytes, HEADER_BYTES);
      const sent = new Promise((resolve) => socket.write(frame.subarray(0, HEADER_BYTES + bytes.length), resolve));
      await Promise.race([sent, ended]);
    }
    if (open) stream.end();
    return null;
  } catch (error) {
    if (open) socket.write(COPY_FAIL);
    return error;
  }
}
