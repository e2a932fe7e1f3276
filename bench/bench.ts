/**
 * Measures dist/pgmigrate beside other tools, prints one table, and writes it into docs/performance.md with two plots:
 * `deno task compile`, then `deno task bench`, with the same Deno. Takes about half an hour; `--quick` is a minute, and
 * writes nothing.
 *
 * Tools that are not installed are left out: psql, sql-migrate and sqitch come from the system, the others from npm.
 */

import { parseArgs } from "node:util";
import { startServer } from "../tests/servers/mod.ts";
import { firstLine, installPackages, packagePath } from "./installed.ts";
import { plot } from "./plot.ts";
import { pageWith, type Row, tableText } from "./report.ts";
import { compileHello } from "./hello.ts";
import { applyAll, bare, nothingPending, type Result } from "./scenes.ts";
import { EXECUTABLE, type Tool, TOOLS } from "./tools.ts";

const { values: { quick: short } } = parseArgs({
  args: Deno.args,
  options: { quick: { type: "boolean", default: false } },
});

/** Few files for `--quick`, which only shows that everything runs. */
const FILES = short ? [5, 10] : [100, 500, 1000];
const MANY_FILES = short ? 50 : 10_000;
const ROUND_TRIPS_MS = short ? [5] : [1, 5, 20];
const NETWORK_FILES = short ? 5 : 100;
const RUNS = short ? 1 : 3;
const SHORT_RUNS = short ? 3 : 21;
/** A tool that takes longer for the fewest files is measured with no more of them, and over a network once. */
const SLOW_MS = 8_000;
const IDLE_FILES = short ? 5 : 100;

/** What the table is about; the others are points of the plots. */
const TARGET_ROUND_TRIP_MS = ROUND_TRIPS_MS.at(-1)!;

await installPackages();
const tools: Tool[] = [];
const versions: string[] = [];
for (const tool of TOOLS) {
  const version = await tool.version();
  if (version === null) continue;
  tools.push(tool);
  versions.push(`${tool.name}: ${version}`);
}
const own = tools.filter(({ name }) => ["pgmigrate", "psql"].includes(name));

await using server = await startServer("18");
await using hello = await compileHello(EXECUTABLE);

const local = new Map<number, readonly Result[]>();
const fewest = FILES[0]!;
const first = await told(`${fewest} files`, applyAll({ server, tools, files: fewest, runs: RUNS }));
local.set(fewest, first);
const quick = tools.filter(({ name }) => of(first, name) < SLOW_MS);
for (const files of FILES.slice(1)) {
  local.set(files, await told(`${files} files`, applyAll({ server, tools: quick, files, runs: RUNS })));
}
const manyFiles = applyAll({ server, tools: own, files: MANY_FILES, runs: 1 });
local.set(MANY_FILES, await told(`${MANY_FILES} files`, manyFiles));
const network = new Map<number, readonly Result[]>();
for (const roundTripMs of ROUND_TRIPS_MS) {
  const scene = { server, files: NETWORK_FILES, roundTripMs };
  const runs = roundTripMs === TARGET_ROUND_TRIP_MS ? RUNS : 1;
  const results = await told(`${NETWORK_FILES} files, ${roundTripMs} ms`, applyAll({ ...scene, tools: quick, runs }));
  const slow = tools.filter((tool) => !quick.includes(tool));
  network.set(roundTripMs, [...results, ...await applyAll({ ...scene, tools: slow, runs: 1 })]);
}
const idle = await told("nothing pending", nothingPending({ server, tools, files: IDLE_FILES, runs: SHORT_RUNS }));
const idleOfFew = await told(
  "nothing pending, few",
  nothingPending({ server, tools: own, files: 5, runs: SHORT_RUNS }),
);
const starts = await told(
  "starts",
  bare({
    "--version": [EXECUTABLE, "--version"],
    "hello": [hello.path],
    "hello, as many bytes embedded": [hello.withBytes],
  }, SHORT_RUNS),
);

const rows: Row[] = [
  ...FILES.flatMap((files) => compared(`${files} files`, local.get(files)!, files === FILES[0] ? null : 1.05)),
  ...compared(`${MANY_FILES} files`, local.get(MANY_FILES)!, null),
  ...compared(`${NETWORK_FILES} files, ${TARGET_ROUND_TRIP_MS} ms away`, network.get(TARGET_ROUND_TRIP_MS)!, 0.08),
  ...compared(`nothing pending, ${IDLE_FILES} files`, idle, null),
  ...compared("nothing pending, 5 files", idleOfFew, null),
  ...starts.map(({ tool, median }) => ({ what: "start", tool, value: ms(median), ratio: "", target: "" })),
  {
    what: "nothing pending, 5 files",
    tool: "above hello",
    value: ms(of(idleOfFew, "pgmigrate") - of(starts, "hello")),
    ratio: "",
    target: "35 ms",
  },
  {
    what: `${MANY_FILES} files`,
    tool: "memory",
    value: mb(peakOf(local.get(MANY_FILES)!)),
    ratio: "",
    target: "250 MB",
  },
  {
    what: `a file of ${MANY_FILES}, of ${FILES[0]}`,
    tool: "pgmigrate",
    value: `${perFile(MANY_FILES).toFixed(2)} ms`,
    ratio: (perFile(MANY_FILES) / perFile(FILES[0]!)).toFixed(2),
    target: "flat",
  },
  {
    what: "executable",
    tool: "above the runtime",
    value: mb((await Deno.stat(EXECUTABLE)).size - hello.runtimeBytes),
    ratio: "",
    target: "18 MB",
  },
];
console.log(tableText(rows));
if (!short) {
  await plot("docs/performance-files.svg", {
    title: "Time to apply N pending migrations, on one machine",
    x: "files",
    series: points(local),
  });
  await plot("docs/performance-round-trip.svg", {
    title: `Time to apply ${NETWORK_FILES} pending migrations over a network`,
    x: "round trip, ms",
    series: points(network),
  });
  const page = await Deno.readTextFile("docs/performance.md");
  const commands = tools.map((tool) => tool.up("DIR", "URL").command.join(" ").replace(packagePath(""), ""));
  await Deno.writeTextFile(
    "docs/performance.md",
    pageWith(page, { rows, versions, commands, deno: await firstLine(Deno.execPath(), ["--version"]) }),
  );
}

/** Says on stderr what is being measured, for it takes long. */
async function told<T>(what: string, work: Promise<T>): Promise<T> {
  console.error(`${what} …`);
  return await work;
}

/** One row a tool, with how many times psql it took. */
function compared(what: string, results: readonly Result[], target: number | null): Row[] {
  const psql = results.find(({ tool }) => tool === "psql")?.median;
  return results.map(({ tool, median }) => ({
    what,
    tool,
    value: ms(median),
    ratio: psql === undefined ? "" : (median / psql).toFixed(2),
    target: tool === "pgmigrate" && target !== null ? String(target) : "",
  }));
}

function of(results: readonly Result[], tool: string): number {
  return results.find((result) => result.tool === tool)!.median;
}

function peakOf(results: readonly Result[]): number {
  return results.find(({ tool }) => tool === "pgmigrate")!.peakBytes;
}

function perFile(files: number): number {
  return of(local.get(files)!, "pgmigrate") / files;
}

function points(scene: ReadonlyMap<number, readonly Result[]>) {
  return [...scene].flatMap(([x, results]) => results.map(({ tool, median }) => ({ x, seconds: median / 1000, tool })));
}

function ms(duration: number): string {
  return duration < 10_000 ? `${duration.toFixed(0)} ms` : `${(duration / 1000).toFixed(1)} s`;
}

function mb(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
