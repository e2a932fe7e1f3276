/** Runs of pgmigrate that are watched, and ended from outside, while they are under way. */

import assert from "node:assert/strict";
import postgres from "postgres";
import type { Project } from "./pgmigrate.ts";
import { type Outcome, programCommand, type ProgramOptions } from "./program.ts";
import { waitUntil } from "./wait_until.ts";

/** A run that has begun. If it has not ended by the end of its block, it is killed. */
export interface Begun extends AsyncDisposable {
  readonly process: Deno.ChildProcess;
  /** Its outcome. @throws {Error} when it does not end by itself within half a minute */
  ended(): Promise<Outcome>;
}

/** No run that is told to end may take as long. */
const END_DEADLINE_MS = 30_000;

/** Begins a run and does not wait for it. */
export function begin(project: Project, args: readonly string[], env: ProgramOptions["env"] = {}): Begun {
  const options = { cwd: project.directory.path, env: { DATABASE_URL: project.url, ...env } };
  const process = programCommand(args, options).spawn();
  let running = true;
  const output = process.output().then(({ code, stdout, stderr }) => {
    running = false;
    return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
  });
  return {
    process,
    ended: () => withDeadline(output),
    async [Symbol.asyncDispose]() {
      if (running) process.kill("SIGKILL");
      await output;
    },
  };
}

async function withDeadline(output: Promise<Outcome>): Promise<Outcome> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`The run has not ended within ${END_DEADLINE_MS / 1000} s`)),
    END_DEADLINE_MS,
  );
  try {
    return await Promise.race([output, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits until a backend of this database runs a statement that holds a text, and gives its process id. */
export async function runningBackend(project: Project, text: string, wait?: string): Promise<number> {
  assert.doesNotMatch(text, /'/);
  const waiting = wait === undefined ? "" : `AND wait_event_type = '${wait}'`;
  const [row] = await waitUntil(`a backend that runs ${text}`, async () => {
    const rows = await project.query(`
      SELECT pid FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'active'
        AND query LIKE '%${text}%' ${waiting}`);
    return rows.length > 0 ? rows : null;
  });
  return row!.pid as number;
}

/** Waits until a run has met the lock of another one: it has rolled back its attempt, and will try again. */
export async function waitingRun(project: Project): Promise<void> {
  await waitUntil("a run that waits for another", async () => {
    const rows = await project.query(`
      SELECT 1 FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'pgmigrate' AND state = 'idle' AND rtrim(query) = 'ROLLBACK'`);
    return rows.length > 0 ? rows : null;
  });
}

/** A transaction of another client that holds what its statements locked, until it is released. */
export interface Holder extends AsyncDisposable {
  readonly pid: number;
  /** Runs more statements in it. */
  run(sql: string): Promise<unknown>;
  release(): Promise<void>;
}

/** Opens a transaction, runs statements in it, and keeps it open. */
export async function hold(project: Project, sql: string): Promise<Holder> {
  const client = postgres(project.url, {
    max: 1,
    prepare: false,
    fetch_types: false,
    connection: { application_name: "another client" },
    onnotice: () => {},
  });
  await client.unsafe(`BEGIN; ${sql}`);
  const [row] = await client.unsafe("SELECT pg_backend_pid() AS pid");
  const release = () => client.end();
  // Without the await the driver would not send it.
  const run = async (sql: string) => await client.unsafe(sql);
  return { pid: row!.pid as number, run, release, [Symbol.asyncDispose]: release };
}

/** Waits until the database has no connection but this one. */
export async function allGone(project: Project): Promise<void> {
  await waitUntil("the end of all backends", async () => {
    const rows = await project.query(
      "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
    return rows.length === 0 ? rows : null;
  });
}
