/** The checksum that proves that an applied file was never edited. */

import { createHash } from "node:crypto";

const LF = 0x0a;
const CR = 0x0d;
const BOM = [0xef, 0xbb, 0xbf];

/**
 * SHA-256 over a file's bytes, in hexadecimal, with a leading UTF-8 BOM dropped and CRLF read as LF, so that git's line
 * endings never break it. For an LF file without a BOM it equals `sha256sum FILE`.
 */
export function checksum(bytes: Uint8Array): string {
  const checksum = new Checksum();
  checksum.update(withoutBom(bytes));
  return checksum.digest();
}

/** The bytes after a leading UTF-8 byte order mark, if there is one. */
export function withoutBom(bytes: Uint8Array): Uint8Array {
  return BOM.every((byte, index) => bytes[index] === byte) ? bytes.subarray(BOM.length) : bytes;
}

/** {@link withoutBom} for bytes that come in pieces. */
export async function* piecesWithoutBom(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let start: Uint8Array = new Uint8Array(0);
  let started = false;
  for await (const bytes of pieces) {
    if (started) {
      yield bytes;
      continue;
    }
    start = start.length === 0 ? bytes.slice() : Uint8Array.from([...start, ...bytes]);
    if (start.length < BOM.length) continue;
    started = true;
    yield withoutBom(start);
  }
  if (!started) yield start;
}

/** {@link checksum} of bytes without a BOM that come in pieces. */
export class Checksum {
  readonly #hash = createHash("sha256");
  /** Whether the last piece ended with a CR, of which the next one says whether it counts. */
  #heldCr = false;

  update(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (this.#heldCr && bytes[0] !== LF) this.#hash.update(Uint8Array.of(CR));
    this.#heldCr = bytes.at(-1) === CR;
    this.#hash.update(withLineFeeds(this.#heldCr ? bytes.subarray(0, -1) : bytes));
  }

  /** The end: nothing can be added any more. */
  digest(): string {
    if (this.#heldCr) this.#hash.update(Uint8Array.of(CR));
    return this.#hash.digest("hex");
  }
}

function withLineFeeds(bytes: Uint8Array): Uint8Array {
  if (!bytes.includes(CR)) return bytes;
  const result = new Uint8Array(bytes.length);
  let length = 0;
  for (let index = 0; index < bytes.length; index++) {
    if (bytes[index] === CR && bytes[index + 1] === LF) continue;
    result[length++] = bytes[index]!;
  }
  return result.subarray(0, length);
}
