/** What `status` and `verify` start from: files and tracker side by side, without writing anything. */

import type { Session } from "../database/session.ts";
import { findTracker, type Tracker } from "../database/find_tracker.ts";
import { readTracker } from "../database/tracker.ts";
import { type MigrationListed, STATES, type VersionsByState } from "../events.ts";
import { compare, type Entry } from "../history/compare.ts";
import type { Migration } from "../migration/migration.ts";
import type { TableName } from "./options.ts";

/** Everything that is known of the migrations of a database. */
export interface History {
  readonly tracker: Tracker;
  readonly entries: readonly Entry[];
}

/** @throws {Failure} when the tracker cannot be read */
export async function readHistory(
  session: Session,
  { migrations, table }: { readonly migrations: readonly Migration[]; readonly table: TableName },
): Promise<History> {
  const tracker = await findTracker(session, table);
  return { tracker, entries: compare(migrations, await readTracker(session, tracker)) };
}

/** The event that lists one entry. */
export function listed({ version, name, state, migration, row, renamedFrom, unfinished }: Entry): MigrationListed {
  return {
    event: "migration",
    version,
    name,
    state,
    appliedAt: row?.appliedAt ?? null,
    checksum: row === null ? migration?.checksum ?? null : row.checksum,
    ...renamedFrom === null ? {} : { renamedFrom },
    ...unfinished === null ? {} : { statementsDone: unfinished.statementsDone },
  };
}

/** The versions of some entries, by state. */
export function versionsByState(entries: readonly Entry[]): VersionsByState {
  const inState = (state: string) => entries.filter((entry) => entry.state === state).map(({ version }) => version);
  return Object.fromEntries(STATES.map((state) => [state, inState(state)])) as unknown as VersionsByState;
}
