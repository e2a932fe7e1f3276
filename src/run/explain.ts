/** From what the server refused to what a tired person can act on. */

import { CopyNotSupported, type ServerError, type ServerMessage, type SessionLost } from "../database/session.ts";
import {
  claimedElsewhere,
  connectionLost,
  copyWithClient,
  type Failure,
  lockTimeout,
  migrationFailed,
  notRecorded,
  type Place,
} from "../errors.ts";
import type { Migration } from "../migration/migration.ts";
import { placeAt, placeAtIndex, positionAt } from "../sql/positions.ts";
import type { CheckedFile } from "./check_files.ts";

export interface Sent {
  readonly file: CheckedFile;
  /** Where the message that was refused starts in the file's text, as a UTF-16 index. */
  readonly start: number;
  /** Which of the file's statements was refused, from 0, for an error without a position; null for none of them. */
  readonly statement: number | null;
}

/** lock_not_available (PostgreSQL documentation, "PostgreSQL Error Codes"). */
const LOCK_NOT_AVAILABLE = "55P03";

/** The failure of a migration, with the place in its file: by the error's position, else by its statement. */
export function explain({ server }: ServerError, sent: Sent): Failure {
  const { migration } = sent.file;
  const place = placeOf(server, sent);
  const details = {
    sqlstate: server.sqlstate,
    ...server.detail === undefined ? {} : { detail: server.detail },
    ...server.hint === undefined ? {} : { hint: server.hint },
    ...whereOf(server),
    ...place === null ? { file: migration.path } : { place },
  };
  return server.sqlstate === LOCK_NOT_AVAILABLE
    ? lockTimeout(server.message, details)
    : migrationFailed(server.message, details);
}

/** unique_violation. */
const UNIQUE_VIOLATION = "23505";

/** The failure of a statement of ours around a migration: its claim before, its tracker row after. */
export function recordFailure({ server }: ServerError, { path, name }: Migration): Failure {
  if (server.sqlstate === LOCK_NOT_AVAILABLE) {
    return lockTimeout(server.message, { sqlstate: server.sqlstate, file: path });
  }
  return server.sqlstate === UNIQUE_VIOLATION ? claimedElsewhere(name, path) : notRecorded(path, server);
}

/** The failure of a migration whose session went away under it. */
export function lossFailure(lost: SessionLost, file: string): Failure {
  if (lost instanceof CopyNotSupported) return copyWithClient(file, lost.direction);
  return connectionLost(lost.message, lost.fatal, file);
}

function placeOf({ position }: ServerMessage, { file, start, statement }: Sent): Place | null {
  const { text, path } = file.migration;
  if (position !== undefined) {
    return { file: path, ...placeAt(text, positionAt(text, start) + position - 1) };
  }
  const extent = statement === null ? undefined : file.statements?.[statement];
  return extent === undefined ? null : { file: path, ...placeAtIndex(text, extent.start) };
}

/** An error inside a function: the call stack, and under it the query that the function ran. */
function whereOf({ where, internalQuery }: ServerMessage): { readonly where?: string } {
  const parts = [where, internalQuery].filter((part) => part !== undefined);
  return parts.length === 0 ? {} : { where: parts.join("\n") };
}
