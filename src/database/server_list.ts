/** The lists of hosts, addresses and ports as servers, one by one. */

import { isIP } from "node:net";
import {
  invalidConnectionParameter,
  invalidServerList,
  unsupportedConnectionParameter,
} from "../errors/database_url.ts";
import { isSocketDirectory } from "./server_name.ts";
import type { Setting, Settings } from "./settings.ts";

/** Where one server is; what is undefined was left out. */
export interface ServerPlace {
  readonly host: string | undefined;
  readonly hostAddress: string | undefined;
  readonly port: number;
}

const DEFAULT_PORT = 5432;

/**
 * Reads `host`, `hostaddr` and `port`, each of which may be a list with commas, as libpq does: the lists belong
 * together one by one, and a single port counts for all hosts.
 *
 * @throws {Failure} exit code 2, when their lengths differ or a value cannot be used
 */
export function serverList(settings: Settings): readonly [ServerPlace, ...ServerPlace[]] {
  const [host, hostaddr, port] = ["host", "hostaddr", "port"].map((name) => given(settings.get(name)));
  const hosts = host?.value.split(",");
  const addresses = hostaddr?.value.split(",");
  const ports = port?.value.split(",");
  const count = addresses?.length ?? hosts?.length ?? 1;
  if (hosts !== undefined && hosts.length !== count) {
    throw invalidServerList(hostaddr!.origin, hosts.length);
  }
  if (ports !== undefined && ports.length !== 1 && ports.length !== count) {
    throw invalidServerList(port!.origin, count);
  }
  const places = Array.from({ length: count }, (_, index) => ({
    host: hosts?.[index] ? hostOf(hosts[index], host!) : undefined,
    hostAddress: addresses?.[index] ? hostAddressOf(addresses[index], hostaddr!) : undefined,
    port: ports === undefined ? DEFAULT_PORT : portNumber(ports.length === 1 ? ports[0]! : ports[index]!, port!),
  }));
  return places as [ServerPlace, ...ServerPlace[]];
}

function given(setting: Setting | undefined): Setting | undefined {
  return setting?.value === "" ? undefined : setting;
}

function portNumber(text: string, { origin }: Setting): number {
  if (text === "") return DEFAULT_PORT;
  const port = /^ *\d{1,5} *$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) throw invalidConnectionParameter(origin, "a number from 1 to 65535");
  return port;
}

function hostAddressOf(text: string, { origin }: Setting): string {
  if (isIP(text) === 0) throw invalidConnectionParameter(origin, "an IP address");
  return text;
}

function hostOf(text: string, { origin }: Setting): string {
  if (text.startsWith("@")) {
    throw unsupportedConnectionParameter(origin, "it names an abstract socket", "Give a host name or a directory.");
  }
  // deno-lint-ignore no-control-regex -- control characters are what it looks for
  if (!isSocketDirectory(text) && /[\s\x00-\x1f\x7f@/?#\\[\]]/.test(text)) {
    throw invalidConnectionParameter(origin, "a host name, an IP address, or a directory that starts with /");
  }
  return text;
}
