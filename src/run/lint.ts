/** `lint`: what is dangerous in migrations, by their text alone. */

import { basename } from "node:path";
import { Failure } from "../errors/failure.ts";
import { directoryAsFile } from "../errors/lint.ts";
import type { LintResult, Severity } from "../events.ts";
import { type Found, lint, type ParsedMigration } from "../lint/lint.ts";
import { ruleSummaries } from "../lint/rule_ids.ts";
import { parseFileName } from "../migration/file_name.ts";
import type { Migration } from "../migration/migration.ts";
import { readFile, type ReadMigrations, readMigrations, readMigrationsToRun } from "../migration/read_migrations.ts";
import { chooseFiles, chooseListed, type ChosenFiles } from "./choose_files.ts";
import type { Context } from "./context.ts";
import { fixFiles, writeFixed } from "./fix_files.ts";
import type { LintOptions } from "./options.ts";
import { parseFiles } from "./parse_files.ts";
import { reportFiles } from "./report_files.ts";

type LintContext = Pick<Context, "files" | "report">;

/**
 * Lints the files that were asked about, or all of the directory. Reports each finding, and each mistake for which a file
 * cannot be linted; opens no database. With `fix`, mends what it can, and reports what is left.
 *
 * @throws {Failure} exit code 2: as {@link readMigrations}, or a file that was named cannot be read or written
 */
export async function lintMigrations(context: LintContext, options: LintOptions): Promise<LintResult> {
  const { read, chosen } = await readChosen(context, options);
  const others = await readOthers(context, { read, chosen });
  const misplaced = [...read.misplaced, ...others.flatMap((one) => one.misplaced)];
  reportFiles(context, { ignored: read.ignored, misplaced });
  const migrations = [...read.migrations, ...others.map((one) => one.migration)];
  const asked = new Set([...chosen.inside, ...others.map((one) => one.migration)]);
  const { parsed, unreadable } = await parseToLint(context, { migrations, isAsked: (one) => asked.has(one) });
  const { found, created, ...fixed } = options.fix
    ? await fix(context, { parsed, migrations, read, options })
    : { found: lint(parsed, options), fixed: [], mended: 0, created: 0 };
  for (const { finding } of found) context.report(finding);
  return {
    command: "lint",
    files: asked.size + created,
    unreadable,
    findings: countFindings(found),
    ...fixed,
    fixable: options.fix ? 0 : found.filter(({ fix }) => fix !== null).length,
    rules: ruleSummaries(options.rules),
  };
}

/** How many findings there are of each severity. */
export function countFindings(found: readonly Found[]): Readonly<Record<Severity, number>> {
  const of = (severity: Severity) => found.filter(({ finding }) => finding.severity === severity).length;
  return { error: of("error"), warning: of("warning"), info: of("info") };
}

/**
 * Parses migrations in their order, and reports the mistakes of those that cannot be parsed, as errors.
 *
 * @param isAsked whether a migration is asked about, and not there only for what it makes
 * @throws {Failure} `file-changed`, `file-unreadable`
 */
export async function parseToLint(
  { files, report }: LintContext,
  { migrations, isAsked }: {
    readonly migrations: readonly Migration[];
    readonly isAsked: (migration: Migration) => boolean;
  },
): Promise<{ readonly parsed: readonly ParsedMigration[]; readonly unreadable: number }> {
  const { parsed, failures, tooLarge } = await parseFiles(files, { migrations, isAsked });
  for (const failure of failures) report({ event: "error", failure });
  reportTooLarge(report, tooLarge);
  const unreadable = new Set(failures.map(({ details }) => details.place?.file ?? details.file)).size;
  return { parsed, unreadable };
}

/** Files that nothing can be found in. */
export function reportTooLarge(report: LintContext["report"], tooLarge: readonly Migration[]): void {
  for (const { path: file } of tooLarge) {
    const message = `${file} is too large to be parsed, so nothing is known of what is in it`;
    report({ event: "warning", code: "not-linted", message, file });
  }
}

