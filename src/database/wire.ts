/**
 * Reads along what a server sends, for the facts that the driver keeps to itself. Message formats: PostgreSQL
 * documentation, "Frontend/Backend Protocol".
 */

import { Buffer } from "node:buffer";
import type { ServerMessage, TransactionStatus } from "./session.ts";

/** Bytes of a message's type and length. */
const HEADER_BYTES = 5;

const STATUS: Readonly<Record<string, TransactionStatus>> = {
  I: "idle",
  T: "in-transaction",
  E: "failed-transaction",
};

/** What has been seen on one connection so far. */
export class Wire {
  status: TransactionStatus = "idle";
  backendPid = 0;
  /** The secret of a CancelRequest. */
  cancelSecret: Buffer = Buffer.alloc(0);
  /** CommandComplete messages since {@link begin}. */
  completed = 0;
  /** The tag of the last command since {@link begin}: `INSERT 0 1`, `COMMIT`. */
  tag = "";
  /** The last FATAL or PANIC error. */
  fatal: ServerMessage | null = null;
  /** Set once a COPY from or to the client began. */
  copy: "FROM stdin" | "TO stdout" | null = null;

  #pending: Buffer = Buffer.alloc(0);
  #skip = 0;

  /** A new message is about to be sent. */
  begin(): void {
    this.completed = 0;
    this.tag = "";
  }

  /** Takes the next bytes from the server. Bodies that do not matter here (rows) are passed over, not kept. */
  read(chunk: Uint8Array): void {
    let rest = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    for (;;) {
      const skipped = Math.min(this.#skip, rest.length);
      this.#skip -= skipped;
      rest = rest.subarray(skipped);
      if (this.#pending.length > 0) {
        rest = Buffer.concat([this.#pending, rest]);
        this.#pending = Buffer.alloc(0);
      }
      if (rest.length < HEADER_BYTES) break;
      const type = String.fromCharCode(rest[0]!);
      const length = 1 + rest.readUInt32BE(1);
      if (!"ZKCEGHW".includes(type)) {
        this.#skip = length;
        continue;
      }
      if (rest.length < length) break;
      this.#message(type, rest.subarray(HEADER_BYTES, length));
      rest = rest.subarray(length);
    }
    this.#pending = Buffer.from(rest);
  }

  #message(type: string, body: Buffer): void {
    switch (type) {
      case "Z":
        this.status = STATUS[String.fromCharCode(body[0]!)] ?? "idle";
        break;
      case "K":
        this.backendPid = body.readUInt32BE(0);
        this.cancelSecret = Buffer.from(body.subarray(4));
        break;
      case "C":
        this.completed++;
        this.tag = body.toString("utf8", 0, body.length - 1);
        break;
      case "E": {
        const message = readServerMessage(body);
        if (message.severity === "FATAL" || message.severity === "PANIC") this.fatal = message;
        break;
      }
      case "G":
        this.copy = "FROM stdin";
        break;
      default:
        this.copy = "TO stdout";
    }
  }
}

/** Reads the body of an ErrorResponse or NoticeResponse: fields of one letter, each closed by a NUL byte. */
export function readServerMessage(body: Uint8Array): ServerMessage {
  const fields = new Map<string, string>();
  for (const field of new TextDecoder().decode(body).split("\0")) {
    if (field !== "") fields.set(field[0]!, field.slice(1));
  }
  const text = (letter: string, key: string) => fields.has(letter) ? { [key]: fields.get(letter)! } : {};
  const number = (letter: string, key: string) => fields.has(letter) ? { [key]: Number(fields.get(letter)) } : {};
  return {
    severity: fields.get("V") ?? fields.get("S") ?? "ERROR",
    sqlstate: fields.get("C") ?? "XX000",
    message: fields.get("M") ?? "",
    ...text("D", "detail"),
    ...text("H", "hint"),
    ...number("P", "position"),
    ...number("p", "internalPosition"),
    ...text("q", "internalQuery"),
    ...text("W", "where"),
  };
}

/** The 16 bytes (more with a longer secret) that ask a server to cancel what a backend runs. */
export function cancelRequest(backendPid: number, secret: Uint8Array): Buffer {
  const message = Buffer.alloc(12 + secret.length);
  message.writeUInt32BE(message.length, 0);
  message.writeUInt32BE(80877102, 4);
  message.writeUInt32BE(backendPid, 8);
  message.set(secret, 12);
  return message;
}
