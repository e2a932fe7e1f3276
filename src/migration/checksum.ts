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
  return createHash("sha256").update(withLineFeeds(withoutBom(bytes))).digest("hex");
}

/** The bytes after a leading UTF-8 byte order mark, if there is one. */
export function withoutBom(bytes: Uint8Array): Uint8Array {
  return BOM.every((byte, index) => bytes[index] === byte) ? bytes.subarray(BOM.length) : bytes;
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
