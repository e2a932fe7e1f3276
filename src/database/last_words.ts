/**
 * What a server says before it closes a connection, why it does: a client that is sending may meet the closed connection
 * before it has read that, above all under load.
 */

import type { Duplex } from "node:stream";

/** How long the words may take: they are there already, or do not come. */
const LAST_WORDS_MS = 1_000;

/**
 * Goes on reading from a socket when a write has failed, to its end; a socket of Node is destroyed at once, with what has
 * come and was not read. (Linux keeps that when the other side resets the connection.)
 */
export function hearLastWords(socket: Duplex): void {
  const destroy = socket.destroy.bind(socket);
  let failed = false;
  socket.destroy = (error) => {
    if (failed || !isWriteError(error)) return destroy(error);
    failed = true;
    const timer = setTimeout(() => destroy(error), LAST_WORDS_MS);
    socket.once("close", () => clearTimeout(timer));
    // A stream with an error gives away nothing that is pushed into it.
    socket.push = (chunk) => {
      if (chunk === null) destroy(error);
      else socket.emit("data", chunk);
      return true;
    };
    return socket;
  };
}

function isWriteError(error: Error | undefined): boolean {
  return error !== undefined && "syscall" in error && error.syscall === "write";
}
