/** Where the data of a COPY in a script ends: at a line `\.`, as psql reads it in every format, or with the script. */

const LF = 0x0a;
const CR = 0x0d;

/** What ends the data, without its line end. */
const END = Uint8Array.of(0x5c, 0x2e, CR);
const END_BYTES = 2;

/** Of one COPY, in pieces of any size. */
export class CopyData {
  /** Lines that were read, the one of `\.` included. A line ends with LF, CRLF or a lone CR, as everywhere here. */
  lines = 0;
  ended = false;
  /** How much of {@link END} the line begins with; -1 where it begins otherwise. */
  #matched = 0;
  #before = 0;

  /**
   * Reads bytes until the end of the data, or all of them.
   *
   * @returns the index behind the last byte that was read; what of them is data; and what was held back of the bytes
   * before, and turned out to be data
   */
  read(bytes: Uint8Array, from: number): { readonly at: number; readonly held: Uint8Array; readonly data: Uint8Array } {
    let held = END.subarray(0, 0);
    // The line may have begun with the last piece.
    let lineStart = from - Math.max(this.#matched, 0);
    let at = from;
    while (at < bytes.length) {
      if (this.#matched !== -1) {
        const byte = bytes[at]!;
        if (byte === LF && this.#matched >= END_BYTES) {
          this.ended = true;
          this.lines++;
          return { at: at + 1, held, data: bytes.subarray(from, Math.max(from, lineStart)) };
        }
        if (byte === END[this.#matched]) {
          this.#matched++;
          at++;
          continue;
        }
        if (lineStart < from) held = END.subarray(0, from - lineStart);
        if (this.#matched === END.length) this.lines++;
        this.#matched = -1;
      }
      at = this.#line(bytes, at);
      if (this.#matched === 0) lineStart = at;
    }
    return { at, held, data: bytes.subarray(from, this.#matched > 0 ? Math.max(from, lineStart) : at) };
  }

  /** The script ends here. @returns what was held back and is data */
  end(): Uint8Array {
    const isEnd = this.#matched >= END_BYTES;
    if (isEnd) this.lines++;
    this.ended = isEnd;
    return isEnd || this.#matched === -1 ? END.subarray(0, 0) : END.subarray(0, this.#matched);
  }

  /** Reads to behind the line's end, or to the end of the bytes. */
  #line(bytes: Uint8Array, at: number): number {
    let before = this.#before;
    for (; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (byte === LF) {
        if (before !== CR) this.lines++;
        this.#before = LF;
        this.#matched = 0;
        return at + 1;
      }
      if (byte === CR) this.lines++;
      before = byte;
    }
    this.#before = before;
    return at;
  }
}
