/** PgBouncer in front of a server: Debian's package, as many run it. */

import type { Server } from "../servers/mod.ts";
import { freePort } from "../servers/process.ts";
import { serverUser, writeOwned } from "../servers/user.ts";
import { waitUntil } from "../wait_until.ts";

export interface PgbouncerOptions {
  readonly poolMode: "session" | "transaction" | "statement";
  /** Connections to the server for each pair of database and user. */
  readonly poolSize: number;
  /** More lines of its configuration: `{ query_wait_timeout: "5" }`. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface Pgbouncer extends AsyncDisposable {
  readonly port: number;
  /** The URL of a database as it is seen through the pooler. */
  url(url: string): string;
}

/** Where packages put it; not on every user's PATH. */
const PLACES = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/usr/local/bin/pgbouncer", "/opt/homebrew/bin/pgbouncer"];

/**
 * What tests of poolers are skipped by, where there is no PgBouncer: `Deno.test({ ignore: noPgbouncer(), … })`. In CI
 * there must be one.
 * @throws {Error} when it is missing in CI
 */
export function noPgbouncer(): boolean {
  if (findPgbouncer() !== null) return false;
  if (Deno.env.get("CI") === "true") throw new Error("There is no PgBouncer here: apt-get install pgbouncer");
  console.warn("There is no PgBouncer here: the tests of poolers are skipped");
  return true;
}

/**
 * Starts PgBouncer in front of a server and waits until it takes connections. It ends with the block that began it, or
 * with the tests, however they end.
 */
export async function startPgbouncer(server: Server, options: PgbouncerOptions): Promise<Pgbouncer> {
  const program = findPgbouncer();
  if (program === null) throw new Error("There is no PgBouncer here");
  const user = serverUser(); // It refuses root, too.
  const directory = await Deno.makeTempDir({ prefix: "pgmigrate-pgbouncer-" });
  if (user !== null) await Deno.chown(directory, user.uid, user.gid);
  const port = freePort();
  await writeOwned(`${directory}/users`, { text: `"${server.role}" "${server.password}"\n`, user });
  await writeOwned(`${directory}/ini`, { text: configuration(server, { directory, port, options }), user });
  const child = new Deno.Command("/bin/sh", {
    args: ["-c", SUPERVISOR, "sh", program, directory],
    cwd: "/",
    stdin: "piped",
    stdout: "null",
    stderr: "null",
    detached: true,
    ...user,
  }).spawn();
  child.unref();
  const stop = async () => {
    child.ref();
    await child.stdin.close();
    await child.status;
  };
  try {
    await waitUntil(`PgBouncer on port ${port}`, () => canConnect(port));
  } catch (error) {
    const log = await Deno.readTextFile(`${directory}/log`).catch(() => "no log");
    await stop();
    throw new Error(`PgBouncer does not start:\n${log}`, { cause: error });
  }
  return {
    port,
    url(text) {
      const url = new URL(text);
      url.hostname = "127.0.0.1";
      url.port = String(port);
      return url.href;
    },
    [Symbol.asyncDispose]: stop,
  };
}

/** Runs it until its own standard input ends, which the operating system closes when the tests end; leaves no files. */
const SUPERVISOR = `
trap '' INT TERM HUP
exec 3<&0
"$1" --quiet "$2/ini" </dev/null 3<&- & pooler=$!
{ cat; kill -TERM "$pooler"; } <&3 >/dev/null 2>&1 &
exec 3<&- </dev/null
wait "$pooler"
rm -rf "$2"
`;

function configuration(
  server: Server,
  { directory, port, options }: {
    readonly directory: string;
    readonly port: number;
    readonly options: PgbouncerOptions;
  },
): string {
  const settings = {
    listen_addr: "127.0.0.1",
    listen_port: port,
    unix_socket_dir: "",
    auth_type: "scram-sha-256",
    auth_file: `${directory}/users`,
    logfile: `${directory}/log`,
    pool_mode: options.poolMode,
    default_pool_size: options.poolSize,
    server_tls_sslmode: "disable",
    ...options.settings,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  return `[databases]\n* = host=${server.host} port=${server.port}\n[pgbouncer]\n${lines.join("\n")}\n`;
}

function findPgbouncer(): string | null {
  return PLACES.find((path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  }) ?? null;
}

async function canConnect(port: number): Promise<true | null> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch {
    return null;
  }
}
