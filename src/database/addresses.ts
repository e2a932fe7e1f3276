/** The addresses that the name of a host stands for. */

import { isIP } from "node:net";
import { isSocketDirectory } from "./server_name.ts";
import type { ServerTarget } from "./target.ts";

/** Gives the addresses of a name, in the order in which to try them; none when it cannot be looked up. */
export type LookUp = (host: string) => Promise<readonly string[]>;

/**
 * Looks the host up, so that each of its addresses can be tried by itself: one of them may refuse connections, or be a
 * replica. What cannot be looked up stays as it is, and connecting to it says why.
 *
 * @throws the signal's reason
 */
export async function withAddresses(
  server: ServerTarget,
  { signal, lookUp = lookUpInSystem }: { readonly signal: AbortSignal; readonly lookUp?: LookUp },
): Promise<readonly ServerTarget[]> {
  const { host, hostAddress } = server;
  if (hostAddress !== undefined || isSocketDirectory(host) || isIP(host) !== 0) return [server];
  const addresses = await unlessAborted(lookUp(host), signal);
  const last = addresses.length - 1;
  return addresses.length === 0
    ? [server]
    : addresses.map((address, index) => ({ ...server, address, ...index < last ? { othersFollow: true } : {} }));
}

/** By the system's own rules: its hosts file, its name servers, and its preference between IPv4 and IPv6. */
async function lookUpInSystem(host: string): Promise<readonly string[]> {
  const { lookup } = await import("node:dns"); // It takes time to load, and addresses do without.
  return await new Promise((resolve) => {
    lookup(host, { all: true }, (error, found) => {
      resolve(error === null ? [...new Set(found.map(({ address }) => address))] : []);
    });
  });
}

async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort);
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
