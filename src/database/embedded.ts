/**
 * The embedded PostgreSQL: PGlite in a worker.
 *
 * In a worker, because PostgreSQL blocks the thread that it runs in for as long as a statement takes, and the main thread
 * must see signals all the while. It costs about 40 ms, and `abort` can then end a statement that cannot be cancelled.
 */

import { dirname } from "node:path";
import type { Duplex } from "node:stream";
import { embeddedBusy, embeddedFailed } from "../errors/embedded.ts";
import { Failure } from "../errors/failure.ts";
import { inspectDirectory } from "./data_directory.ts";
import { type FromBackend, POSTED, SIGNAL_COUNT, type ToBackend, UNREAD_BYTES } from "./embedded_link.ts";
import { EmbeddedSocket } from "./embedded_socket.ts";
import type { EmbeddedTarget } from "./target.ts";
import { useDirectory } from "./use_directory.ts";

/** How long `dispose` waits for a statement that still runs before it ends the database under it. */
const STATEMENT_DEADLINE_MS = 1000;

export interface EmbeddedDatabase extends AsyncDisposable {
  /**
   * Opens the connection: there is one at a time. One that is opened after another has ended finds a new session: no
   * transaction, settings, prepared statements or temporary tables of the one before.
   * @throws {Failure} exit code 4 when one is open already, or the database has ended
   */
  dial(): Promise<Duplex>;
  /**
   * Ends the database at once, in the middle of a statement too (the embedded PostgreSQL has no cancel request). The next
   * one that opens the directory recovers: what was committed is there, and nothing else. The runtime stops the thread
   * up to two seconds later, and Deno 2.9 does not end by itself after that: leave with `Deno.exit`.
   */
  abort(): void;
}

/**
 * Starts the embedded PostgreSQL on a directory, which is made where it is missing and locked, or in memory.
 * @throws {Failure} exit code 2 when the directory cannot be used, 4 when PostgreSQL does not start, 5 when another
 * process has the directory open
 */
export async function openEmbedded({ directory }: EmbeddedTarget): Promise<EmbeddedDatabase> {
  if (directory !== null) await useDirectory(directory, () => prepareDirectory(directory));
  const worker = new Worker(new URL("./embedded_worker.ts", import.meta.url), { type: "module", name: "postgres" });
  const { port1: port, port2 } = new MessageChannel();
  const signals = new Int32Array(new SharedArrayBuffer(SIGNAL_COUNT * Int32Array.BYTES_PER_ELEMENT));
  const ready = Promise.withResolvers<void>();
  const closing = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  let socket: EmbeddedSocket | null = null;
  let connections = 0;
  let ended: Failure | null = null;

  port.onmessage = ({ data }: MessageEvent<FromBackend>) => {
    if (data.kind === "bytes") return socket === null ? taken(data.bytes.length) : socket.receive(data);
    if (data.kind === "took") return socket?.taken(data);
    if (data.kind === "ready") return ready.resolve();
    if (data.kind === "closing") return closing.resolve();
    if (data.kind === "closed") return end(embeddedFailed("it was closed"));
    const { code, exitCode, message, details } = data.failure;
    end(new Failure(code, exitCode, message, details));
  };
  worker.onerror = (event) => {
    event.preventDefault();
    end(embeddedFailed(event.message));
  };
  worker.postMessage({ directory, port: port2, signals }, [port2]);
  await ready.promise;

  return {
    dial() {
      if (ended !== null) return Promise.reject(ended);
      if (socket !== null && !socket.destroyed) return Promise.reject(embeddedBusy());
      socket = new EmbeddedSocket({ connection: ++connections, send, onRead: taken });
      return Promise.resolve(socket);
    },
    abort: () => end(embeddedFailed("it was ended in the middle of a statement")),
    async [Symbol.asyncDispose]() {
      socket?.destroy();
      if (ended !== null) return;
      send({ kind: "shutdown" });
      const deadline = setTimeout(() => end(embeddedFailed("it was closed")), STATEMENT_DEADLINE_MS);
      await Promise.race([closing.promise, closed.promise]);
      clearTimeout(deadline);
      await closed.promise;
    },
  };

  function send(message: ToBackend): void {
    if (ended !== null) return;
    port.postMessage(message, message.kind === "bytes" ? [message.bytes.buffer] : []);
    Atomics.add(signals, POSTED, 1);
    Atomics.notify(signals, POSTED);
  }

  function taken(bytes: number): void {
    Atomics.sub(signals, UNREAD_BYTES, bytes);
    Atomics.notify(signals, UNREAD_BYTES);
  }

  function end(failure: Failure): void {
    if (ended !== null) return;
    ended = failure;
    worker.terminate();
    port.close();
    ready.reject(failure);
    closed.resolve();
    if (socket !== null && !socket.destroyed) socket.destroy(failure);
  }
}

/** Looks before it makes anything, so that a directory with something else in it is not touched. */
async function prepareDirectory(directory: string): Promise<void> {
  await inspectDirectory(directory);
  await Deno.mkdir(dirname(directory), { recursive: true });
  // For its owner alone, as initdb makes it: files inside are written for everybody.
  await Deno.mkdir(directory, { mode: 0o700 }).catch((error: unknown) => {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  });
}
