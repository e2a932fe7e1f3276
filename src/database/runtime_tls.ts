/** What the TLS of different versions of Deno cannot do, and what helps. */

import type { Socket } from "node:net";
import { Duplex } from "node:stream";

/**
 * Whether the runtime's TLS is the one of before Deno 2.8. That one trusts the machine's authorities beside those it is
 * told, so that any certificate which they ever signed would pass `verify-ca` (measured: 2.5.7, 2.6.8 and 2.7.14 do,
 * 2.8.3 and 2.9.6 do not).
 */
export function hasOldTls(denoVersion: string): boolean {
  const [major = 0, minor = 0] = denoVersion.split(".").map(Number);
  return major < 2 || (major === 2 && minor < 8);
}

/**
 * What TLS is to run on. Given a socket, it takes the system's handle from under it, and when a read is under way there
 * the handshake hangs at times (one of a hundred, measured with Deno 2.8.3 and 2.9.6): there it gets a stream that is no
 * socket. Older ones hang on such a stream, and never on a paused socket.
 */
export function underTls(socket: Socket): Socket {
  if (hasOldTls(Deno.version.deno)) return socket;
  const stream = new Duplex({
    read: () => void socket.resume(),
    write: (chunk, encoding, callback) => void socket.write(chunk, encoding, callback),
    final: (callback) => void socket.end(callback),
    destroy(error, callback) {
      socket.destroy();
      callback(error);
    },
  });
  socket.on("data", (chunk) => {
    if (!stream.push(chunk)) socket.pause();
  });
  socket.on("end", () => stream.push(null));
  socket.on("error", (error) => stream.destroy(error));
  socket.on("close", () => {
    if (!socket.readableEnded) stream.destroy(); // else what came last, the server's reason, is still to be read
  });
  return stream as Socket;
}
