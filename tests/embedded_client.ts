/** The least client of the PostgreSQL protocol that the tests of the embedded database need. */

import { Buffer } from "node:buffer";
import type { Duplex } from "node:stream";

/** A message of the protocol. */
export function message(type: string, body: string): Buffer {
  const bytes = Buffer.from(`${type}\0\0\0\0${body}`);
  bytes.writeInt32BE(bytes.length - 1, 1);
  return bytes;
}

export function startup(): Buffer {
  const bytes = Buffer.from("\0\0\0\0\0\x03\0\0user\0postgres\0database\0postgres\0\0");
  bytes.writeInt32BE(bytes.length, 0);
  return bytes;
}

/** Sends bytes and gives the messages up to the next of type `until`, each as its type and its body. */
export async function exchange(socket: Duplex, bytes: Buffer, until = "Z"): Promise<readonly [string, Buffer][]> {
  const answer = Promise.withResolvers<readonly [string, Buffer][]>();
  const messages: [string, Buffer][] = [];
  let buffered = Buffer.alloc(0);
  const take = (chunk: Buffer) => {
    buffered = Buffer.concat([buffered, chunk]);
    while (buffered.length >= 5 && buffered.length >= 1 + buffered.readInt32BE(1)) {
      const end = 1 + buffered.readInt32BE(1);
      messages.push([String.fromCharCode(buffered[0]!), buffered.subarray(5, end)]);
      buffered = buffered.subarray(end);
    }
    if (messages.at(-1)?.[0] === until) answer.resolve(messages);
  };
  socket.on("data", take);
  socket.once("error", answer.reject);
  try {
    socket.write(bytes);
    return await answer.promise;
  } finally {
    socket.off("data", take);
    socket.off("error", answer.reject);
  }
}

/** Runs a text and gives the rows of its results as texts, columns joined by `|`, or the SQLSTATE of its error. */
export async function ask(socket: Duplex, sql: string): Promise<string[]> {
  return (await exchange(socket, message("Q", `${sql}\0`))).flatMap(([type, body]) =>
    type === "D" ? [columns(body)] : type === "E" ? [`error ${/\0C(\w{5})\0/.exec(body.toString())?.[1]}`] : []
  );
}

function columns(row: Buffer): string {
  const values: string[] = [];
  for (let at = 2; at < row.length;) {
    const length = row.readInt32BE(at);
    values.push(length < 0 ? "null" : row.toString("utf8", at + 4, at + 4 + length));
    at += 4 + Math.max(length, 0);
  }
  return values.join("|");
}
