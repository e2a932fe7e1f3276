/** What `status` and `verify` start from: files and tracker, read without writing anything. */

import type { Session } from "../database/session.ts";
import { findTracker, readTracker, type Tracker } from "../database/tracker.ts";
import { type MigrationListed, STATES, type VersionsByState } from "../events.ts";
import { compare, type Entry } from "../history/compare.ts";
import { readMigrations } from "../migration/read_migrations.ts";
import type { Context } from "./context.ts";
import type { CommonOptions } from "./options.ts";

/** @throws {Failure} when files or tracker cannot be read */
export async function readHistory(
  context: Context,
  { session, options }: { readonly session: Session; readonly options: CommonOptions },
): Promise<{ readonly tracker: Tracker; readonly entries: readonly Entry[]; readonly ignored: readonly string[] }> {
  const { migrations, ignored } = await readMigrations(context.files, options.migrations);
  const tracker = await findTracker(session, options.table);
  return { tracker, entries: compare(migrations, await readTracker(session, tracker)), ignored };
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
