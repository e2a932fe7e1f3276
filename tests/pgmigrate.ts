/** What most tests of the program share: a directory of migrations, an empty database, and runs of the one on the other. */

import assert from "node:assert/strict";
import { createDirectory, type Directory, type FileContents } from "./directory.ts";
import { type Outcome, type ProgramOptions, runProgram } from "./program.ts";
import type { Row, Server } from "./servers/mod.ts";

/** A line of `--json`. */
export type Line = Readonly<Record<string, unknown>> & { readonly event: string };

export interface Project extends AsyncDisposable {
  readonly directory: Directory;
  readonly url: string;
  /** Runs pgmigrate in the directory, with the database in DATABASE_URL. */
  run(args: readonly string[], options?: ProgramOptions): Promise<Outcome>;
  /** Sends statements to the database; the rows are those of the last. */
  query(sql: string): Promise<readonly Row[]>;
  /** The versions in the tracker, in order. */
  applied(table?: string): Promise<readonly string[]>;
}

/** Makes a directory with these migrations and an empty database for them. Both go with the block that made them. */
export async function createProject(server: Server, files: FileContents): Promise<Project> {
  const directory = await createDirectory(files);
  const database = await server.createDatabase();
  const { url, query } = database;
  return {
    directory,
    url,
    query,
    run: (args, options = {}) =>
      runProgram(args, { cwd: directory.path, ...options, env: { DATABASE_URL: url, ...options.env } }),
    applied: async (table = "schema_migrations") =>
      (await query(`SELECT version::text FROM ${table} ORDER BY ${table}.version`)).map(({ version }) =>
        String(version)
      ),
    async [Symbol.asyncDispose]() {
      await database[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** The lines of an output in JSON, each of which must be an object with an event. */
export function jsonLines(stdout: string): readonly Line[] {
  assert.match(stdout, /\n$/, "the output ends with a whole line");
  return stdout.trimEnd().split("\n").map((text) => {
    const line = JSON.parse(text) as Line;
    assert.equal(typeof line.event, "string", text);
    return line;
  });
}

/** The lines with one kind of event. */
export function linesOf(stdout: string, event: string): readonly Line[] {
  return jsonLines(stdout).filter((line) => line.event === event);
}

/** The last line, which must be the result. */
export function resultOf(stdout: string): Line {
  const last = jsonLines(stdout).at(-1)!;
  assert.equal(last.event, "result");
  return last;
}

/** A run must have ended well; otherwise the test shows why not. */
export function assertDone({ code, stdout, stderr }: Outcome): void {
  assert.equal(code, 0, `exit code ${code}\n${stdout}${stderr}`);
}

/** An output with what differs from run to run replaced: times, durations and process ids. */
export function steady(text: string): string {
  return text
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/g, "TIME")
    .replaceAll(/ +\d+(\.\d+)? (ms|s)\b/g, " DURATION")
    .replaceAll(/"duration_ms":\d+/g, '"duration_ms":0');
}
