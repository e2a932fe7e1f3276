/**
 * Reads along what a server sends, for the facts that the driver keeps to itself. Message formats: PostgreSQL
 * documentation, "Frontend/Backend Protocol".
 */

import { Buffer } from "node:buffer";
import type { ServerMessage, TransactionStatus } from "./session.ts";

/** Bytes of a message's type and length. */
const HEADER_BYTES = 5;

/** Bytes of the process id in BackendKeyData; the secret is the rest. */
const PID_BYTES = 4;
/** The overall format in a CopyInResponse. */
const TEXT_FORMAT = 0;

const STATUS: Readonly<Record<string, TransactionStatus>> = {
  I: "idle",
  T: "in-transaction",
  E: "failed-transaction",
};

/** admin_shutdown, crash_shutdown: a backend that has to end at once sends them as a WARNING, not as FATAL. */
const FAREWELLS: readonly string[] = ["57P01", "57P02"];

/** What the server answered to one message so far. */
export interface Exchange {
  /** CommandComplete messages: the index of the statement that failed. */
  completed: number;
  /** The tag of the last command: `INSERT 0 1`, `COMMIT`. */
  tag: string;
  /** Called for each NOTICE and WARNING. */
  readonly onNotice: (notice: ServerMessage) => void;
  /** The error that ended it. */
  error: ServerMessage | null;
  /** Whether the message ends in a COPY … FROM stdin, whose data can be sent as text. */
  takesData: boolean;
  /** Called with ReadyForQuery. */
  onEnd: () => void;
}

/** What has been seen on one connection so far. */
export class Wire {
  /** As the last ReadyForQuery gave it. */
  status: TransactionStatus = "idle";
  backendPid = 0;
  /** The secret of a CancelRequest. */
  cancelSecret: Buffer = Buffer.alloc(0);
  /** The last FATAL or PANIC error. */
  fatal: ServerMessage | null = null;
  /** The WARNING with which a server that crashes or stops at once says so, as long as nothing has come behind it. */
  farewell: ServerMessage | null = null;
  /** Set once a COPY from or to the client began that nobody asked for. */
  copy: "FROM stdin" | "TO stdout" | null = null;

  /** The messages that wait for their ReadyForQuery, in the order in which they were sent. */
  readonly #exchanges: Exchange[] = [];
  /** The beginning of a message, in the chunks in which it came. */
  readonly #pending: Buffer[] = [];
  #pendingBytes = 0;
  /** How many bytes it takes to go on. */
  #wanted = HEADER_BYTES;
  #skip = 0;

  /** A new message is about to be sent; what answers it is noted in the value given. */
  begin(onNotice: (notice: ServerMessage) => void): Exchange {
    const exchange = { completed: 0, tag: "", onNotice, error: null, takesData: false, onEnd: () => {} };
    this.#exchanges.push(exchange);
    return exchange;
  }

  /** Takes the next bytes from the server. Bodies that do not matter here (rows) are passed over, not kept. */
  read(chunk: Uint8Array): void {
    let rest = this.#withPending(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    if (rest === null) return;
    for (;;) {
      const skipped = Math.min(this.#skip, rest.length);
      this.#skip -= skipped;
      rest = rest.subarray(skipped);
      this.#wanted = HEADER_BYTES;
      if (rest.length < HEADER_BYTES) break;
      const type = String.fromCharCode(rest[0]!);
      const length = 1 + rest.readUInt32BE(1);
      if (!"ZKCENGHW".includes(type)) {
        this.farewell = null;
        this.#skip = length;
        continue;
      }
      this.#wanted = length;
      if (rest.length < length) break;
      this.#message(type, rest.subarray(HEADER_BYTES, length));
      rest = rest.subarray(length);
    }
    if (rest.length > 0) this.#keep(rest);
  }

  /** The bytes to go on with: with those that came before, once there are enough of them. */
  #withPending(chunk: Buffer): Buffer | null {
    if (this.#pendingBytes === 0) return chunk;
    this.#keep(chunk);
    if (this.#pendingBytes < this.#wanted) return null;
    this.#pendingBytes = 0;
    // Joined once: to join anew with each chunk takes minutes for an error message of 100 MB.
    return Buffer.concat(this.#pending.splice(0));
  }

  /** Keeps a copy, for the driver reads the same chunk. */
  #keep(bytes: Buffer): void {
    this.#pending.push(Buffer.from(bytes));
    this.#pendingBytes += bytes.length;
  }

  #message(type: string, body: Buffer): void {
    const exchange = this.#exchanges[0];
    this.farewell = null;
    switch (type) {
      case "Z":
        this.status = STATUS[String.fromCharCode(body[0]!)] ?? "idle";
        this.#exchanges.shift()?.onEnd();
        break;
      case "K":
        if (body.length < PID_BYTES) break;
        this.backendPid = body.readUInt32BE(0);
        this.cancelSecret = Buffer.from(body.subarray(PID_BYTES));
        break;
      case "C":
        if (exchange === undefined) break;
        exchange.completed++;
        exchange.tag = body.toString("utf8", 0, body.length - 1);
        break;
      case "E": {
        const message = readServerMessage(body);
        if (exchange !== undefined) exchange.error = message;
        if (message.severity === "FATAL" || message.severity === "PANIC") this.fatal = message;
        break;
      }
      case "N": {
        const message = readServerMessage(body);
        if (FAREWELLS.includes(message.sqlstate)) this.farewell = message;
        exchange?.onNotice(message);
        break;
      }
      case "G":
        if (!exchange?.takesData || body[0] !== TEXT_FORMAT) this.copy = "FROM stdin";
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
    ...text("R", "routine"),
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
