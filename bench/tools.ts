/** The tools that are measured, each as its own documentation says to run it, with the same files in its own form. */

import { createHash } from "node:crypto";
import { firstLine, packagePath } from "./installed.ts";
import type { BenchMigration } from "./migrations.ts";

/** A program with its arguments, ready to be run. */
export interface Invocation {
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

export interface Tool {
  readonly name: string;
  /** What it says of its version, or null where it is not installed. */
  version(): Promise<string | null>;
  /** Writes the migrations, as the tool wants them, into an empty directory. */
  write(migrations: readonly BenchMigration[], directory: string): Promise<void>;
  /** What applies them. */
  up(directory: string, url: string): Invocation;
  /** What finds that nothing is to be done, where that is another command. */
  idle?(directory: string, url: string): Invocation;
}

export const EXECUTABLE = "dist/pgmigrate";

const NODE_PG_MIGRATE = packagePath("node-pg-migrate/bin/node-pg-migrate.js");
const GRAPHILE_MIGRATE = packagePath("graphile-migrate/dist/cli.js");
const DBMATE = packagePath("@dbmate/linux-x64/bin/dbmate");

const pgmigrate: Tool = {
  name: "pgmigrate",
  version: () => firstLine(EXECUTABLE, ["--version"]),
  write: (migrations, directory) => writeFiles(migrations, directory, ({ text }) => text),
  up: (directory, url) => ({ command: [EXECUTABLE, "up", "-q", "-m", directory, "-d", url] }),
};

/** Every file in a transaction with its row in a table, over one connection: what a script of one's own would do. */
const psql: Tool = {
  name: "psql",
  version: () => firstLine("psql", ["--version"]),
  write: (migrations, directory) =>
    Deno.writeTextFile(
      `${directory}/all.sql`,
      "CREATE TABLE IF NOT EXISTS tracker (version bigint PRIMARY KEY, name text NOT NULL, applied_at timestamptz);\n" +
        migrations.map(({ version, name, text }) =>
          `BEGIN;\n${text}INSERT INTO tracker VALUES (${version}, '${name}', now());\nCOMMIT;\n`
        ).join(""),
    ),
  up: (directory, url) => ({
    command: ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", `${directory}/all.sql`, url],
  }),
  idle: (_, url) => ({ command: ["psql", "-X", "-q", "-c", "SELECT version FROM tracker ORDER BY version", url] }),
};

const dbmate: Tool = {
  name: "dbmate",
  version: () => firstLine(DBMATE, ["--version"]),
  write: (migrations, directory) =>
    writeFiles(migrations, directory, ({ text }) => `-- migrate:up\n${text}-- migrate:down\n`),
  up: (directory, url) => ({
    command: [DBMATE, "--no-dump-schema", "-d", directory, "-u", `${url}?sslmode=disable`, "migrate"],
  }),
};

const nodePgMigrate: Tool = {
  name: "node-pg-migrate",
  version: () => packageVersion("node-pg-migrate"),
  write: (migrations, directory) => writeFiles(migrations, directory, ({ text }) => `-- Up Migration\n${text}`),
  up: (directory, url) => ({
    command: ["node", NODE_PG_MIGRATE, "up", "-m", directory, "--no-verbose"],
    env: { DATABASE_URL: url },
  }),
};

/** Every committed file has the hash of its text and of the file before it. */
const graphileMigrate: Tool = {
  name: "graphile-migrate",
  version: () => packageVersion("graphile-migrate"),
  async write(migrations, directory) {
    await Deno.mkdir(`${directory}/migrations/committed`, { recursive: true });
    await Deno.writeTextFile(`${directory}/.gmrc`, "{}\n");
    let previous = "";
    for (const { version, text } of migrations) {
      const hash = createHash("sha1").update(`${`${previous}\n${text.trim()}`.trim()}\n`).digest("hex");
      const head = `--! Previous: ${previous || "-"}\n--! Hash: sha1:${hash}\n\n`;
      await Deno.writeTextFile(
        `${directory}/migrations/committed/${String(version).padStart(6, "0")}.sql`,
        head + text,
      );
      previous = `sha1:${hash}`;
    }
  },
  up: (directory, url) => ({
    command: ["node", GRAPHILE_MIGRATE, "migrate"],
    env: { DATABASE_URL: url },
    cwd: directory,
  }),
};

const sqlMigrate: Tool = {
  name: "sql-migrate",
  version: () => firstLine("dpkg-query", ["-W", "-f", "${Version}", "sql-migrate"]),
  async write(migrations, directory) {
    await writeFiles(migrations, directory, ({ text }) => `-- +migrate Up\n${text}`);
    // It puts the variable in.
    const config = `bench:\n  dialect: postgres\n  datasource: \${BENCH_URL}\n  dir: ${directory}\n`;
    await Deno.writeTextFile(`${directory}/dbconfig.yml`, config);
  },
  up: (directory, url) => ({
    command: ["sql-migrate", "up", `-config=${directory}/dbconfig.yml`, "-env=bench"],
    env: { BENCH_URL: `${url}?sslmode=disable` },
  }),
};

const sqitch: Tool = {
  name: "sqitch",
  version: () => firstLine("sqitch", ["--version"]),
  async write(migrations, directory) {
    await Deno.mkdir(`${directory}/deploy`);
    const plan = migrations.map(({ name }) => `c${name} 2026-01-01T00:00:00Z Bench <bench@example.org> # a change\n`);
    await Deno.writeTextFile(
      `${directory}/sqitch.plan`,
      `%syntax-version=1.0.0\n%project=bench\n\n${plan.join("")}`,
    );
    for (const { name, text } of migrations) {
      await Deno.writeTextFile(`${directory}/deploy/c${name}.sql`, `BEGIN;\n${text}COMMIT;\n`);
    }
  },
  up: (directory, url) => ({
    command: ["sqitch", "--chdir", directory, "deploy", url.replace(/^postgres:/, "db:pg:")],
    env: { SQITCH_FULLNAME: "Bench", SQITCH_EMAIL: "bench@example.org" },
  }),
};

export const TOOLS: readonly Tool[] = [pgmigrate, psql, dbmate, nodePgMigrate, graphileMigrate, sqlMigrate, sqitch];

/** Where there is a Node to run it. */
async function packageVersion(name: string): Promise<string | null> {
  if (await firstLine("node", ["--version"]) === null) return null;
  return JSON.parse(await Deno.readTextFile(packagePath(`${name}/package.json`))).version;
}

async function writeFiles(
  migrations: readonly BenchMigration[],
  directory: string,
  textOf: (migration: BenchMigration) => string,
): Promise<void> {
  for (const migration of migrations) await Deno.writeTextFile(`${directory}/${migration.name}.sql`, textOf(migration));
}
