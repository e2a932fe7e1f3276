/** What the claim of a migration without a transaction says while it runs, so that another run can go on with it. */

import type { Migration } from "../migration/migration.ts";
import { claimIs, type ClaimOf, keptSource } from "./claim.ts";
import { type Sql, sql } from "./sql.ts";
import type { TrackerTables } from "./tracker_ddl.ts";

/** What of a claim depends on the session that has it. */
export interface Running {
  /** How many statements there are; null where the file was not parsed. */
  readonly statements: number | null;
  /** Whether a pooler sits between: no backend is the run's own then, and the claim names none. */
  readonly pooled: boolean;
}

/** Adds to a claim what only migrations without a transaction have. */
export function describeClaim(tables: TrackerTables, of: ClaimOf, running: Running): Sql {
  return sql`UPDATE ${tables.unfinished} SET ${state(running)} WHERE ${claimIs(of)}`;
}

/**
 * Takes over a claim that an earlier run has left, for the file as it is now; a run that is still at work under it finds
 * its own gone. It gives one row, the `attempt`, when it did.
 */
export function resumeClaim(
  tables: TrackerTables,
  of: ClaimOf,
  { migration: { name, checksum, text }, ...running }: Running & { readonly migration: Migration },
): Sql {
  return sql`UPDATE ${tables.unfinished} SET ${state(running)}, name = ${name}, checksum = ${checksum},
    source = ${keptSource(text)}, failure = NULL, attempt = attempt + 1, attempt_at = pg_catalog.now()
    WHERE ${claimIs(of)} RETURNING attempt`;
}

function state({ statements, pooled }: Running): Sql {
  return sql`statements = ${statements}, pid = ${pooled ? null : sql`pg_catalog.pg_backend_pid()`}`;
}

/** Notes, before a statement is sent outside a transaction, which one it is, from 1. It gives one row when it did. */
export function noteSent(tables: TrackerTables, of: ClaimOf, statement: number): Sql {
  return sql`UPDATE ${tables.unfinished} SET sent = ${statement} WHERE ${claimIs(of)} RETURNING version`;
}

/** Takes back the note that a statement is sent: it was not. It gives one row when it did. */
export function noteUnsent(tables: TrackerTables, of: ClaimOf): Sql {
  return sql`UPDATE ${tables.unfinished} SET sent = NULL WHERE ${claimIs(of)} RETURNING version`;
}

/** Notes how many statements are done. It gives one row when it did. */
export function noteDone(tables: TrackerTables, of: ClaimOf, done: number): Sql {
  return sql`UPDATE ${tables.unfinished} SET statement = ${done}, sent = NULL WHERE ${claimIs(of)} RETURNING version`;
}

/** Notes what stopped a migration. */
export function noteFailure(tables: TrackerTables, of: ClaimOf, failure: string): Sql {
  return sql`UPDATE ${tables.unfinished} SET failure = ${failure} WHERE ${claimIs(of)}`;
}

/** Gives a claim the file as it is now: what a person says is applied is that one. */
export function adoptFile(tables: TrackerTables, of: ClaimOf, { name, checksum, text }: Migration): Sql {
  return sql`UPDATE ${tables.unfinished} SET name = ${name}, checksum = ${checksum}, source = ${keptSource(text)}
    WHERE ${claimIs(of)}`;
}
