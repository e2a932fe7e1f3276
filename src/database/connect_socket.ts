/** A connected socket, TCP or Unix, or a failure that says why there is none. */

import { connect, type Socket } from "node:net";
import { cannotConnect } from "../errors/connecting.ts";
import type { Failure } from "../errors/failure.ts";
import { isSocketDirectory, serverName, socketPath } from "./server_name.ts";
import type { ServerTarget } from "./target.ts";

/** How long one address of several is tried before the next one is. */
const NEXT_ADDRESS_MS = 3000;

/** Above it the driver sends no more until all that it has sent is answered: more than is ever sent ahead. */
const SENT_AHEAD_BYTES = 4 * 1024 * 1024;

/**
 * Connects to the target's address, or to the first of several that answers. TCP sockets send small packets at once
 * (TCP_NODELAY), for the protocol waits for each answer, and notice a dead peer (keepalive).
 *
 * @throws {Failure} `cannot-connect`; or the reason of the signal, when that aborts first
 */
export function connectSocket(
  target: ServerTarget,
  { signal }: { readonly signal: AbortSignal },
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const host = target.hostAddress ?? target.address ?? target.host;
    const common = { writableHighWaterMark: SENT_AHEAD_BYTES };
    const socket = isSocketDirectory(host)
      ? connect({ ...common, path: socketPath({ host, port: target.port }) })
      : connect({
        ...common,
        host,
        port: target.port,
        noDelay: true,
        keepAlive: true,
        autoSelectFamily: true,
        autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_MS,
      });
    const settle = () => {
      signal.removeEventListener("abort", aborted);
      socket.off("error", failed);
      socket.off("connect", connected);
    };
    const giveUp = (reason: unknown) => {
      settle();
      socket.on("error", () => {}); // one that comes late must not end the process
      socket.destroy();
      reject(reason);
    };
    const aborted = () => giveUp(signal.reason);
    const failed = (error: Error) => giveUp(connectFailure(target, error));
    const connected = () => {
      settle();
      resolve(socket);
    };
    signal.addEventListener("abort", aborted);
    socket.on("error", failed);
    socket.on("connect", connected);
  });
}

/** The failure that an error of the operating system or the name service stands for. */
function connectFailure(target: ServerTarget, error: unknown): Failure {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const server = serverName(target);
  const local = isSocketDirectory(target.hostAddress ?? target.host);
  switch (code) {
    case "ECONNREFUSED":
      return cannotConnect(
        server,
        "connection refused",
        local
          ? "A socket file is there, but no server listens on it. Is the server running?"
          : "Is the server running there, and does it accept TCP connections on that port?",
      );
    case "ENOENT":
      return cannotConnect(
        server,
        "there is no such socket file",
        "Is the server running on this machine, with its socket in that directory? To connect over TCP, give a host " +
          "name, such as localhost.",
      );
    case "ENOTFOUND":
    case "ENODATA":
    case "EAI_AGAIN":
      return cannotConnect(
        server,
        "the host name was not found",
        "Check the spelling of the host, and that this machine can look up its name.",
      );
    case "EACCES":
      return cannotConnect(server, "permission denied", "May this user open that socket?");
    case "ETIMEDOUT":
      return timedOut(target);
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return cannotConnect(server, "there is no route to the host", "Is this machine in the right network or VPN?");
    default:
      return cannotConnect(
        server,
        error instanceof Error ? error.message : String(error),
        "Can this machine reach the server?",
      );
  }
}

/** No answer in time, from the network or from the server. */
export function timedOut(target: ServerTarget, limitMs: number = target.connectTimeoutMs): Failure {
  const seconds = limitMs / 1000;
  return cannotConnect(
    serverName(target),
    seconds === 0 ? "no answer" : `no answer within ${seconds} s`,
    "Does a firewall drop the packets, or is the port that of another service? The limit is connect_timeout, in seconds.",
  );
}
