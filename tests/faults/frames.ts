/** Cuts a byte stream of PostgreSQL's protocol into its messages (documentation, "Message Formats"). */

import { Buffer } from "node:buffer";

/** One message as it passed. */
export interface Frame {
  /** Its letter; `startup`, `cancel` and `encryption` for those of a client that have none, `answer` for `S` or `N`. */
  readonly type: string;
  /** The text of a query or the tag of a command; otherwise empty. */
  readonly text: string;
  /** With letter and length. */
  readonly bytes: Uint8Array;
}

/** The codes of the messages that have no letter. */
const REQUESTS: Readonly<Record<number, string>> = {
  80877102: "cancel",
  80877103: "encryption",
  80877104: "encryption",
};

/** Messages whose text tells what is asked or done: Query, CommandComplete. */
const WITH_TEXT = ["Q", "C"];

/**
 * One direction of one connection. What a client sends before it is let in has no letter, and one byte without a length
 * answers its request for encryption, which must be refused: nothing can be read in a stream that is encrypted.
 */
export class Frames {
  #pending: Buffer = Buffer.alloc(0);
  #started = false;
  /** The next byte of the server is such an answer. */
  answersNext = false;

  constructor(readonly from: "client" | "server") {}

  /** Takes the next bytes and gives the messages that are whole by now. */
  read(chunk: Uint8Array): Frame[] {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    const frames: Frame[] = [];
    for (let frame = this.#next(); frame !== null; frame = this.#next()) {
      this.#pending = this.#pending.subarray(frame.bytes.length);
      frames.push(frame);
    }
    return frames;
  }

  #next(): Frame | null {
    const all = this.#pending;
    if (this.from === "server" && this.answersNext && all.length > 0) {
      this.answersNext = false;
      return { type: "answer", text: "", bytes: all.subarray(0, 1) };
    }
    if (this.from === "client" && !this.#started) {
      if (all.length < 8 || all.length < all.readUInt32BE(0)) return null;
      const type = REQUESTS[all.readUInt32BE(4)] ?? "startup";
      this.#started = type !== "encryption";
      return { type, text: "", bytes: all.subarray(0, all.readUInt32BE(0)) };
    }
    if (all.length < 5 || all.length < 1 + all.readUInt32BE(1)) return null;
    const bytes = all.subarray(0, 1 + all.readUInt32BE(1));
    const type = String.fromCharCode(bytes[0]!);
    return { type, text: WITH_TEXT.includes(type) ? bytes.toString("utf8", 5, bytes.length - 1).trimEnd() : "", bytes };
  }
}
