import assert from "node:assert/strict";
import { textStream } from "./text_stream.ts";

function sink(writeSync: (bytes: Uint8Array) => number) {
  return textStream({ writeSync, isTerminal: () => false });
}

Deno.test("textStream() writes all of a text that a pipe takes in pieces", () => {
  const taken: number[] = [];
  sink((bytes) => {
    taken.push(...bytes.subarray(0, 3));
    return Math.min(3, bytes.length);
  }).write("naïve 😀 text");
  assert.equal(new TextDecoder().decode(new Uint8Array(taken)), "naïve 😀 text");
});

Deno.test("textStream() drops the rest once its reader has gone or its disk is full", () => {
  for (const error of [new Deno.errors.BrokenPipe("EPIPE"), new Error("No space left on device (os error 28)")]) {
    let calls = 0;
    const stream = sink(() => {
      calls++;
      throw error;
    });
    stream.write("first");
    stream.write("second");
    assert.equal(calls, 1);
  }
});

Deno.test("textStream() tries again where a pipe that does not block is full", () => {
  let calls = 0;
  let written = "";
  sink((bytes) => {
    if (++calls < 3) throw new Deno.errors.WouldBlock("EAGAIN");
    written += new TextDecoder().decode(bytes);
    return bytes.length;
  }).write("kept");
  assert.equal(written, "kept");
});
