/** Where a round takes place: a database, its migrations, and the ways to it, each of which can be broken. */

import { type Pgbouncer, startPgbouncer } from "../faults/pgbouncer.ts";
import { type Proxy, startProxy } from "../faults/proxy.ts";
import { begin, type Begun } from "../lifecycle.ts";
import { createProject, type Line, type Project } from "../pgmigrate.ts";
import type { Outcome } from "../program.ts";
import type { Server } from "../servers/mod.ts";
import { waitUntil } from "../wait_until.ts";
import type { Random } from "./random.ts";
import { GROUND, type Step } from "./steps.ts";
import type { Tally } from "./tally.ts";

/** Enough for each of five runs to hold a place while another one has two. */
const POOL_SIZE = 8;

export interface Way {
  readonly kind: "direct" | "pooled";
  readonly proxy: Proxy;
  readonly env: Readonly<Record<string, string>>;
}

export interface Arena extends AsyncDisposable {
  readonly project: Project;
  readonly random: Random;
  readonly tally: Tally;
  readonly steps: readonly Step[];
  /** Everything that runs have said, for whoever must find out what went wrong. */
  readonly log: string[];
  /** Adds a migration; the function is given its version. */
  add(make: (version: number) => Step): Promise<Step>;
  /** Opens a way to the database, with a proxy of its own. */
  open(kind: Way["kind"]): Way;
  /** Runs to the end, and notes what the run tells. */
  run(way: Way | null, args?: readonly string[]): Promise<Outcome & { readonly lines: readonly Line[] }>;
  begin(way: Way, args?: readonly string[]): Begun;
  /** Notes what a run that was begun has told. */
  read(outcome: Outcome): readonly Line[];
  /** Waits until no backend does anything in the database, nor may yet do so. */
  quiet(): Promise<void>;
}

/** A server with a pooler before it. */
export interface Field {
  readonly server: Server;
  readonly pooler: Pgbouncer;
}

export async function createField(server: Server): Promise<Field> {
  return { server, pooler: await startPgbouncer(server, { poolMode: "transaction", poolSize: POOL_SIZE }) };
}

export async function createArena(
  { server, pooler }: Field,
  { random, tally }: { readonly random: Random; readonly tally: Tally },
): Promise<Arena> {
  const project = await createProject(server, { "001_ground.sql": GROUND });
  const steps: Step[] = [];
  const ways: Way[] = [];
  const log: string[] = [];
  const read = (outcome: Outcome) => {
    log.push(`exit code ${outcome.code}\n${outcome.stdout}${outcome.stderr}`);
    return tally.read(outcome);
  };
  const argsOf = (args: readonly string[]) => ["up", "--json", "--lock-wait", "30s", ...args];
  return {
    project,
    random,
    tally,
    steps,
    log,
    read,
    async add(make) {
      const step = make(steps.length + 2);
      steps.push(step);
      await project.directory.write(step.name, step.text);
      return step;
    },
    open(kind) {
      const target = kind === "direct" ? server : { host: "127.0.0.1", port: pooler.port };
      const proxy = startProxy(target);
      const way = { kind, proxy, env: { DATABASE_URL: proxy.url(project.url) } };
      ways.push(way);
      return way;
    },
    async run(way, args = []) {
      const outcome = await project.run(argsOf(args), way === null ? {} : { env: way.env });
      return { ...outcome, lines: read(outcome) };
    },
    begin: (way, args = []) => begin(project, argsOf(args), way.env),
    quiet: () =>
      waitUntil("the end of all that was sent", async () => {
        const rows = await project.query(`SELECT FROM pg_stat_activity WHERE datname = current_database()
          AND pid <> pg_backend_pid() AND state <> 'idle'`);
        return rows.length === 0 ? true : null;
      }).then(() => {}),
    async [Symbol.asyncDispose]() {
      for (const { proxy } of ways) await proxy[Symbol.asyncDispose]();
      await project[Symbol.asyncDispose]();
    },
  };
}
