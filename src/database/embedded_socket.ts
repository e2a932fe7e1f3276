/** The client's end of a connection to the embedded PostgreSQL, as the stream that the driver's `socket` option takes. */

import { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import { ACKNOWLEDGED_BYTES, type BackendBytes, type BackendTook, type ToBackend } from "./embedded_link.ts";

export interface EmbeddedSocketOptions {
  /** Number of this connection; bytes for another are late ones of a connection that has ended. */
  readonly connection: number;
  readonly send: (message: ToBackend) => void;
  /** Called with the number of bytes that the reader has taken, which lets the backend send more. */
  readonly onRead: (bytes: number) => void;
}

export class EmbeddedSocket extends Duplex {
  readonly #options: EmbeddedSocketOptions;
  #untakenBytes = 0;
  /** Ends the write of a large piece. */
  #untaken: () => void = () => {};

  constructor(options: EmbeddedSocketOptions) {
    super();
    this.#options = options;
  }

  /** The driver asks for this, as of a `net.Socket`, to know whether it must wait for `close`. */
  get readyState(): "open" | "closed" {
    return this.destroyed ? "closed" : "open";
  }

  /** Takes what the backend sent. */
  receive(message: BackendBytes): void {
    if (message.connection !== this.#options.connection || this.destroyed || this.readableEnded) {
      this.#options.onRead(message.bytes.length);
      return;
    }
    const bytes = Buffer.from(message.bytes.buffer, message.bytes.byteOffset, message.bytes.length);
    if (this.push(bytes)) this.#options.onRead(bytes.length);
    else this.#untakenBytes += bytes.length;
  }

  override _read(): void {
    this.#take();
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#options.send({ kind: "bytes", bytes: Uint8Array.from(chunk) });
    if (chunk.length >= ACKNOWLEDGED_BYTES) this.#untaken = done;
    // Not synchronously: the driver forgets what it wrote after write() returns, and would take the answer for nothing.
    else queueMicrotask(done);
  }

  /** The backend has taken the large piece that was written last. */
  taken({ connection }: BackendTook): void {
    if (connection !== this.#options.connection) return;
    const done = this.#untaken;
    this.#untaken = () => {};
    done();
  }

  /** The driver has said goodbye: nothing more will come from the backend. */
  override _final(done: (error?: Error | null) => void): void {
    this.push(null);
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#take();
    this.#options.send({ kind: "end" });
    done(error);
  }

  #take(): void {
    const bytes = this.#untakenBytes;
    this.#untakenBytes = 0;
    if (bytes > 0) this.#options.onRead(bytes);
  }
}
