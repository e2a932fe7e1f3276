/** What is known of a rehearsal, step by step. */

import type { Database } from "../database/database.ts";
import type { Lock } from "../database/held_lock.ts";
import type { Session } from "../database/session.ts";
import type { Migration } from "../migration/migration.ts";
import type { CheckedFile } from "./check_files.ts";
import type { RehearseOptions } from "./options.ts";

/** What was asked for. */
export interface Work {
  readonly options: RehearseOptions;
  readonly migrations: readonly Migration[];
  /** By `performance.now()`. */
  readonly started: number;
}

/** What is pending, ready to be sent. */
export interface Pending {
  readonly files: readonly CheckedFile[];
  /** All that are pending, those that are not rehearsed too. */
  readonly versions: readonly bigint[];
}

/** It is known what is pending, and where. */
export interface Unbegun extends Work {
  readonly pending: Pending;
  /** The database's name, as the user knows it. */
  readonly name: string;
}

/** A database is open for it. */
export interface Prepared extends Unbegun {
  readonly database: Database;
  /** Whether each migration is committed there, which only a copy allows. */
  readonly commits: boolean;
  /** What is left when it fails. */
  readonly state: string;
}

export interface OnStage extends Prepared {
  readonly session: Session;
  /** null where there is only one connection. */
  readonly lock: Lock | null;
  /** null where there is only one connection. */
  readonly observer: Session | null;
}
