/** Finds a line of COPY data by the number that the server gives it. */

import type { CopyFormat } from "./copy_format.ts";

const LF = 0x0a;
const CR = 0x0d;
const BACKSLASH = 0x5c;

/** What is kept of a line. */
const MAX_LINE_BYTES = 64 * 1024;

/** In data that comes in pieces. */
export class CopyLine {
  /** Lines of the file before it, counted as everywhere here: LF, CRLF or a lone CR. */
  linesBefore = 0;
  found = false;
  readonly #bytes: number[] = [];
  #line = 1;
  #physical = 0;
  #before = 0;
  #escaped = false;
  #quoted = false;
  readonly #quote: number;

  /**
   * In text the server takes a line end behind a backslash for a part of the row. In CSV it counts a line end inside of
   * quotes as any other, but for those in the first row: it has not seen then what ends a line.
   *
   * @param wanted from 1
   */
  constructor(readonly wanted: number, { csv, quote }: Pick<CopyFormat, "csv" | "quote">) {
    this.found = wanted === 1;
    this.#quote = csv ? quote.charCodeAt(0) : -1;
  }

  /** @returns whether no more is wanted */
  read(bytes: Uint8Array): boolean {
    for (const byte of bytes) {
      if (byte === this.#quote) this.#quoted = !this.#quoted;
      const isPart = this.#quote === -1 ? this.#escaped : this.#quoted && this.#line === 1;
      const isEnd = byte === LF && !isPart;
      if (this.found && (isEnd || byte === LF || this.#bytes.length === MAX_LINE_BYTES)) return true;
      if (this.found) this.#bytes.push(byte);
      if (byte === CR || (byte === LF && this.#before !== CR)) this.#physical++;
      this.#before = byte;
      this.#escaped = byte === BACKSLASH && !this.#escaped;
      if (isEnd && ++this.#line === this.wanted) {
        this.found = true;
        this.linesBefore = this.#physical;
      }
    }
    return false;
  }

  get text(): string {
    return new TextDecoder().decode(Uint8Array.from(this.#bytes)).replace(/\r$/, "");
  }
}
