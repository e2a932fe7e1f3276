/** From what the server refused to what a tired person can act on. */

import { CopyNotSupported, type ServerError, type ServerMessage, type SessionLost } from "../database/session.ts";
import { connectionLost } from "../errors/connection_lost.ts";
import type { Failure, FailureDetails, Place } from "../errors/failure.ts";
import { claimedElsewhere } from "../errors/other_runs.ts";
import { migrationFailed, notRecorded, TRANSACTION_HINTS } from "../errors/running.ts";
import { copyToStdout, copyUnexpected } from "../errors/sql.ts";
import { deadlock, lockRefused, lockTimeout } from "../errors/table_locks.ts";
import type { Migration } from "../migration/migration.ts";
import { indexInText } from "../sql/query_in_text.ts";
import { placeInFile, positionInFile } from "../sql/sql_file.ts";
import type { CheckedFile } from "./check_files.ts";
import { DataError } from "./data_error.ts";

export interface Sent {
  readonly file: CheckedFile;
  /** Where the message that was refused starts in the file's text, as a UTF-16 index. */
  readonly start: number;
  /** Which of the file's statements was refused, from 0, for an error without a position; null for none of them. */
  readonly statement: number | null;
}

/** lock_not_available (PostgreSQL documentation, "PostgreSQL Error Codes"). */
const LOCK_NOT_AVAILABLE = "55P03";

/** deadlock_detected. */
const DEADLOCK_DETECTED = "40P01";

/** Where the server's source raises them: `postgres.c`, `deadlock.c`. */
const TIMEOUT_ROUTINE = "ProcessInterrupts";
const DEADLOCK_ROUTINE = "DeadLockReport";

/** The failure of a migration, with the place in its file: by the error's position, else by its statement. */
export function explain(error: ServerError, sent: Sent): Failure {
  const { server } = error;
  const { migration } = sent.file;
  const inBody = placeInBody(server, sent);
  const place = error instanceof DataError ? error.place : inBody ?? placeOf(server, sent);
  const details = {
    sqlstate: server.sqlstate,
    ...server.detail === undefined ? {} : { detail: server.detail },
    ...hintOf(server),
    ...whereOf(server, inBody !== null),
    ...place === null ? { file: migration.path } : { place },
  };
  const contention = contentionFailure(server, details);
  if (contention !== null) return contention;
  const advice = server.hint ?? adviceOn(server.sqlstate, migration.directives.noTransaction);
  return migrationFailed(server.message, { ...details, ...advice === undefined ? {} : { hint: advice } });
}

/** The server has no hint for what only makes sense to who knows that the file runs in a transaction. */
function adviceOn(sqlstate: string, noTransaction: boolean): string | undefined {
  return noTransaction ? undefined : TRANSACTION_HINTS[sqlstate];
}

/**
 * What others who hold locks have brought about; null for any other error. The server's own lock_timeout and its search
 * for deadlocks are told from NOWAIT and from errors that a migration raises by the routine, for messages are translated.
 */
function contentionFailure({ sqlstate, message, routine }: ServerMessage, details: FailureDetails): Failure | null {
  if (sqlstate === DEADLOCK_DETECTED && (routine ?? DEADLOCK_ROUTINE) === DEADLOCK_ROUTINE) {
    return deadlock(message, { ...details, contention: { kind: "deadlock", message } });
  }
  if (sqlstate !== LOCK_NOT_AVAILABLE) return null;
  return (routine ?? TIMEOUT_ROUTINE) === TIMEOUT_ROUTINE
    ? lockTimeout(message, { ...details, contention: { kind: "lock-timeout", message } })
    : lockRefused(message, details);
}

/** unique_violation. */
const UNIQUE_VIOLATION = "23505";

/** The failure of a statement of ours around a migration: its claim before, its tracker row after. */
export function recordFailure(error: ServerError, migration: Migration): Failure {
  const { path, name } = migration;
  return error.server.sqlstate === UNIQUE_VIOLATION ? claimedElsewhere(name, path) : commitFailure(error, migration);
}

/** A COMMIT that was refused. The keys of our own tables are checked before it, so a rival has no part in that. */
export function commitFailure({ server }: ServerError, { path }: Migration): Failure {
  return contentionFailure(server, { sqlstate: server.sqlstate, file: path }) ?? notRecorded(path, server);
}

/** The failure of a migration whose session went away under it. */
export function lossFailure(lost: SessionLost, file: string): Failure {
  if (lost instanceof CopyNotSupported) {
    return lost.direction === "TO stdout" ? copyToStdout(file) : copyUnexpected(file);
  }
  return connectionLost(lost.message, lost.fatal, file);
}

/**
 * The place in a body that the statement has. The server itself finds a body in the message that it was sent only when
 * it is there once, and our claim before the file may have it too: then it gives the body and the position in that.
 */
function placeInBody(
  { position, internalPosition, internalQuery }: ServerMessage,
  { file, statement }: Sent,
): Place | null {
  const extent = statement === null ? undefined : file.statements?.[statement];
  if (position !== undefined || internalPosition === undefined || internalQuery === undefined) return null;
  if (extent === undefined) return null;
  const query = { query: internalQuery, position: internalPosition };
  const index = indexInText(file.text.slice(extent.start, extent.end), query);
  return index === null ? null : placeInFile(file.sql, extent.start + index);
}

function placeOf({ position }: ServerMessage, { file, start, statement }: Sent): Place | null {
  if (position !== undefined) return positionInFile(file.sql, { start, position });
  const extent = statement === null ? undefined : file.statements?.[statement];
  return extent === undefined ? null : placeInFile(file.sql, extent.start);
}

/** undefined_object. */
const UNDEFINED_OBJECT = "42704";

/** pg_dump sets it to 0 since PostgreSQL 17, which is what it is on an older server that does not know it. */
const NEWER_SETTING = "transaction_timeout";

function hintOf({ hint, sqlstate, message }: ServerMessage): { readonly hint?: string } {
  if (hint !== undefined) return { hint };
  if (sqlstate !== UNDEFINED_OBJECT || !message.includes(`"${NEWER_SETTING}"`)) return {};
  return {
    hint:
      "A newer PostgreSQL has this setting, and a newer pg_dump writes it. Take the line out: it changes nothing here.",
  };
}

/** An error inside a function: the call stack, and under it the query that the function ran, unless its place is shown. */
function whereOf({ where, internalQuery }: ServerMessage, isPlaced: boolean): { readonly where?: string } {
  const parts = [where, isPlaced ? undefined : internalQuery].filter((part) => part !== undefined);
  return parts.length === 0 ? {} : { where: parts.join("\n") };
}
