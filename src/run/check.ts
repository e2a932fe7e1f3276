/** `check`: what can be known of migrations before they meet a database that matters. */

import { resolve } from "node:path";
import { baseIsItself } from "../errors/check.ts";
import { Failure, together } from "../errors/failure.ts";
import type { CheckResult, Event, MigrationChecked } from "../events.ts";
import { lint, type ParsedMigration } from "../lint/lint.ts";
import { ruleSummaries } from "../lint/rule_ids.ts";
import type { Migration } from "../migration/migration.ts";
import { readMigrationsToRun } from "../migration/read_migrations.ts";
import { formatSums } from "../migration/sums.ts";
import { reachesBeyondDatabase } from "../sql/beyond_database.ts";
import { placeInFile } from "../sql/sql_file.ts";
import { type Base, baseFailures, readBase, readSumsFile } from "./base.ts";
import { checkEachFile } from "./check_files.ts";
import type { Context } from "./context.ts";
import { countFindings, reportTooLarge } from "./lint.ts";
import type { CheckOptions } from "./options.ts";
import { parseFiles } from "./parse_files.ts";
import { reportFiles } from "./report_files.ts";
import { startTrial } from "./trial_database.ts";
import { tryMigrations } from "./try_migrations.ts";
import { withSession } from "./with_session.ts";

/**
 * Compares the migrations of a directory with those of a base, parses and lints them, and applies them from nothing.
 *
 * @returns what became of every migration; what is wrong has its failure there
 * @throws {Failure} exit code 2 for files that mean no migrations, 4 where the server cannot be worked with
 */
export async function check(context: Context, options: CheckOptions): Promise<CheckResult> {
  const started = performance.now();
  const { files } = context;
  const read = await readMigrationsToRun(files, options.migrations);
  reportFiles(context, read);
  const { migrations } = read;
  const changed: Failure[] = [];
  const bases = await readBases(context, options);
  for (const base of bases) {
    changed.push(...await baseFailures(base, { migrations, directory: options.migrations }));
  }
  // Writing over the checksums would lose what proves the change.
  const sums = changed.length === 0 ? options.writeSums : null;
  if (sums !== null) await files.replace(sums, formatSums(migrations));
  const inBases = new Set(bases.flatMap((base) => base.migrations.map(({ name }) => name)));
  try {
    const { failures, ...rest } = await lintAndTry(context, { migrations, inBases, options });
    const durationMs = performance.now() - started;
    return { command: "check", ...rest, sums, durationMs, failure: together([...changed, ...failures]) };
  } catch (error) {
    // The server cannot be reached, say: what was found before is to be told all the same.
    if (!(error instanceof Failure)) throw error;
    throw error.with({ others: [...error.details.others ?? [], ...changed] });
  }
}

async function lintAndTry(
  context: Context,
  { migrations, inBases, options }: {
    readonly migrations: readonly Migration[];
    readonly inBases: ReadonlySet<string>;
    readonly options: CheckOptions;
  },
): Promise<
  & Pick<CheckResult, "versions" | "findings" | "rules" | "linted" | "postgresVersion" | "embedded">
  & { readonly failures: readonly Failure[] }
> {
  // It starts while the files are parsed and linted.
  await using trial = startTrial(context, options.databaseUrl);
  const checked = await checkEachFile(context.files, migrations);
  const isNew = ({ name }: Migration) => !inBases.has(name);
  const findings = await lintNew(context, { migrations, isNew, options });
  const database = await trial.opened;
  const versions: Record<MigrationChecked["state"], bigint[]> = { passed: [], failed: [], inconclusive: [] };
  const report = (event: Event) => {
    if (event.event === "migration_checked") versions[event.state].push(event.version);
    context.report(event);
  };
  const tried = await withSession(database, context.signal, async (session) => ({
    failures: await tryMigrations({ ...context, report }, { files: checked, database, session, table: options.table }),
    postgresVersion: versionWords(session.facts.versionNumber),
  }));
  return {
    versions,
    findings,
    rules: ruleSummaries(options.rules),
    linted: migrations.filter(isNew).length,
    embedded: database.kind === "embedded",
    ...tried,
  };
}

/** Files that the base has cannot be changed any more, so that findings in them would help nobody. */
async function lintNew(
  { files, report }: Context,
  { migrations, isNew, options }: {
    readonly migrations: readonly Migration[];
    readonly isNew: (migration: Migration) => boolean;
    readonly options: CheckOptions;
  },
): Promise<CheckResult["findings"]> {
  // What could not be parsed is told with the migrations that fail.
  const { parsed, tooLarge } = await parseFiles(files, { migrations, isAsked: isNew });
  reportTooLarge(report, tooLarge);
  if (options.databaseUrl !== null) reportReach(report, parsed);
  const found = lint(parsed, options);
  for (const { finding } of found) report(finding);
  return countFindings(found);
}

/** What stays on a server when the scratch database is gone. */
function reportReach(report: Context["report"], parsed: readonly ParsedMigration[]): void {
  for (const { name, sql, statements } of parsed) {
    const reaching = statements.find((statement) => reachesBeyondDatabase(statement) !== null);
    if (reaching === undefined) continue;
    const { line } = placeInFile(sql, reaching.start);
    const what = reachesBeyondDatabase(reaching);
    const message = `${name} changes more than its database (line ${line}: ${what}), and that stays on the server`;
    report({ event: "warning", code: "beyond-database", message, file: sql.path });
  }
}

/** @throws {Failure} exit code 2 */
async function readBases(
  { files, report }: Context,
  { base, sums, migrations }: CheckOptions,
): Promise<readonly Base[]> {
  if (base !== null && resolve(base) === resolve(migrations)) throw baseIsItself(base);
  const bases = [
    ...base === null ? [] : [await readBase(files, base)],
    ...sums === null ? [] : [await readSumsFile(files, sums)],
  ];
  for (const { path, ignored } of bases) {
    for (const name of ignored) {
      report({ event: "detail", message: `Ignored ${name} in ${path}: its name is not NNN_name.sql` });
    }
  }
  return bases;
}

/** `18.4` for 180004. */
function versionWords(versionNumber: number): string {
  return `${Math.floor(versionNumber / 10_000)}.${versionNumber % 10_000}`;
}
