/** A transaction of ours in the session of a file, whatever the file has made of that session. */

import type { Database } from "./database.ts";
import { ServerError, type Session } from "./session.ts";

/** Begins it, as ourselves; its end gives the file its role and settings back. */
export function ownTransaction(database: Database): readonly string[] {
  return ["BEGIN READ WRITE", ...ownSettings(database)];
}

/** What a transaction that runs already is given, to be ours until its end. */
export function ownSettings({ kind }: Database): readonly string[] {
  return [
    // A stand-alone backend, which the embedded one is, has no session user to go back to.
    kind === "embedded" ? "SET LOCAL SESSION AUTHORIZATION postgres" : "SET LOCAL SESSION AUTHORIZATION DEFAULT",
    // The role that the connection began with: another one than the user's where ALTER ROLE … SET role says so.
    "SET LOCAL role TO DEFAULT",
    "SET LOCAL search_path = pg_catalog, pg_temp",
    "SET LOCAL client_encoding = 'UTF8'",
    "SET LOCAL lock_timeout = 0",
    "SET LOCAL statement_timeout = 0",
  ];
}

const QUERY_CANCELED = "57014";

/**
 * Sends something of ours, and once more where it was canceled: the cancel of an interrupt may come just behind the
 * statement that it was meant for.
 */
export async function despiteCancel<T>(session: Session, send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (error) {
    if (!(error instanceof ServerError) || error.server.sqlstate !== QUERY_CANCELED) throw error;
    if (session.status !== "idle") await session.run("ROLLBACK");
    return await send();
  }
}
