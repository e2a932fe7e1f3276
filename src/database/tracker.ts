/** What the tracker holds: reading it, making it, and writing what another tool left out. */

import { trackerNotAllowed, trackerNotTrusted } from "../errors/tracker.ts";
import type { AppliedRow, Recorded, UnfinishedRow } from "../history/compare.ts";
import type { Tracker } from "./find_tracker.ts";
import { type Row, ServerError, type Session } from "./session.ts";
import { EQUALS, identifier, join, type Sql, sql } from "./sql.ts";
import { isLockTimeout } from "./tracker_locked.ts";
import { addColumns, addUnfinishedColumns, createApplied, createUnfinished, widenVersion } from "./tracker_ddl.ts";

/** How long is waited for the tracker where nobody says how long. */
export const TRACKER_TIMEOUT_MS = 5_000;

/** The only locks that keep others from reading. */
const AGAINST_READERS = ["AccessExclusiveLock"];

/** The names of types in the statements behind it are those of pg_catalog, whatever stands in the search_path. */
const BEGIN = "BEGIN READ WRITE; SET LOCAL search_path = pg_catalog, pg_temp";

/**
 * What the tracker says, without writing anything; a tracker that does not exist says that nothing was applied.
 *
 * @param session outside a transaction
 * @param lockTimeoutMs how long to wait for a lock on the tracker; 0 for no limit
 * @throws {TrackerLocked}
 */
export async function readTracker(
  session: Session,
  tracker: Tracker,
  lockTimeoutMs = TRACKER_TIMEOUT_MS,
): Promise<Recorded> {
  const parts = [
    ...tracker.exists ? [selectApplied(tracker)] : [],
    ...tracker.unfinishedExists ? [selectUnfinished(tracker)] : [],
  ];
  if (parts.length === 0) return { applied: [], unfinished: [] };
  // One message is one transaction, to whose end the setting is local, and one round trip; a BEGIN that fails would end
  // the session with a pooler in statement mode.
  const message = [
    sql`SELECT pg_catalog.set_config('lock_timeout', ${String(lockTimeoutMs)}, true)`,
    // As one value: thousands of rows take the driver longer than the server takes to put them together.
    sql`SELECT pg_catalog.json_agg(r) AS rows FROM (${join(parts, " UNION ALL ")}) r`,
  ].join("; ");
  const [row] = await session.query(message).catch(async (error) => {
    if (!(error instanceof ServerError) || !isLockTimeout(error)) throw error;
    const { trackerLocked } = await import("./tracker_blockers.ts");
    throw await trackerLocked(session, tracker, { error, modes: AGAINST_READERS });
  });
  const rows = JSON.parse(row!.rows ?? "[]") as readonly Row[];
  return {
    applied: rows.filter(({ begun }) => begun === null).map(appliedRow),
    unfinished: rows.filter(({ begun }) => begun !== null).map(unfinishedRow),
  };
}

function selectApplied({ tables, lacks }: Tracker): Sql {
  const appliedAt = lacks.includes("applied_at") ? sql`NULL` : epochMs("applied_at");
  const checksum = lacks.includes("checksum") ? sql`NULL` : sql`checksum`;
  const hasSource = lacks.includes("source") ? sql`false` : sql`source IS NOT NULL`;
  return sql`SELECT version::pg_catalog.text AS version, name::pg_catalog.text AS name,
    ${appliedAt}::pg_catalog.text AS at, ${checksum}::pg_catalog.text AS checksum,
    (${hasSource})::pg_catalog.text AS has_source, NULL::pg_catalog.text AS begun
    FROM ${tables.applied} WHERE version IS NOT NULL`;
}

function selectUnfinished({ tables }: Tracker): Sql {
  // Of a row as a whole, no column has to be there that an older table lacks.
  return sql`SELECT version::pg_catalog.text, name, ${epochMs("started_at")}::pg_catalog.text, checksum, NULL,
    (pg_catalog.to_jsonb(u) OPERATOR(pg_catalog.-) 'source'::pg_catalog.text)::pg_catalog.text
    FROM ${tables.unfinished} u`;
}

function appliedRow(row: Row): AppliedRow {
  return {
    version: BigInt(row.version!),
    name: row.name!,
    appliedAt: row.at == null ? null : dateOf(row.at),
    checksum: row.checksum ?? null,
    hasSource: row.has_source === "true",
  };
}

function unfinishedRow(row: Row): UnfinishedRow {
  const begun = JSON.parse(row.begun!) as Begun;
  return {
    version: BigInt(row.version!),
    name: row.name!,
    startedAt: dateOf(row.at!),
    statementsDone: begun.statement,
    statementsTotal: begun.statements ?? null,
    statementSent: begun.sent ?? null,
    failure: begun.failure ?? null,
    checksum: row.checksum!,
    xact: begun.xact,
    attempt: begun.attempt ?? 1,
  };
}

