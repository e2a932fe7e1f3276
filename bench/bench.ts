/**
 * Measures dist/pgmigrate and prints a table: `deno task compile`, then `deno task bench`.
 *
 * Runs of both sides alternate and medians are compared, since a single run proves nothing on a shared machine. psql
 * must be installed.
 */

import { type Server, startServer } from "../tests/servers/mod.ts";
import { measure, type Measurement, median } from "./measure.ts";
import { type BenchMigration, benchMigrations, psqlScript } from "./migrations.ts";

const EXECUTABLE = "dist/pgmigrate";
const MIGRATIONS = 1000;
const FEW = 5;
const RUNS = 5;
const SHORT_RUNS = 15;

const migrations = benchMigrations(MIGRATIONS);
const directory = await Deno.makeTempDir({ prefix: "pgmigrate-bench-" });
try {
  await write(migrations, directory);
  await using server = await startServer("18");
  const full = await compareFull(server);
  const few = await compareIdle(server, migrations.slice(0, FEW));
  const many = await compareIdle(server, migrations);
  const sizeMb = (await Deno.stat(EXECUTABLE)).size / 1e6;
  print([
    ["", "measured", "target"],
    [`${MIGRATIONS} migrations, pgmigrate`, ms(full.pgmigrate), ""],
    [`${MIGRATIONS} migrations, psql`, ms(full.psql), ""],
    ["  times psql", full.ratio.toFixed(2), "1.30"],
    [`  peak memory, ${MIGRATIONS} files of 1 KB`, `${(full.peakBytes / 1e6).toFixed(0)} MB`, "200 MB"],
    [`nothing pending, ${FEW} files`, ms(few.up), ""],
    ["  more than --version", ms(few.up - few.version), "60 ms"],
    [`nothing pending, ${MIGRATIONS} files`, ms(many.up), ""],
    ["  more than --version", ms(many.up - many.version), "60 ms"],
    ["--version", ms(many.version), ""],
    ["executable", `${sizeMb.toFixed(1)} MB`, "115 MB"],
  ]);
} finally {
  await Deno.remove(directory, { recursive: true });
}

async function compareFull(server: Server) {
  const pgmigrate: Measurement[] = [];
  const psql: Measurement[] = [];
  const script = psqlScript(migrations);
  for (let run = 0; run < RUNS; run++) {
    {
      await using database = await server.createDatabase();
      pgmigrate.push(await measure(up(database.url)));
    }
    await using database = await server.createDatabase();
    psql.push(await measure(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", "-", database.url], script));
  }
  const [ours, theirs] = [medianMs(pgmigrate), medianMs(psql)];
  const peakBytes = Math.max(...pgmigrate.map(({ peakBytes }) => peakBytes));
  return { pgmigrate: ours, psql: theirs, ratio: ours / theirs, peakBytes };
}

async function compareIdle(server: Server, applied: readonly BenchMigration[]) {
  await using database = await server.createDatabase();
  const files = `${directory}/${applied.length}`;
  await Deno.mkdir(files);
  await write(applied, files);
  await measure(up(database.url, files));
  const idle: Measurement[] = [];
  const version: Measurement[] = [];
  for (let run = 0; run < SHORT_RUNS; run++) {
    idle.push(await measure(up(database.url, files)));
    version.push(await measure([EXECUTABLE, "--version"]));
  }
  return { up: medianMs(idle), version: medianMs(version) };
}

async function write(files: readonly BenchMigration[], to: string): Promise<void> {
  for (const { name, text } of files) await Deno.writeTextFile(`${to}/${name}`, text);
}

function up(url: string, files = directory): readonly string[] {
  return [EXECUTABLE, "up", "--quiet", "--migrations", files, "--database-url", url];
}

function medianMs(measurements: readonly Measurement[]): number {
  return median(measurements.map(({ durationMs }) => durationMs));
}

function ms(duration: number): string {
  return `${duration.toFixed(0)} ms`;
}

function print(rows: readonly (readonly [string, string, string])[]): void {
  for (const [what, measured, target] of rows) {
    console.log(`${what.padEnd(40)}${measured.padStart(10)}${target.padStart(10)}`);
  }
}
