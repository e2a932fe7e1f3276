/** Poolers: a connection to one is a promise of a connection to a server, for a session, a transaction or a statement. */

import { poolTooSmall } from "../errors/pooler.ts";
import { AS_LOGIN } from "./as_login.ts";
import type { Database } from "./database.ts";
import type { Session, SessionLost } from "./session.ts";
import { EQUALS, sql } from "./sql.ts";

/** A second connection that has not come by then is looked for on the server. */
const PATIENCE_MS = 3_000;

/** For sessions of our own that idle between their messages; a pooler's are not ours. */
export const NO_IDLE_TIMEOUT = "SET idle_session_timeout = 0";

/** Whether a pooler sits between: its own number for the connection is not that of a process of the server. */
export function isPooled({ backendPid, facts }: Pick<Session, "backendPid" | "facts">): boolean {
  return facts.serverPid !== backendPid;
}

/** PgBouncer ends a connection with these words at its first BEGIN; their code, 08P01, says nothing. */
export function isStatementPooling({ fatal }: SessionLost): boolean {
  return fatal !== null && /not allowed in statement pooling mode/.test(fatal.message);
}

/**
 * Opens a session while another one, in a transaction, holds a connection to the same server. From a pool that has no
 * more than that one, it would come after minutes or never, and nobody would be told why.
 *
 * @throws {Failure} `pool-too-small`; whatever opening a session throws
 */
export async function openBeside(database: Database, holder: Session): Promise<Session> {
  const opening = database.open();
  if (!isPooled(holder) || await settlesSoon(opening)) return await opening;
  if (await connectionsFromPool(holder) > 1) return await opening;
  // It comes after all, once the holder has let go.
  opening.then((session) => session[Symbol.asyncDispose](), () => {});
  throw poolTooSmall();
}

async function settlesSoon(work: Promise<unknown>): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), PATIENCE_MS);
  const settled = await Promise.race([work.then(() => true, () => true), late]);
  clearTimeout(timer);
  return settled;
}

/**
 * How many connections the server has of this role, to this database, from where the pooler is.
 *
 * @param holder in a transaction, which goes on as it was
 */
async function connectionsFromPool(holder: Session): Promise<number> {
  const here = sql`COALESCE(pg_catalog.host(pg_catalog.inet_client_addr()), '')`;
  const count = sql`SELECT pg_catalog.count(*) AS connections FROM pg_catalog.pg_stat_activity
    WHERE datname ${EQUALS} pg_catalog.current_database() AND usename ${EQUALS} session_user
      AND COALESCE(pg_catalog.host(client_addr), '') ${EQUALS} ${here}`;
  const [row] = await holder.query(
    [
      "SAVEPOINT pgmigrate_count",
      AS_LOGIN,
      "SELECT pg_catalog.pg_stat_clear_snapshot()",
      count,
      "ROLLBACK TO SAVEPOINT pgmigrate_count; RELEASE SAVEPOINT pgmigrate_count",
    ].join("; "),
  );
  return Number(row!.connections);
}
