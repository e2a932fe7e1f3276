/** Which migrations were committed by a session that is gone, of those whose end nobody here has seen. */

import { AS_LOGIN } from "./as_login.ts";
import { askingTime } from "./asking_time.ts";
import type { Database } from "./database.ts";
import { pause } from "./pause.ts";
import { isSameHistory, isSameServer } from "./same_server.ts";
import type { ServerFacts, Session } from "./session.ts";
import { EQUALS, sql } from "./sql.ts";
import type { TrackerTables } from "./tracker_ddl.ts";

const PAUSE_MS = 200;

/**
 * Waits until the backend of the lost session has ended, for it goes on with what it has received, and reads the tracker:
 * a migration and its row are committed together. After a failover the server that was promoted is asked; its tracker is
 * the one that counts from then on.
 *
 * @param of.backendPid of the lost session, and `of.facts` of its server
 * @returns how long each of those that were committed took, in milliseconds; null when no server of the same history can
 *   be asked, or the backend does not end, within 15 seconds or until the user interrupts
 */
export async function committedVersions(
  database: Database,
  { tables, versions, backendPid, facts, interrupt }: {
    readonly tables: TrackerTables;
    readonly versions: readonly bigint[];
    readonly backendPid: number;
    readonly facts: ServerFacts;
    readonly interrupt: AbortSignal;
  },
): Promise<ReadonlyMap<bigint, number> | null> {
  const limit = askingTime(interrupt);
  while (!limit.aborted) {
    try {
      await using session = await database.openAnywhere(limit);
      if (!isSameHistory(facts, session.facts)) return null;
      const lives = isSameServer(facts, session.facts) && await backendLives(session, backendPid);
      if (!lives) return await readVersions(session, tables, versions);
    } catch {
      // Not back yet: the server is asked again until the deadline.
    }
    await pause(PAUSE_MS, limit).catch(() => {});
  }
  return null;
}

/**
 * Whether the backend of the lost session is there. One that idles has done all it was sent, and has not heard of the
 * loss; it is ended, for its transaction would stay open, and its locks held, until the network tells it, in hours.
 */
async function backendLives(session: Session, pid: number): Promise<boolean> {
  const endIdle =
    sql`SELECT CASE WHEN pg_catalog.starts_with(state, 'idle') THEN pg_catalog.pg_terminate_backend(pid) END
    FROM pg_catalog.pg_stat_activity
    WHERE pid ${EQUALS} ${pid} AND pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid()
      AND usename ${EQUALS} session_user`;
  const begin = ["BEGIN READ ONLY", "SET LOCAL search_path = pg_catalog, pg_temp", AS_LOGIN];
  const rows = await session.query([...begin, endIdle, "COMMIT"].join("; "));
  return rows.length > 0;
}

async function readVersions(
  session: Session,
  { applied }: TrackerTables,
  versions: readonly bigint[],
): Promise<ReadonlyMap<bigint, number>> {
  const list = sql`${`{${versions.join(",")}}`}::pg_catalog.int8[]`;
  const rows = await session.query(
    sql`SELECT version, duration_ms FROM ${applied} WHERE version ${EQUALS} ANY (${list})`.text,
  );
  return new Map(rows.map((row) => [BigInt(row.version!), Number(row.duration_ms)]));
}
