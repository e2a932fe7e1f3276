/** `lint`: what is dangerous in migrations, by their text alone. */

import { basename } from "node:path";
import { Failure } from "../errors.ts";
import type { LintResult, Severity } from "../events.ts";
import { type Found, lint } from "../lint/lint.ts";
import { ruleSummaries } from "../lint/rule_ids.ts";
import { parseFileName } from "../migration/file_name.ts";
import type { Migration } from "../migration/migration.ts";
import { readFile, readMigrations, type ReadMigrations, readMigrationsToRun } from "../migration/read_migrations.ts";
import { type ChosenFiles, chooseFiles, chooseListed } from "./choose_files.ts";
import type { Context } from "./context.ts";
import type { LintOptions } from "./options.ts";
import { parseFiles } from "./parse_files.ts";
import { reportFiles } from "./report_files.ts";

type LintContext = Pick<Context, "files" | "report">;

/**
 * Lints the files that were asked about, or all of the directory. Reports each finding, and each mistake for which a file
 * cannot be linted; opens no database.
 *
 * @throws {Failure} exit code 2: as {@link readMigrations}, or a file that was named cannot be read
 */
export async function lintMigrations(context: LintContext, options: LintOptions): Promise<LintResult> {
  const { read, chosen } = await readChosen(context, options);
  const others = await readOthers(context, { read, paths: chosen.others, listed: options.listed !== null });
  reportFiles(context, { ignored: read.ignored, misplaced: [...read.misplaced, ...others.flatMap((one) => one.misplaced)] });
  const migrations = [...read.migrations, ...others.map((one) => one.migration)];
  const asked = new Set([...chosen.inside, ...others.map((one) => one.migration)]);
  const outcome = await lintFiles(context, { migrations, isAsked: (one) => asked.has(one), options });
  for (const { finding } of outcome.found) context.report(finding);
  return {
    command: "lint",
    files: asked.size,
    unreadable: outcome.unreadable,
    findings: countFindings(outcome.found),
    fixed: [],
    rules: ruleSummaries(options.rules),
  };
}

/** How many findings there are of each severity. */
export function countFindings(found: readonly Found[]): Readonly<Record<Severity, number>> {
  const of = (severity: Severity) => found.filter(({ finding }) => finding.severity === severity).length;
  return { error: of("error"), warning: of("warning"), info: of("info") };
}

/**
 * Parses and lints migrations in their order, and reports the mistakes of those that cannot be parsed, as errors.
 *
 * @param isAsked whether a migration is asked about, and not there only for what it makes
 * @throws {Failure} `file-changed`, `file-unreadable`
 */
export async function lintFiles(
  { files, report }: LintContext,
  { migrations, isAsked, options }: {
    readonly migrations: readonly Migration[];
    readonly isAsked: (migration: Migration) => boolean;
    readonly options: Pick<LintOptions, "rules" | "postgresVersion">;
  },
): Promise<{ readonly found: readonly Found[]; readonly unreadable: number }> {
  const { parsed, failures, tooLarge } = await parseFiles(files, { migrations, isAsked });
  for (const failure of failures) report({ event: "error", failure });
  for (const { path: file } of tooLarge) {
    const message = `${file} is too large to be parsed, so nothing is known of what is in it`;
    report({ event: "warning", code: "not-linted", message, file });
  }
  const unreadable = new Set(failures.map(({ details }) => details.place?.file ?? details.file)).size;
  return { found: lint(parsed, options), unreadable };
}

async function readChosen(
  { files, report }: LintContext,
  { migrations: directory, named, listed }: LintOptions,
): Promise<{ readonly read: ReadMigrations; readonly chosen: ChosenFiles }> {
  if (named === null && listed === null) {
    const read = await readMigrationsToRun(files, directory);
    return { read, chosen: { inside: new Set(read.migrations), others: [] } };
  }
  const read = await readIfThere(files, directory);
  const within = { migrations: read.migrations, directory };
  const fromNames = chooseFiles(named ?? [], within);
  const { noMigrations, ...fromList } = chooseListed(listed ?? [], within);
  for (const name of noMigrations) report({ event: "note", message: `Skipped ${name}: its name is not NNN_name.sql` });
  return {
    read,
    chosen: {
      inside: new Set([...fromNames.inside, ...fromList.inside]),
      others: [...fromNames.others, ...fromList.others],
    },
  };
}

/** Files may be linted that are in no directory of migrations. */
async function readIfThere(files: Context["files"], directory: string): Promise<ReadMigrations> {
  try {
    return await readMigrations(files, directory);
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== "directory-missing") throw error;
    return { migrations: [], ignored: [], misplaced: [] };
  }
}

type Other = Awaited<ReturnType<typeof readFile>>;

/** They come after all migrations of the directory, in the order of their own versions where all have one. */
async function readOthers(
  { files, report }: LintContext,
  { read, paths, listed }: { readonly read: ReadMigrations; readonly paths: readonly string[]; readonly listed: boolean },
): Promise<readonly Other[]> {
  const others: Other[] = [];
  let version = read.migrations.at(-1)?.version ?? 0n;
  for (const path of inOrder(paths)) {
    try {
      others.push(await readFile(files, { path, name: basename(path), version: ++version }));
    } catch (error) {
      // A list of what changed has files that are gone.
      if (!listed || !(error instanceof Failure) || error.code !== "file-unreadable") throw error;
      report({ event: "note", message: `Skipped ${path}: it cannot be read, or is not there any more` });
    }
  }
  return others;
}

function inOrder(paths: readonly string[]): readonly string[] {
  const versions = new Map(paths.map((path) => [path, parseFileName(basename(path))?.version]));
  if ([...versions.values()].includes(undefined)) return paths;
  return paths.toSorted((a, b) => versions.get(a)! < versions.get(b)! ? -1 : 1);
}
