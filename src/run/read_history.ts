/** What `status` and `verify` start from: files and tracker side by side, without writing anything. */

import { claimBackends } from "../database/claim_backend.ts";
import type { Session } from "../database/session.ts";
import { findTracker, type Tracker } from "../database/find_tracker.ts";
import { readTracker } from "../database/tracker.ts";
import { type MigrationListed, STATES, type Unfinished, type VersionsByState } from "../events.ts";
import { compare, type Entry } from "../history/compare.ts";
import type { Migration } from "../migration/migration.ts";
import { stoppedAtLine } from "./describe_unfinished.ts";
import type { TableName } from "./options.ts";
import { readBegun } from "./unfinished.ts";

/** Everything that is known of the migrations of a database. */
export interface History {
  readonly tracker: Tracker;
  readonly entries: readonly Entry[];
  /** How far each unfinished one came, by version. */
  readonly unfinished: ReadonlyMap<bigint, Unfinished>;
}

/** @throws {Failure} when the tracker cannot be read */
export async function readHistory(
  session: Session,
  { migrations, table }: { readonly migrations: readonly Migration[]; readonly table: TableName },
): Promise<History> {
  const tracker = await findTracker(session, table);
  const entries = compare(migrations, await readTracker(session, tracker));
  return { tracker, entries, unfinished: await readUnfinished(session, { tracker, entries }) };
}

/** The event that lists one entry. */
export function listed(
  { version, name, state, migration, row, renamedFrom }: Entry,
  unfinished: Unfinished | undefined,
): MigrationListed {
  return {
    event: "migration",
    version,
    name,
    state,
    appliedAt: row?.appliedAt ?? null,
    checksum: row === null ? migration?.checksum ?? null : row.checksum,
    ...renamedFrom === null ? {} : { renamedFrom },
    ...unfinished === undefined ? {} : { unfinished },
  };
}

/** How far each unfinished migration came, and whether a backend is at work on it. */
async function readUnfinished(
  session: Session,
  { tracker, entries }: Pick<History, "tracker" | "entries">,
): Promise<ReadonlyMap<bigint, Unfinished>> {
  const found = new Map<bigint, Unfinished>();
  const begun = entries.filter(({ state }) => state === "unfinished");
  if (begun.length === 0) return found;
  const backends = await claimBackends(session, tracker);
  for (const { version, migration, unfinished } of begun) {
    const { startedAt, statementsDone, statementsTotal, failure } = unfinished!;
    const file = statementsTotal === null ? null : await readBegun(session, { tracker, migration, row: unfinished! });
    const line = file === null ? null : stoppedAtLine(file, unfinished!);
    const pid = backends.find((backend) => backend.version === version)?.pid ?? null;
    found.set(version, { startedAt, statementsDone, statementsTotal, line, failure, pid });
  }
  return found;
}

/** The versions of some entries, by state. */
export function versionsByState(entries: readonly Entry[]): VersionsByState {
  const inState = (state: string) => entries.filter((entry) => entry.state === state).map(({ version }) => version);
  return Object.fromEntries(STATES.map((state) => [state, inState(state)])) as unknown as VersionsByState;
}
