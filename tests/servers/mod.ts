/** PostgreSQL servers for the tests: real ones, from npm, with nothing to install. */

export { SERVER_VERSIONS, type ServerVersion } from "./packages.ts";
export type { ServerOptions } from "./process.ts";
export { type PrivateServer, type Row, type Server, startServer, type TestDatabase } from "./server.ts";
export { serverAddresses, sharedServer, sharedServers } from "./shared.ts";
