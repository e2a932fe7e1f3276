/** From a target to a connected byte stream. */

import type { Duplex } from "node:stream";
import { Failure } from "../errors/failure.ts";
import { connectSocket, timedOut } from "./connect_socket.ts";
import type { ServerTarget } from "./target.ts";
import { encrypt, isOptional, refuseUnusable } from "./tls.ts";

/**
 * Connects to a server: TCP or Unix socket, and TLS as the target asks. The stream is ready for the startup message.
 *
 * In `prefer`, a handshake that fails leads to a second connection in plaintext, as in libpq. In `allow` TLS comes only
 * after the server has refused a login without it, which is for the caller to find out (`log_in.ts`).
 *
 * @param options.signal stops it at any point
 * @throws {Failure} `cannot-connect` or `tls-failed`; or the reason of the signal, when that aborts first
 */
export async function dial(
  target: ServerTarget,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<Duplex> {
  const limit = new AbortController();
  const timer = target.connectTimeoutMs > 0
    ? setTimeout(() => limit.abort(timedOut(target)), target.connectTimeoutMs)
    : undefined;
  try {
    const both = signal === undefined ? limit.signal : AbortSignal.any([signal, limit.signal]);
    const stream = await connectWithin(target, both);
    stream.on("error", () => {}); // one that comes before the caller listens must not end the process
    return stream;
  } finally {
    clearTimeout(timer);
  }
}

async function connectWithin(target: ServerTarget, signal: AbortSignal): Promise<Duplex> {
  refuseUnusable(target);
  const socket = await connectSocket(target, { signal });
  if (target.tls.mode === "disable" || target.tls.mode === "allow") return socket;
  try {
    return await encrypt(socket, { target, signal });
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== "tls-failed" || !isOptional(target)) throw error;
    return await connectSocket(target, { signal });
  }
}
