/** Files and tracker side by side. */

import type { State } from "../events.ts";
import { parseFileName } from "../migration/file_name.ts";
import type { Migration } from "../migration/migration.ts";

/** A row of the tracker. */
export interface AppliedRow {
  readonly version: bigint;
  readonly name: string;
  readonly appliedAt: Date | null;
  /** null in rows that another tool wrote. */
  readonly checksum: string | null;
  /** Whether it has the text that was applied, so that the file can be had back. */
  readonly hasSource: boolean;
}

/** A row of the table of unfinished migrations: begun and not ended. */
export interface UnfinishedRow {
  readonly version: bigint;
  readonly name: string;
  readonly startedAt: Date;
  /** Statements known to be done. */
  readonly statementsDone: number;
  /** null for what runs in a transaction, and for what was not parsed. */
  readonly statementsTotal: number | null;
  /** The statement, from 1, that was sent outside a transaction and is not known to be done; null for none. */
  readonly statementSent: number | null;
  /** What stopped it; null where nobody could tell. */
  readonly failure: string | null;
  /** Of the file as it was begun. */
  readonly checksum: string;
  /** The transaction that claimed it. */
  readonly xact: string;
  /** How often it was begun or gone on with. */
  readonly attempt: number;
}

/** One version, as files and tracker together show it. */
export interface Entry {
  readonly version: bigint;
  /** The file's name, or the tracker's where there is no file. */
  readonly name: string;
  readonly state: State;
  readonly migration: Migration | null;
  readonly row: AppliedRow | null;
  readonly unfinished: UnfinishedRow | null;
  /** The tracker's name, where the file was renamed after it was applied. */
  readonly renamedFrom: string | null;
}

export interface Recorded {
  readonly applied: readonly AppliedRow[];
  readonly unfinished: readonly UnfinishedRow[];
}

/** Everything that files and tracker know, one entry a version, in order of versions. */
export function compare(migrations: readonly Migration[], recorded: Recorded): readonly Entry[] {
  const files = new Map(migrations.map((migration) => [migration.version, migration]));
  const rows = new Map(recorded.applied.map((row) => [row.version, row]));
  const begun = new Map(recorded.unfinished.map((row) => [row.version, row]));
  const newest = highest(rows.keys());
  const versions = new Set([...files.keys(), ...rows.keys(), ...begun.keys()]);
  return [...versions].sort((a, b) => a < b ? -1 : 1).map((version) => {
    const [migration, row, unfinished] = [files.get(version), rows.get(version), begun.get(version)];
    const state = stateOf({ version, newest, migration, row, unfinished });
    const renamed = state === "applied" && row!.name !== migration!.name && isFileName(row!.name);
    return {
      version,
      name: (migration ?? row ?? unfinished)!.name,
      state,
      migration: migration ?? null,
      row: row ?? null,
      unfinished: unfinished ?? null,
      renamedFrom: renamed ? row!.name : null,
    };
  });
}

/**
 * Another tool may have named its rows otherwise, `create_users`, and still find them by these names: such a row is
 * kept as it is, and says of no file that it was renamed.
 */
function isFileName(name: string): boolean {
  return parseFileName(name) !== null;
}

/** The highest of some versions, or null for none. */
export function highest(versions: Iterable<bigint>): bigint | null {
  let result: bigint | null = null;
  for (const version of versions) {
    if (result === null || version > result) result = version;
  }
  return result;
}

function stateOf(
  { version, newest, migration, row, unfinished }: {
    readonly version: bigint;
    readonly newest: bigint | null;
    readonly migration: Migration | undefined;
    readonly row: AppliedRow | undefined;
    readonly unfinished: UnfinishedRow | undefined;
  },
): State {
  if (row !== undefined) {
    if (migration === undefined) return "missing";
    if (row.checksum === null) return "unrecorded";
    return row.checksum === migration.checksum ? "applied" : "edited";
  }
  if (unfinished !== undefined) return "unfinished";
  return newest !== null && version < newest ? "out_of_order" : "pending";
}
