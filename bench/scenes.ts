/** What is measured: each scene runs every tool in turn, again and again, and gives the median of each. */

import type { Server } from "../tests/servers/mod.ts";
import { startDelayProxy } from "./delay_proxy.ts";
import { measure, type Measurement, median } from "./measure.ts";
import { APPLIED_SQL, benchMigrations } from "./migrations.ts";
import type { Invocation, Tool } from "./tools.ts";

export interface Result {
  readonly tool: string;
  /** Milliseconds. */
  readonly median: number;
  readonly peakBytes: number;
}

export interface Scene {
  readonly server: Server;
  readonly tools: readonly Tool[];
  readonly files: number;
  readonly runs: number;
}

/**
 * Applies migrations to empty databases.
 *
 * @param roundTripMs of the network between; 0 for none
 * @throws {Error} when a tool fails, or has not applied all of them
 */
export async function applyAll(
  { server, tools, files, runs, roundTripMs = 0 }: Scene & { readonly roundTripMs?: number },
): Promise<readonly Result[]> {
  await using directories = await writtenFor(tools, files);
  await using network = roundTripMs === 0 ? null : startDelayProxy(server.port, roundTripMs);
  return await inTurn(tools, runs, async (tool) => {
    await using database = await server.createDatabase();
    const invocation = tool.up(directories.of(tool), network?.url(database.url) ?? database.url);
    const measured = await measure(invocation);
    const [row] = await database.query(APPLIED_SQL);
    if (row!.applied !== files) throw new Error(`${tool.name} applied ${row!.applied} of ${files} migrations`);
    return measured;
  });
}

/** Runs each tool on a database to which it has applied everything. */
export async function nothingPending({ server, tools, files, runs }: Scene): Promise<readonly Result[]> {
  await using directories = await writtenFor(tools, files);
  await using databases = new AsyncDisposableStack();
  const invocations = new Map<Tool, Invocation>();
  for (const tool of tools) {
    const database = databases.use(await server.createDatabase());
    const directory = directories.of(tool);
    const up = tool.up(directory, database.url);
    await measure(up);
    invocations.set(tool, tool.idle?.(directory, database.url) ?? up);
  }
  return await inTurn(tools, runs, (tool) => measure(invocations.get(tool)!));
}

/** Runs commands that need no database. */
export async function bare(
  commands: Readonly<Record<string, readonly string[]>>,
  runs: number,
): Promise<readonly Result[]> {
  const each = Object.entries(commands).map(([name, command]) => ({ name, command }));
  return await inTurn(each, runs, ({ command }) => measure({ command }));
}

async function inTurn<T extends { readonly name: string }>(
  subjects: readonly T[],
  runs: number,
  run: (subject: T) => Promise<Measurement>,
): Promise<readonly Result[]> {
  const measured = new Map<T, Measurement[]>(subjects.map((subject) => [subject, []]));
  for (let round = 0; round < runs; round++) {
    for (const [subject, measurements] of measured) measurements.push(await run(subject));
  }
  return [...measured].map(([{ name }, measurements]) => ({
    tool: name,
    median: median(measurements.map(({ durationMs }) => durationMs)),
    peakBytes: Math.max(...measurements.map(({ peakBytes }) => peakBytes)),
  }));
}

async function writtenFor(tools: readonly Tool[], files: number) {
  const root = await Deno.makeTempDir({ prefix: "pgmigrate-bench-" });
  const of = (tool: Tool) => `${root}/${tool.name}`;
  for (const tool of tools) {
    await Deno.mkdir(of(tool));
    await tool.write(benchMigrations(files), of(tool));
  }
  return { of, [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }) };
}
