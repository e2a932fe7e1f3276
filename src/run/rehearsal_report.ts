/** The page of a rehearsal: all that was measured, and what `lint` says of the files. */

import type { Failure } from "../errors/failure.ts";
import { rehearsalNotEnded } from "../errors/rehearsal.ts";
import type { Finding, LockSpan, RehearsedMigration } from "../events.ts";
import type { Context } from "./context.ts";
import type { OnStage, Unbegun } from "./rehearsal.ts";

type ReportedWork = Unbegun & Partial<Pick<OnStage, "session" | "observer" | "commits">>;

/** @returns the file that was written; null where none was asked for @throws {Failure} `cannot-write` */
export async function writeReport(
  context: Context,
  { work, migrations, locks, failure }: {
    readonly work: ReportedWork;
    readonly migrations: readonly RehearsedMigration[];
    readonly locks: readonly LockSpan[];
    readonly failure: Failure | null;
  },
): Promise<string | null> {
  const { options: { report, place }, pending, session, name } = work;
  if (report === null) return null;
  const all = [...migrations, ...notRun(work, migrations.length)];
  const page = report.render({
    ...{
      database: name,
      place: place.kind,
      server: session === undefined ? "" : versionWords(session.facts.versionNumber),
    },
    ...{ at: context.now(), durationMs: Math.max(0, ...migrations.map(({ endMs }) => endMs)), migrations: all, locks },
    ...{ findings: pending.files.length === 0 ? [] : await findingsOf(context, work), notes: notesOf(work), failure },
  });
  await context.files.replace(report.file, page);
  return report.file;
}

/**
 * The page before anything runs: a file that cannot be written is told now, and not behind hours of work.
 *
 * @throws {Failure} `cannot-write`
 */
export async function beginReport(context: Context, work: Unbegun): Promise<void> {
  await writeReport(context, { work, migrations: [], locks: [], failure: rehearsalNotEnded() });
}

function notRun({ pending: { files } }: ReportedWork, run: number): readonly RehearsedMigration[] {
  return files.slice(run).map(({ migration: { version, name, directives } }) => ({
    ...{ version, name, transactional: !directives.noTransaction },
    ...{ startMs: 0, endMs: 0, outcome: "not_run" as const, statements: [] },
  }));
}

/** The linter is loaded only for who wants the page. */
async function findingsOf(
  { files }: Context,
  { migrations, pending, session }: ReportedWork,
): Promise<readonly Finding[]> {
  const [{ parseFiles }, { lint }, { ALL_RULES }] = await Promise.all([
    import("./parse_files.ts"),
    import("../lint/lint.ts"),
    import("../lint/rule_ids.ts"),
  ]);
  const asked = new Set(pending.files.map(({ migration }) => migration));
  const { parsed } = await parseFiles(files, { migrations, isAsked: (migration) => asked.has(migration) });
  const postgresVersion = Math.floor((session?.facts.versionNumber ?? 140_000) / 10_000);
  return lint(parsed, { rules: new Set(ALL_RULES.map(({ id }) => id)), postgresVersion }).map(({ finding }) => finding);
}

/** `180004` is 18.4. */
function versionWords(number: number): string {
  return `${Math.floor(number / 10_000)}.${number % 10_000}`;
}

function notesOf({ options: { place }, observer, commits = false, name }: ReportedWork): readonly string[] {
  return [
    ...place.kind === "template" ? [`Measured on a copy of ${name}, to which nobody else was connected.`] : [],
    ...place.kind === "url" && commits ? [`${name} keeps what was rehearsed.`] : [],
    ...place.kind === "in-place" ? ["Measured on the database itself, in one transaction that was rolled back."] : [],
    ...observer === null ? ["With its one connection, waiting cannot be told from work."] : [],
    "WAL is what the whole server wrote meanwhile.",
  ];
}
