/** Whether a file is text that PostgreSQL takes: UTF-8 without NUL bytes. */

import { isUtf8 } from "node:buffer";

/** What is wrong with a file, at the offset of a byte from its start. */
export interface TextProblem {
  readonly kind: "nul-byte" | "not-utf8";
  readonly offset: number;
}

/** No character of UTF-8 has more bytes. */
const MAX_CHARACTER_BYTES = 4;

/** Looks at the bytes of a file, which come in pieces of any size. */
export class TextCheck {
  /** The first NUL byte, or else the first character that is not UTF-8. */
  problem: TextProblem | null = null;
  #offset = 0;
  /** The start of a character that the last piece ended in. */
  #begun: Uint8Array = new Uint8Array(0);

  update(bytes: Uint8Array): void {
    const nul = bytes.indexOf(0);
    if (this.problem?.kind === "nul-byte") return;
    if (nul !== -1) this.problem = { kind: "nul-byte", offset: this.#offset + nul };
    else if (this.problem === null) this.#check(bytes);
    this.#offset += bytes.length;
  }

  end(): void {
    if (this.problem !== null || this.#begun.length === 0) return;
    this.problem = { kind: "not-utf8", offset: this.#offset - this.#begun.length };
  }

  #check(bytes: Uint8Array): void {
    const begun = this.#begun.length;
    const all = begun === 0 ? bytes : concatenate(this.#begun, bytes);
    const whole = all.subarray(0, all.length - unfinishedBytes(all));
    if (isUtf8(whole)) this.#begun = all.slice(whole.length);
    else this.problem = { kind: "not-utf8", offset: this.#offset - begun + firstInvalidByte(whole) };
  }
}

/** How many bytes at the end may be a character that goes on in the next piece. */
function unfinishedBytes(bytes: Uint8Array): number {
  for (let length = 1; length < MAX_CHARACTER_BYTES && length <= bytes.length; length++) {
    const byte = bytes[bytes.length - length]!;
    const isContinuation = (byte & 0xc0) === 0x80;
    if (isContinuation) continue;
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return needed > length ? length : 0;
  }
  return 0;
}

/** The byte with which the first character that is no UTF-8 starts, found by halving. */
function firstInvalidByte(bytes: Uint8Array): number {
  let [good, bad] = [0, bytes.length];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (isUtf8(bytes.subarray(0, middle - unfinishedBytes(bytes.subarray(0, middle))))) good = middle;
    else bad = middle;
  }
  return good - unfinishedBytes(bytes.subarray(0, good));
}

function concatenate(first: Uint8Array, second: Uint8Array): Uint8Array {
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}
