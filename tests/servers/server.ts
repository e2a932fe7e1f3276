/** A PostgreSQL server as the tests use it. */

import postgres from "postgres";
import type { ServerVersion } from "./packages.ts";
import { PASSWORD, ROLE, type ServerOptions, type ServerProcess, startProcess } from "./process.ts";

/** Where a server is: what one process can tell another about it. */
export interface ServerAddress {
  /** `15`; `own` for the server of PGMIGRATE_TEST_URL. */
  readonly version: string;
  /** The URL of a database on it, as a role that may do everything. */
  readonly url: string;
  /** The directory of its Unix socket, where it is known. */
  readonly socketDirectory: string | null;
}

/** A database that goes with the block that made it: `await using database = await server.createDatabase()`. */
export interface TestDatabase extends AsyncDisposable {
  readonly name: string;
  readonly url: string;
  query(sql: string): Promise<readonly Row[]>;
}

export type Row = Readonly<Record<string, unknown>>;

const START_DEADLINE_MS = 60_000;
const POLL_MS = 20;

export class Server {
  readonly version: string;
  readonly socketDirectory: string | null;
  readonly host: string;
  readonly port: number;
  readonly role: string;
  readonly password: string;

  constructor(readonly address: ServerAddress) {
    const url = new URL(address.url);
    this.version = address.version;
    this.socketDirectory = address.socketDirectory;
    this.host = url.hostname;
    this.port = Number(url.port || 5432);
    this.role = decodeURIComponent(url.username);
    this.password = decodeURIComponent(url.password);
  }

  /** The URL of a database; of the one that the address names without an argument. */
  url(database?: string): string {
    if (database === undefined) return this.address.url;
    const url = new URL(this.address.url);
    url.pathname = `/${encodeURIComponent(database)}`;
    return url.href;
  }

  /** Creates an empty database with a name of its own. */
  async createDatabase(): Promise<TestDatabase> {
    const name = `test_${crypto.randomUUID().replaceAll("-", "")}`;
    await this.query(this.url(), `CREATE DATABASE ${name}`);
    const url = this.url(name);
    return {
      name,
      url,
      query: (sql) => this.query(url, sql),
      [Symbol.asyncDispose]: async () => {
        await this.query(this.url(), `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      },
    };
  }

  /** Sends one or more statements on a connection of their own, as one message; the rows are those of the last. */
  async query(url: string, sql: string): Promise<readonly Row[]> {
    const client = postgres(url, { max: 1, prepare: false, fetch_types: false, onnotice: () => {} });
    try {
      const result: unknown = await client.unsafe(sql);
      // Of several statements the driver gives a list of results; its own classes do not compare as plain values.
      const results = Array.isArray(result) && Array.isArray(result[0]) ? result.at(-1) : result;
      return Array.from(results as Iterable<Row>, (row) => ({ ...row }));
    } finally {
      await client.end();
    }
  }
}

/** A server of the test's own, to be changed or stopped at will: `await using server = await startServer("15")`. */
export class PrivateServer extends Server implements AsyncDisposable {
  readonly #process: ServerProcess;

  constructor(address: ServerAddress, process: ServerProcess) {
    super(address);
    this.#process = process;
  }

  /** Holds the data directory `data`, the Unix socket and the server's `log`; gone once the server is stopped. */
  get directory(): string {
    return this.#process.directory;
  }

  /** Ends the recovery of a server that was started with `standby.signal`: from then on it takes changes. */
  async promote(): Promise<void> {
    await Deno.writeTextFile(`${this.directory}/data/promote`, "");
    const [pid] = (await Deno.readTextFile(`${this.directory}/data/postmaster.pid`)).split("\n");
    Deno.kill(Number(pid), "SIGUSR1");
  }

  async stop(): Promise<void> {
    await this.#process.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/**
 * Starts a server and waits until it takes connections.
 * @throws {Error} with the end of its log when it ends instead, or with a deadline of a minute
 */
export async function startServer(version: ServerVersion, options: ServerOptions = {}): Promise<PrivateServer> {
  for (let attempt = 1;; attempt++) {
    const process = await startProcess(version, options);
    const url = `postgres://${ROLE}:${PASSWORD}@127.0.0.1:${process.port}/postgres`;
    const server = new PrivateServer({ version, url, socketDirectory: process.directory }, process);
    const problem = await ready(process);
    if (problem === null) return server;
    await server.stop();
    const portTaken = problem.includes("Address already in use");
    if (!portTaken || attempt === 3) throw new Error(`PostgreSQL ${version} does not start:\n${problem}`);
  }
}

/**
 * Null once the server takes connections, or is a standby that never will; its last words when it ends instead.
 */
async function ready(process: ServerProcess): Promise<string | null> {
  let lastWords: string | null = null;
  process.ended.then((log) => lastWords = log);
  const deadline = Date.now() + START_DEADLINE_MS;
  while (Date.now() < deadline) {
    if (lastWords !== null) return lastWords;
    if (["ready", "standby"].includes(await stateOf(process.directory))) return null;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return `no answer within ${START_DEADLINE_MS / 1000} s`;
}

/** The server writes its state into the eighth line of this file; `pg_ctl --wait` looks there too. */
async function stateOf(directory: string): Promise<string> {
  try {
    const lines = (await Deno.readTextFile(`${directory}/data/postmaster.pid`)).split("\n");
    return lines[7]?.trim() ?? "";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}
