import assert from "node:assert/strict";
import { Duplex } from "node:stream";
import { hearLastWords } from "./last_words.ts";

/** A socket whose writes fail, as when the other side has closed; what that one has sent before comes a moment later. */
function brokenSocket(words: readonly (string | null)[]): Duplex {
  return new Duplex({
    read() {},
    write(_chunk, _encoding, done) {
      done(Object.assign(new Error("write EPIPE"), { syscall: "write" }));
      setTimeout(() => words.forEach((word) => this.push(word)));
    },
  });
}

/** What is heard of a socket, to its end. */
async function heard(socket: Duplex): Promise<readonly string[]> {
  const events: string[] = [];
  socket.on("data", (data) => events.push(String(data)));
  socket.on("error", (error) => events.push(error.message));
  const closed = new Promise((resolve) => socket.on("close", resolve));
  socket.write("x");
  await closed;
  return events;
}

Deno.test("hearLastWords() reads what the server has sent before it closed, though a write has failed", async () => {
  const socket = brokenSocket(["FATAL", null]);
  hearLastWords(socket);
  assert.deepEqual(await heard(socket), ["FATAL", "write EPIPE"]);
});

Deno.test("hearLastWords() waits no longer than a second for words that do not come", async () => {
  const socket = brokenSocket([]);
  hearLastWords(socket);
  assert.deepEqual(await heard(socket), ["write EPIPE"]);
});

Deno.test("hearLastWords() lets a socket be destroyed at once", async () => {
  const socket = brokenSocket([]);
  hearLastWords(socket);
  socket.on("data", () => {});
  const closed = new Promise((resolve) => socket.on("close", resolve));
  socket.write("x", () => socket.destroy());
  await closed;
});
