/**
 * What passes between the main thread and the worker in which the embedded PostgreSQL runs.
 *
 * PostgreSQL reads its client's bytes synchronously, so the worker's event loop does not turn while it serves: the worker
 * reads the message port synchronously too, and sleeps on a shared counter until there is something to read.
 */

import type { Failure } from "../errors/failure.ts";

/** What the main thread gives the worker first. */
export interface WorkerStart {
  readonly directory: string | null;
  readonly port: MessagePort;
  /** Shared; `SIGNAL_COUNT` long. */
  readonly signals: Int32Array<SharedArrayBuffer>;
}

/** Index of the signal: how many messages the main thread has posted. */
export const POSTED = 0;
/** Index of the signal: how many bytes the worker has sent that the main thread has not taken. */
export const UNREAD_BYTES = 1;
export const SIGNAL_COUNT = 2;

/** The worker sends no more while this much is unread, so that a result of any size takes little memory. */
export const UNREAD_LIMIT_BYTES = 4 * 1024 * 1024;

/** The client sends no more behind a piece of at least this size before the worker has taken it: the data of a COPY. */
export const ACKNOWLEDGED_BYTES = 64 * 1024;

/** To the worker: bytes of a connection, the end of a connection, or the end of the database. */
export type ToBackend =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: "end" }
  | { readonly kind: "shutdown" };

/** Bytes for the connection, by its number from 1. */
export interface BackendBytes {
  readonly kind: "bytes";
  readonly connection: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The connection's oldest piece of at least {@link ACKNOWLEDGED_BYTES} was taken. */
export interface BackendTook {
  readonly kind: "took";
  readonly connection: number;
}

/** A `Failure` in the form in which it can be posted. */
export type PostedFailure = Pick<Failure, "code" | "exitCode" | "message" | "details">;

/** To the main thread. `closing`: the shutdown was seen; `closed`: the data is on its way to disk and the lock is free. */
export type FromBackend =
  | BackendBytes
  | BackendTook
  | { readonly kind: "ready" }
  | { readonly kind: "closing" }
  | { readonly kind: "closed" }
  | { readonly kind: "failed"; readonly failure: PostedFailure };