/** The columns of a row that was begun, as `to_jsonb` gives them. */
interface Begun {
  readonly statement: number;
  readonly xact: string;
  readonly statements?: number | null;
  readonly sent?: number | null;
  readonly failure?: string | null;
  readonly attempt?: number;
}

/** The text that a migration was begun with; null where it was not kept. */
export async function readBegunSource(
  session: Session,
  { tables }: Tracker,
  version: bigint,
): Promise<string | null> {
  const [row] = await session.query(
    sql`SELECT source FROM ${tables.unfinished} WHERE version ${EQUALS} ${version}`.text,
  );
  return row?.source ?? null;
}

/** JavaScript's dates end before PostgreSQL's do, and before `infinity`. */
const LAST_DATE_MS = 8.64e15;

function dateOf(epochMs: string): Date {
  return new Date(Math.max(-LAST_DATE_MS, Math.min(Number(epochMs), LAST_DATE_MS)));
}

/** The text that each of some versions was applied with; null where it was not kept. */
export async function readSources(
  session: Session,
  { tables, lacks }: Tracker,
  versions: readonly bigint[],
): Promise<ReadonlyMap<bigint, string | null>> {
  if (versions.length === 0 || lacks.includes("source")) return new Map();
  const list = sql`${`{${versions.join(",")}}`}::pg_catalog.int8[]`;
  const rows = await session.query(
    sql`SELECT version, source FROM ${tables.applied} WHERE version ${EQUALS} ANY (${list})`.text,
  );
  return new Map(rows.map((row) => [BigInt(row.version!), row.source ?? null]));
}

/** Writes the checksum (and the text, where it may be kept) of migrations that another tool applied. */
export async function recordChecksums(
  session: Session,
  { tables }: Tracker,
  migrations: readonly { readonly version: bigint; readonly checksum: string; readonly source: string | null }[],
): Promise<void> {
  const updates = migrations.map(({ version, checksum, source }) =>
    sql`UPDATE ${tables.applied} SET checksum = ${checksum}, source = ${source}
      WHERE version ${EQUALS} ${version} AND checksum IS NULL`.text
  );
  await session.run([BEGIN, ...updates, "COMMIT"].join(";\n"));
}

/**
 * Makes the tracker, or takes over the table of an older runner: adds the columns that it lacks, and widens `version`
 * when a version to come needs it. Call it under the lock: `CREATE TABLE IF NOT EXISTS` is not safe against itself.
 *
 * @param options.highestVersion of the migrations to come
 * @param options.lockTimeoutMs how long to wait for a lock on the tracker; 0 for no limit
 * @throws {Failure} `tracker-not-trusted`, `tracker-not-allowed`
 * @throws {TrackerLocked}
 */
export async function prepareTracker(
  session: Session,
  tracker: Tracker,
  { highestVersion, lockTimeoutMs }: { readonly highestVersion: bigint; readonly lockTimeoutMs: number },
): Promise<void> {
  if (tracker.stranger !== null) throw trackerNotTrusted(`${tracker.schema}.${tracker.table}`, tracker.stranger);
  const steps: string[] = [];
  if (!tracker.exists) steps.push(createApplied(tracker.tables));
  if (tracker.lacks.length > 0) steps.push(addColumns(tracker.tables, tracker.lacks));
  if (highestVersion > tracker.maxVersion) steps.push(widenVersion(tracker.tables).text);
  if (!tracker.unfinishedExists) steps.push(createUnfinished(tracker.tables));
  if (tracker.unfinishedLacks.length > 0) steps.push(addUnfinishedColumns(tracker.tables, tracker.unfinishedLacks));
  if (steps.length === 0) return;
  try {
    await session.run([BEGIN, sql`SET LOCAL lock_timeout = ${lockTimeoutMs}`, ...steps, "COMMIT"].join(";\n"));
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    await session.run("ROLLBACK");
    if (isLockTimeout(error)) {
      const { trackerLocked } = await import("./tracker_blockers.ts");
      throw await trackerLocked(session, tracker, { error, modes: null });
    }
    const { message, sqlstate } = error.server;
    throw trackerNotAllowed(`${tracker.schema}.${tracker.table}`, { message, sqlstate, statements: steps });
  }
}

/** Milliseconds since 1970, whether the column is TIMESTAMPTZ or the TIMESTAMP of an older runner. */
function epochMs(column: string): Sql {
  return sql`pg_catalog.round(EXTRACT(epoch FROM ${
    identifier(column)
  }::pg_catalog.timestamptz) OPERATOR(pg_catalog.*) 1000)`;
}
