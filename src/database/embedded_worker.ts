/** The worker in which the embedded PostgreSQL runs: the entry point of a module worker, imported by nothing. */

import { receiveMessageOnPort } from "node:worker_threads";
import { embeddedFailed } from "../errors/embedded.ts";
import { Failure } from "../errors/failure.ts";
import { lockDirectory } from "./directory_lock.ts";
import { serve } from "./embedded_backend.ts";
import { createFrameReader } from "./embedded_frames.ts";
import {
  ACKNOWLEDGED_BYTES,
  type FromBackend,
  POSTED,
  type ToBackend,
  UNREAD_BYTES,
  UNREAD_LIMIT_BYTES,
  type WorkerStart,
} from "./embedded_link.ts";
import { startEmbedded } from "./embedded_start.ts";

globalThis.addEventListener("message", (event) => work((event as MessageEvent<WorkerStart>).data), { once: true });

async function work({ directory, port, signals }: WorkerStart): Promise<void> {
  let log: readonly string[] = [];
  try {
    using _lock = directory === null ? null : await lockDirectory(directory);
    const started = await startEmbedded(directory);
    log = started.log;
    post(port, { kind: "ready" });
    let connection = 1;
    const frames = createFrameReader(() => {
      const message = receive(port, signals);
      if (message.kind === "bytes" && message.bytes.length >= ACKNOWLEDGED_BYTES) {
        post(port, { kind: "took", connection });
      }
      if (message.kind === "end") connection++;
      if (message.kind === "shutdown") post(port, { kind: "closing" });
      return message;
    });
    serve(started.database, { frames, send: (bytes) => send(bytes, { connection, port, signals }) });
    // A checkpoint, so that the next start has nothing to recover. In memory nothing is kept.
    if (directory !== null) await started.database.close();
  } catch (error) {
    const failure = error instanceof Failure ? error : embeddedFailed(describe(error), log);
    const { code, exitCode, message, details } = failure;
    post(port, { kind: "failed", failure: { code, exitCode, message, details } });
    return;
  }
  post(port, { kind: "closed" });
}

/** Sleeps until the main thread has posted something. */
function receive(port: MessagePort, signals: WorkerStart["signals"]): ToBackend {
  for (;;) {
    const posted = Atomics.load(signals, POSTED);
    const received = receiveMessageOnPort(port as unknown as Parameters<typeof receiveMessageOnPort>[0]);
    if (received !== undefined) return received.message as ToBackend;
    Atomics.wait(signals, POSTED, posted);
  }
}

/** Sleeps while the main thread has too much unread. */
function send(
  bytes: Uint8Array<ArrayBuffer>,
  { connection, port, signals }: Omit<WorkerStart, "directory"> & { readonly connection: number },
): void {
  for (;;) {
    const unread = Atomics.load(signals, UNREAD_BYTES);
    if (unread < UNREAD_LIMIT_BYTES) break;
    Atomics.wait(signals, UNREAD_BYTES, unread);
  }
  Atomics.add(signals, UNREAD_BYTES, bytes.length);
  port.postMessage({ kind: "bytes", connection, bytes } satisfies FromBackend, [bytes.buffer]);
}

function post(port: MessagePort, message: FromBackend): void {
  port.postMessage(message);
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : "it ended in the middle of a statement";
}
