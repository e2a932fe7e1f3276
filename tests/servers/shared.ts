/** Servers that the tests share. A file that uses them asks at its top level, so that they belong to no single test. */

import { SERVER_VERSIONS, type ServerVersion } from "./packages.ts";
import { Server, type ServerAddress, startServer } from "./server.ts";

/** `tests/run.ts` starts the servers once for all files and tells their addresses here, as JSON. */
const ADDRESSES_VARIABLE = "PGMIGRATE_TEST_SERVERS";

/** The URL of a server of the user's own, to be used instead, as a role that may create databases and roles. */
const OWN_SERVER_VARIABLE = "PGMIGRATE_TEST_URL";

const started = new Map<ServerVersion, Promise<Server>>();

/** A server of this version; where there is a server of the user's own, that one whatever its version. */
export async function sharedServer(version: ServerVersion = "18"): Promise<Server> {
  const own = Deno.env.get(OWN_SERVER_VARIABLE);
  if (own !== undefined) return new Server({ version: "own", url: own, socketDirectory: null });
  const address = addresses().find((address) => address.version === version);
  if (address !== undefined) return new Server(address);
  const running = started.get(version) ?? startServer(version, { inMemory: true });
  started.set(version, running);
  return await running;
}

/** A server of every version that is tested; only the user's own where there is one. */
export async function sharedServers(): Promise<readonly Server[]> {
  if (Deno.env.has(OWN_SERVER_VARIABLE)) return [await sharedServer()];
  return await Promise.all(SERVER_VERSIONS.map((version) => sharedServer(version)));
}

/** Starts the shared servers for other processes, and gives the environment variables that tell them. */
export async function serverAddresses(): Promise<Readonly<Record<string, string>>> {
  if (Deno.env.has(OWN_SERVER_VARIABLE)) return {};
  const addresses = (await sharedServers()).map(({ address }) => address);
  return { [ADDRESSES_VARIABLE]: JSON.stringify(addresses) };
}

function addresses(): readonly ServerAddress[] {
  const text = Deno.env.get(ADDRESSES_VARIABLE);
  return text === undefined ? [] : JSON.parse(text) as ServerAddress[];
}
