/** `verify`: proves that applied files were never edited. */

import type { Session } from "../database/session.ts";
import { keptSource } from "../database/claim.ts";
import type { Tracker } from "../database/find_tracker.ts";
import { prepareTracker, readSources, recordChecksums, TRACKER_TIMEOUT_MS } from "../database/tracker.ts";
import type { State, VerifyResult } from "../events.ts";
import type { AppliedRow, Entry } from "../history/compare.ts";
import { stateDigest } from "../history/state_digest.ts";
import { nameInSentence, parseFileName } from "../migration/file_name.ts";
import { pathOf, type ReadMigrations, readMigrations } from "../migration/read_migrations.ts";
import { describeEdit } from "../sql/edit.ts";
import type { Context } from "./context.ts";
import type { VerifyOptions } from "./options.ts";
import { listed, readHistory, versionsByState } from "./read_history.ts";
import { withSession } from "./with_session.ts";
import { reportFiles } from "./report_files.ts";

/**
 * Compares every applied migration with its file.
 *
 * @throws {Failure} when files or tracker cannot be read, or what was asked for cannot be written
 */
export async function verify(context: Context, options: VerifyOptions): Promise<VerifyResult> {
  const files = await readMigrations(context.files, options.migrations);
  reportFiles(context, files);
  await using database = await context.connect(options.record ? "write" : "read");
  return await withSession(database, context.signal, (session) => verifyFiles(context, { session, options, files }));
}

async function verifyFiles(
  context: Context,
  { session, options, files }: {
    readonly session: Session;
    readonly options: VerifyOptions;
    readonly files: ReadMigrations;
  },
): Promise<VerifyResult> {
  const { table } = options;
  const before = await readHistory(session, { migrations: files.migrations, table });
  const restored = options.restore ? await restore(context, { session, options, ...before }) : [];
  const recorded = options.record ? await record(session, before) : [];
  const { migrations } = restored.length > 0 ? await readMigrations(context.files, options.migrations) : files;
  const wrote = restored.length + recorded.length > 0;
  const { tracker, entries, unfinished } = wrote ? await readHistory(session, { migrations, table }) : before;

  const sources = await readSources(session, tracker, versionsIn(entries, "edited"));
  for (const entry of entries) {
    const edited = entry.state === "edited";
    const applied = sources.get(entry.version) ?? null;
    context.report({
      ...listed(entry, unfinished.get(entry.version)),
      ...edited ? { edit: await describeEdit(applied, entry.migration!.text) } : {},
    });
  }
  const rows = entries.map(({ row }) => row).filter((row): row is AppliedRow => row !== null);
  const restorable = entries.filter((entry) =>
    entry.state === "missing" && entry.row!.hasSource && isItsFile(context, entry)
  );
  return {
    command: "verify",
    versions: versionsByState(entries),
    stateDigest: stateDigest(rows),
    recorded,
    restored,
    restorable: restorable.map(({ version }) => version),
  };
}

interface Known {
  readonly tracker: Tracker;
  readonly entries: readonly Entry[];
}

/** Writes missing files from the tracker, never over one that is there. */
async function restore(
  context: Context,
  { session, options, tracker, entries }: Known & { readonly session: Session; readonly options: VerifyOptions },
): Promise<string[]> {
  const sources = await readSources(session, tracker, versionsIn(entries, "missing"));
  const restored: string[] = [];
  for (const { name, version, state } of entries) {
    if (state !== "missing") continue;
    const source = sources.get(version) ?? null;
    const path = pathOf(options.migrations, name);
    const shown = nameInSentence(name);
    if (source === null) {
      const message = `Cannot restore ${shown}: the tracker does not hold its text`;
      context.report({ event: "warning", code: "no-source", message, hint: "Take the file from version control" });
    } else if (!isItsFile(context, { name, version })) {
      const message = `Cannot restore version ${version}: the tracker's name for it is not a file name: ${shown}`;
      context.report({ event: "warning", code: "bad-name", message });
    } else {
      await context.files.create(path, source);
      restored.push(path);
    }
  }
  return restored;
}

/** A name from the database must not lead out of the directory, nor make a file that means another version. */
function isItsFile({ files }: Context, { name, version }: Pick<Entry, "name" | "version">): boolean {
  return files.isPlainName(name) && parseFileName(name)?.version === version;
}

/** Writes the checksums of the files as they are now for migrations that another tool applied. */
async function record(session: Session, { tracker, entries }: Known): Promise<bigint[]> {
  const unrecorded = entries.filter(({ state }) => state === "unrecorded").map(({ migration }) => migration!);
  if (unrecorded.length === 0) return [];
  await prepareTracker(session, tracker, { highestVersion: 0n, lockTimeoutMs: TRACKER_TIMEOUT_MS });
  await recordChecksums(
    session,
    tracker,
    unrecorded.map(({ version, checksum, text }) => ({ version, checksum, source: keptSource(text) })),
  );
  return unrecorded.map(({ version }) => version);
}

function versionsIn(entries: readonly Entry[], state: State): bigint[] {
  return entries.filter((entry) => entry.state === state).map(({ version }) => version);
}
