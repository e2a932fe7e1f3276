/** Bytes that a server, or what stands where one should, may send. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { readServerMessage, Wire } from "../../src/database/wire.ts";
import { fuzzed, text } from "./fuzzed.ts";

/** A message with a length that is right, or not. */
const message = fc.tuple(
  fc.constantFrom(..."ZKCENGHWDTRSx\0"),
  fc.oneof(text.map((some) => Buffer.from(some)), fc.constantFrom("I", "T", "E", "").map((some) => Buffer.from(some))),
  fc.option(fc.integer({ min: 0, max: 2 ** 32 - 1 }), { freq: 12 }),
).map(([type, body, wrong]) => {
  const header = Buffer.alloc(5);
  header.write(type, "latin1");
  header.writeUInt32BE(wrong ?? body.length + 4, 1);
  return Buffer.concat([header, body]);
});

const stream = fc.oneof(
  fc.array(message, { maxLength: 6 }).map((messages) => Buffer.concat(messages)),
  fc.uint8Array({ maxLength: 80 }).map((some) => Buffer.from(some)),
);

/** What is known after these chunks. */
function readAll(chunks: readonly Uint8Array[]) {
  const wire = new Wire();
  const notices: unknown[] = [];
  const exchanges = [1, 2].map(() => wire.begin((notice) => notices.push(notice)));
  for (const chunk of chunks) wire.read(chunk);
  const answers = exchanges.map(({ completed, tag }) => [completed, tag]);
  const { status, backendPid, cancelSecret, fatal, copy } = wire;
  return { status, backendPid, secret: cancelSecret.toString("hex"), fatal, copy, notices, answers };
}

function cutAt(bytes: Buffer, cuts: readonly number[]): Uint8Array[] {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end));
}

export const WIRE = [
  fuzzed({
    name: "whatever comes from a server is read, and the same however it is cut into chunks",
    arbitrary: fc.record({ stream, cuts: fc.array(fc.nat(), { maxLength: 6 }) }),
    corpus: [],
    check: ({ stream, cuts }) => assert.deepEqual(readAll(cutAt(stream, cuts)), readAll([stream])),
  }),
  fuzzed({
    name: "an error or notice is read whatever its fields are",
    arbitrary: fc.uint8Array({ maxLength: 100 }),
    corpus: [],
    check: (body) => {
      const { severity, sqlstate, message } = readServerMessage(body);
      for (const value of [severity, sqlstate, message]) assert.equal(typeof value, "string");
    },
  }),
  fuzzed({
    name: "a message of megabytes is read in time, in chunks of any size",
    arbitrary: fc.record({ type: fc.constantFrom(..."ECNDZ"), chunk: fc.integer({ min: 100, max: 70_000 }) }),
    corpus: [],
    oneIn: 1000,
    check: ({ type, chunk }) => {
      const body = Buffer.alloc(20_000_000, "x");
      const header = Buffer.alloc(5);
      header.write(type);
      header.writeUInt32BE(body.length + 4, 1);
      const bytes = Buffer.concat([header, body]);
      const wire = new Wire();
      for (let at = 0; at < bytes.length; at += chunk) wire.read(bytes.subarray(at, at + chunk));
    },
  }),
];
