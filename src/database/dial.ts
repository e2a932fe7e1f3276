/** From a target to a connected byte stream. */

import type { Duplex } from "node:stream";
import { Failure } from "../errors.ts";
import { addressesOf, connectSocket, timedOut } from "./connect_socket.ts";
import type { ServerTarget } from "./target.ts";

/**
 * Connects to a server: TCP or Unix socket, and TLS as the target asks. The stream is ready for the startup message.
 * A host with several addresses is tried address by address, each within the connect timeout, as libpq does.
 *
 * @throws {Failure} `cannot-connect` or `tls-failed`; or the reason of the signal, when that aborts first
 */
export async function dial(
  target: ServerTarget,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<Duplex> {
  const failures: Failure[] = [];
  for (const address of await addressesOf(target)) {
    try {
      return await withinTimeout((limit) => connectSocket(target, { address, signal: limit }), { target, signal });
    } catch (error) {
      if (!(error instanceof Failure) || signal?.aborted) throw error;
      failures.push(error);
    }
  }
  throw failures.at(-1);
}

/** Runs `work` with a signal that aborts when the caller's does, or with a failure when the connect timeout is over. */
async function withinTimeout<T>(
  work: (limit: AbortSignal) => Promise<T>,
  { target, signal }: { readonly target: ServerTarget; readonly signal: AbortSignal | undefined },
): Promise<T> {
  const limit = new AbortController();
  const timer = target.connectTimeoutMs > 0
    ? setTimeout(() => limit.abort(timedOut(target)), target.connectTimeoutMs)
    : undefined;
  try {
    return await work(signal === undefined ? limit.signal : AbortSignal.any([signal, limit.signal]));
  } finally {
    clearTimeout(timer);
  }
}
