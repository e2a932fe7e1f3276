/** A server as messages name it: never with its password. */

import type { ServerTarget } from "./target.ts";

/** Where servers put their socket: Debian's and Red Hat's packages, and PostgreSQL's own default. */
export const SOCKET_DIRECTORIES = ["/var/run/postgresql", "/tmp"] as const;

/** A host that is a path is the directory of a Unix socket, as libpq has it. */
export function isSocketDirectory(host: string): boolean {
  return host.startsWith("/");
}

/** The file of a server's Unix socket: `.s.PGSQL.` and the port, in the directory that stands as its host. */
export function socketPath({ host, port }: Pick<ServerTarget, "host" | "port">): string {
  return `${host.replace(/\/+$/, "")}/.s.PGSQL.${port}`;
}

/** `host:port`, or the path of the Unix socket. */
export function serverName(target: Pick<ServerTarget, "host" | "hostAddress" | "port">): string {
  const { host, hostAddress, port } = target;
  if (isSocketDirectory(hostAddress ?? host)) return socketPath({ host: hostAddress ?? host, port });
  const name = host.includes(":") ? `[${host}]` : host;
  return `${name}:${port}${hostAddress === undefined || hostAddress === host ? "" : ` (${hostAddress})`}`;
}

/** The same with the address, where the host has more than one. */
export function addressedName(target: ServerTarget): string {
  return `${serverName(target)}${target.address === undefined ? "" : ` at ${target.address}`}`;
}
