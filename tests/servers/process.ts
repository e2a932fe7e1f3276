/** A PostgreSQL server as a process in a directory of its own, which goes when the process that started it goes. */

import { copyBinaries, type ServerVersion } from "./packages.ts";
import { ownDirectory, serverUser, type User, writeOwned } from "./user.ts";

export const ROLE = "postgres";
export const PASSWORD = "pgmigrate";

export interface ServerOptions {
  /** Settings for the command line, `{ ssl: "on" }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Files to write into the data directory, readable by the server alone: name to text. */
  readonly files?: Readonly<Record<string, string>>;
  /** Keeps the files of databases in memory where there is room, for a server on which many are made. */
  readonly inMemory?: boolean;
  /** Lines to put before those that pg_hba.conf has: `hostssl all all all scram-sha-256`. */
  readonly authentication?: readonly string[];
}

export interface ServerProcess {
  readonly port: number;
  /** Holds the data directory (`data`), the sockets and the server's log (`log`). */
  readonly directory: string;
  /** The end of the server's log, once it has ended; pending while it runs. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}

/** What must be free in memory for the files of databases to be kept there; those of all tests at once take a fraction. */
const SPARE_KB = 4_000_000;

/**
 * Waits for a line, makes the data directory and runs the server until its own standard input ends, then removes it
 * all. The operating system closes that pipe when the tests end, however they end, so neither a server nor its files outlive them.
 * SIGQUIT, since nothing here is worth a checkpoint; again and again, since initdb and the shell ignore it.
 *
 * `in_memory` moves the files of databases to where no disk is, if there is room: a database is three hundred files, every
 * test makes one and drops it, and ext4 looks long for a place for a file where many have just been deleted (its
 * `recently_deleted()`): a sixth of all the time of the tests. The shell does it, since Deno asks for all permissions to
 * look below /dev.
 */
const SUPERVISOR = `
trap '' INT TERM HUP
directory=$1 keep=$2 initdb=$3
shift 3
on_disk() { :; }
at_least() { [ "\${2:-0}" -ge "$1" ]; }
in_memory() {
  at_least ${SPARE_KB} "$(df -Pk /dev/shm | awk 'NR == 2 && $1 == "tmpfs" { print $4 }')" || return 0
  at_least ${SPARE_KB} "$(awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo)" || return 0
  memory=$(mktemp -d /dev/shm/pgmigrate-XXXXXX) || return 0
  ln -s "$memory" "$directory/memory" &&
    mv "$directory/data/base" "$directory/memory/" && ln -s ../memory/base "$directory/data/base"
}
if read -r _; then
  exec 3<&0
  {
    "$initdb" --pgdata="$directory/data" --username=${ROLE} --pwfile="$directory/password" --encoding=UTF8 \\
      --no-locale --auth-host=scram-sha-256 --auth-local=trust --no-sync &&
    cat "$directory/authentication" "$directory/data/pg_hba.conf" >"$directory/pg_hba.conf" &&
    mv "$directory/pg_hba.conf" "$directory/data/" &&
    cp -Rp "$directory/files/." "$directory/data/" &&
    "$keep" &&
    exec "$@"
  } >"$directory/log" 2>&1 </dev/null 3<&- & server=$!
  { read -r _; while kill -QUIT "$server"; do sleep 0.1; done; } <&3 >/dev/null 2>&1 & waiter=$!
  exec 3<&- </dev/null
  wait "$server"
  tail -n 20 "$directory/log"
  kill -KILL "$waiter" 2>/dev/null
fi
cd /
memory=$(readlink "$directory/memory")
rm -rf "$directory" \${memory:+"$memory"}
`;

/**
 * What makes a server that is thrown away quick to start, and roomy enough for 90 runs at once. Nothing happens in it by
 * itself: an autovacuum would change statistics and hold locks while a test compares them.
 */
const SETTINGS = {
  autovacuum: "off",
  fsync: "off",
  full_page_writes: "off",
  max_connections: "250",
  max_prepared_transactions: "10",
  shared_buffers: "32MB",
  listen_addresses: "127.0.0.1",
} as const;

/**
 * Starts a server on a free port of the loopback interface and on a socket in its directory. It does not answer yet.
 * @throws {Error} when its binaries cannot be had
 */
export async function startProcess(version: ServerVersion, options: ServerOptions): Promise<ServerProcess> {
  const user = serverUser();
  const directory = await Deno.makeTempDir({ prefix: "pgmigrate-" });
  await Deno.chmod(directory, 0o755);
  if (user !== null) await Deno.chown(directory, user.uid, user.gid);
  const port = freePort();
  const child = new Deno.Command("/bin/sh", {
    args: ["-c", SUPERVISOR, "sh", directory, ...command({ directory, port }, options)],
    cwd: "/",
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
    // A session of its own: a signal to the tests and all they started must not end what cleans up after them.
    detached: true,
    ...user,
  }).spawn();
  // The tests may end while the server runs.
  child.unref();
  const ended = new Response(child.stdout).text();
  const input = child.stdin.getWriter();
  async function stop() {
    child.ref();
    await input.close();
    await ended;
    await child.status;
  }
  try {
    await prepare({ version, directory, user }, options);
    await input.write(new TextEncoder().encode("start\n"));
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, directory, ended, stop };
}

/** What the supervisor runs: initdb, what it does with the files, then the server with its arguments. */
function command(
  { directory, port }: { directory: string; port: number },
  { settings = {}, inMemory = false }: ServerOptions,
): string[] {
  const bin = `${directory}/postgresql/bin`;
  const all = Object.entries({ ...SETTINGS, ...settings }).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const keep = inMemory ? "in_memory" : "on_disk";
  return [
    keep,
    `${bin}/initdb`,
    `${bin}/postgres`,
    "-D",
    `${directory}/data`,
    "-p",
    `${port}`,
    "-k",
    directory,
    ...all,
  ];
}

/** Puts everything into the directory that the supervisor reads. */
async function prepare(
  { version, directory, user }: { version: ServerVersion; directory: string; user: User | null },
  { files = {}, authentication = [] }: ServerOptions,
): Promise<void> {
  await copyBinaries(`${directory}/postgresql`, { version, user });
  await ownDirectory(`${directory}/files`, user);
  for (const [name, text] of Object.entries(files)) await writeOwned(`${directory}/files/${name}`, { text, user });
  await writeOwned(`${directory}/password`, { text: PASSWORD, user });
  // The first line that matches a connection decides.
  const lines = authentication.map((line) => `${line}\n`).join("");
  await writeOwned(`${directory}/authentication`, { text: lines, user });
}

/** Another process may take the port before the server does: who starts a server tries again then. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
