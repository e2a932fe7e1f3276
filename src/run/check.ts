/** `check`: what can be known of migrations before they meet a database that matters. */

import { together } from "../errors.ts";
import type { CheckResult, Event, MigrationChecked } from "../events.ts";
import { readMigrationsToRun } from "../migration/read_migrations.ts";
import { formatSums } from "../migration/sums.ts";
import { type Base, baseFailures, readBase, readSumsFile } from "./base.ts";
import { checkEachFile } from "./check_files.ts";
import type { Context } from "./context.ts";
import type { CheckOptions } from "./options.ts";
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
  const changed = [];
  for (const base of await readBases(context, options)) {
    changed.push(...await baseFailures(base, { migrations, directory: options.migrations }));
  }
  // Writing over the checksums would lose what proves the change.
  const sums = changed.length === 0 ? options.writeSums : null;
  if (sums !== null) await files.replace(sums, formatSums(migrations));

  await using trial = startTrial(context, options.databaseUrl);
  const checked = await checkEachFile(files, migrations);
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
    command: "check",
    versions,
    findings: { error: 0, warning: 0, info: 0 },
    durationMs: performance.now() - started,
    postgresVersion: tried.postgresVersion,
    embedded: database.kind === "embedded",
    sums,
    failure: together([...changed, ...tried.failures]),
  };
}

/** @throws {Failure} exit code 2 */
async function readBases({ files, report }: Context, { base, sums }: CheckOptions): Promise<readonly Base[]> {
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
