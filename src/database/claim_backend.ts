/** Whether the backend that ran a migration which was not ended is still at work. */

import type { Session } from "./session.ts";
import type { Tracker } from "./find_tracker.ts";
import { EQUALS, identifier, sql } from "./sql.ts";

/** A backend that works, or may work, for a run that has left a claim. */
export interface ClaimBackend {
  readonly version: bigint;
  readonly pid: number;
  /** Who it is, in words. */
  readonly who: string;
}

/**
 * What a statement that is sent through a pooler begins with: the backend that runs it can be told by it, where its
 * process id is known to nobody. A claim's transaction has its id for ever.
 */
export function claimMark(xact: string): string {
  return `/* pgmigrate ${xact} */ `;
}

/**
 * The backends that claims are still run by. A process id is given anew when a backend has ended, so it counts only with
 * a backend that was there when the claim noted it. Through a pooler the statement itself is looked for.
 */
export async function claimBackends(
  session: Session,
  { tables, unfinishedLacks }: Tracker,
): Promise<readonly ClaimBackend[]> {
  const noted = identifier(unfinishedLacks.includes("attempt_at") ? "started_at" : "attempt_at");
  const rows = await session.query(
    sql`
    SELECT u.version, a.pid, a.application_name AS application, a.usename AS role, a.client_addr AS address, a.state,
      pg_catalog.to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"') AS since
    FROM ${tables.unfinished} u JOIN pg_catalog.pg_stat_activity a
      ON a.pid ${EQUALS} u.pid AND (a.backend_start IS NULL OR a.backend_start OPERATOR(pg_catalog.<=) u.${noted})
      OR NOT a.state ${EQUALS} 'idle' AND pg_catalog.starts_with(a.query, '/* pgmigrate '::pg_catalog.text
        OPERATOR(pg_catalog.||) u.xact::pg_catalog.text OPERATOR(pg_catalog.||) ' */')
    WHERE NOT a.pid ${EQUALS} pg_catalog.pg_backend_pid() AND a.datname ${EQUALS} pg_catalog.current_database()
    ORDER BY 1, 2`.text,
  );
  return rows.map(({ version, pid, application, role, address, state, since }) => {
    const parts = [
      application ? `application ${application}` : null,
      role ? `user ${role}` : null,
      address ? `from ${address}` : null,
      since ? `connected since ${since}` : null,
      state ?? null,
    ];
    const who = `pid ${pid} (${parts.filter((part) => part !== null).join(", ")})`;
    return { version: BigInt(version!), pid: Number(pid), who };
  });
}