async function fix(
  { files, report }: LintContext,
  { parsed, migrations, read, options }: {
    readonly parsed: readonly ParsedMigration[];
    readonly migrations: readonly Migration[];
    readonly read: ReadMigrations;
    readonly options: LintOptions;
  },
): Promise<
  Pick<LintResult, "fixed" | "mended"> & { readonly found: readonly Found[]; readonly created: number }
> {
  const own = new Set(read.migrations.map(({ path }) => path));
  const texts = new Map(migrations.map(({ path, text }) => [path, text]));
  const left = new Map<string, string>();
  for (const { sql } of parsed) {
    const text = texts.get(sql.path);
    if (!own.has(sql.path)) left.set(sql.path, `it is not in ${options.migrations}`);
    // That part is not in the text that would be written.
    else if (text !== sql.text) left.set(sql.path, "it holds more than SQL");
  }
  const names = [...read.migrations.map(({ name }) => name), ...read.ignored];
  const mayFix = ({ asked, sql }: ParsedMigration) => asked && !left.has(sql.path);
  const result = await fixFiles(parsed, { ...options, directory: options.migrations, names, mayFix });
  const { found, changed, created, mended } = result;
  await writeFixed(files, result, new Map(migrations.map(({ path, checksum }) => [path, checksum])));
  for (const path of new Set(found.filter((one) => one.fix !== null).map(({ migration }) => migration.sql.path))) {
    const why = left.get(path);
    if (why !== undefined) report({ event: "note", message: `Left ${path} as it is: ${why}` });
  }
  return { found, fixed: [...changed, ...created].map(({ path }) => path), mended, created: created.length };
}

async function readChosen(
  { files, report }: LintContext,
  { migrations: directory, named, listed }: LintOptions,
): Promise<
  { readonly read: ReadMigrations; readonly chosen: ChosenFiles & { readonly mayBeGone: readonly string[] } }
> {
  if (named === null) {
    const read = await readMigrationsToRun(files, directory);
    return { read, chosen: { inside: new Set(read.migrations), others: [], mayBeGone: [] } };
  }
  const read = await readIfThere(files, directory);
  const within = { migrations: read.migrations, directory };
  const fromNames = chooseFiles(named, within);
  const { noMigrations, ...fromList } = chooseListed(listed ?? [], within);
  for (const name of noMigrations) report({ event: "note", message: `Skipped ${name}: its name is not NNN_name.sql` });
  const inside = new Set([...fromNames.inside, ...fromList.inside]);
  const mayBeGone = fromList.others.filter((path) => !fromNames.others.includes(path));
  return { read, chosen: { inside, others: fromNames.others, mayBeGone } };
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
  { read, chosen }: {
    readonly read: ReadMigrations;
    readonly chosen: Awaited<ReturnType<typeof readChosen>>["chosen"];
  },
): Promise<readonly Other[]> {
  const others: Other[] = [];
  let version = read.migrations.at(-1)?.version ?? 0n;
  for (const path of inOrder([...chosen.others, ...chosen.mayBeGone])) {
    try {
      others.push(await readFile(files, { path, name: basename(path), version: ++version }));
    } catch (error) {
      // A list of what changed has files that are gone.
      const isGone = error instanceof Failure && error.code === "file-unreadable" && chosen.mayBeGone.includes(path);
      if (!isGone) throw await isDirectory(files, path) ? directoryAsFile(path) : error;
      report({ event: "note", message: `Skipped ${path}: it cannot be read, or is not there any more` });
    }
  }
  return others;
}

async function isDirectory(files: Context["files"], path: string): Promise<boolean> {
  try {
    await files.list(path);
    return true;
  } catch {
    return false;
  }
}

function inOrder(paths: readonly string[]): readonly string[] {
  const versions = new Map(paths.map((path) => [path, parseFileName(basename(path))?.version]));
  if ([...versions.values()].includes(undefined)) return paths;
  return paths.toSorted((a, b) => versions.get(a)! < versions.get(b)! ? -1 : 1);
}
