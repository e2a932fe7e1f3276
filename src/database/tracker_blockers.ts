/** Who keeps pgmigrate from its tracker: asked only when somebody does. */

import { AS_LOGIN } from "./as_login.ts";
import type { Tracker } from "./find_tracker.ts";
import { type BlockerColumns, shownBlocker } from "./look.ts";
import { ofPreparedTransaction, ofSession } from "./look_sql.ts";
import type { ServerError, Session } from "./session.ts";
import { EQUALS, type Sql, sql } from "./sql.ts";
import { TrackerLocked } from "./tracker_locked.ts";

/**
 * Asks who keeps this session from the tracker.
 *
 * @param session outside a transaction
 * @param options.modes of the locks that are in the way, as pg_locks has them; null for all
 */
export async function trackerLocked(
  session: Session,
  { schema, table }: Tracker,
  { error, modes }: { readonly error: ServerError; readonly modes: readonly string[] | null },
): Promise<TrackerLocked> {
  const holders = sql`SELECT pg_catalog.json_agg(pg_catalog.row_to_json(b) ORDER BY b.holds DESC, b.since_seconds DESC)
    AS blockers FROM (${sessions({ schema, table, modes })} UNION ALL ${prepared({ schema, table, modes })}) b`;
  const begin = ["BEGIN READ ONLY", "SET LOCAL search_path = pg_catalog, pg_temp", AS_LOGIN];
  const [row] = await session.query([...begin, holders, "COMMIT"].join("; "));
  const blockers = JSON.parse(row!.blockers ?? "[]") as readonly BlockerColumns[];
  return new TrackerLocked(`${schema}.${table}`, error.server, blockers.map((blocker) => shownBlocker(blocker, null)));
}

interface Wanted {
  readonly schema: string;
  readonly table: string;
  readonly modes: readonly string[] | null;
}

/** Of the tracker and of the table beside it. The names of the catalogs are looked up without a lock on the tables. */
function locks({ schema, table, modes }: Wanted): Sql {
  const ofMode = modes === null ? sql`true` : sql`l.mode ${EQUALS} ANY (${`{${modes.join(",")}}`}::pg_catalog.text[])`;
  return sql`SELECT l.pid, l.virtualtransaction, pg_catalog.bool_or(l.granted) AS holds
    FROM pg_catalog.pg_locks l
    JOIN pg_catalog.pg_database d ON d.oid ${EQUALS} l.database AND d.datname ${EQUALS} pg_catalog.current_database()
    JOIN pg_catalog.pg_class c ON c.oid ${EQUALS} l.relation
      AND c.relname ${EQUALS} ANY (ARRAY[${table}, ${`${table}_unfinished`}])
    JOIN pg_catalog.pg_namespace n ON n.oid ${EQUALS} c.relnamespace AND n.nspname ${EQUALS} ${schema}
    WHERE l.locktype ${EQUALS} 'relation' AND ${ofMode} AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
    GROUP BY 1, 2`;
}

function sessions(wanted: Wanted): Sql {
  return sql`SELECT l.holds, l.pid, ${ofSession}
    FROM (${locks(wanted)}) l JOIN pg_catalog.pg_stat_activity a ON a.pid ${EQUALS} l.pid`;
}

function prepared(wanted: Wanted): Sql {
  return sql`SELECT l.holds, NULL, ${ofPreparedTransaction}
    FROM (${locks(wanted)}) l
    JOIN pg_catalog.pg_locks t ON t.locktype ${EQUALS} 'transactionid' AND t.pid IS NULL
      AND t.virtualtransaction ${EQUALS} l.virtualtransaction
    JOIN pg_catalog.pg_prepared_xacts x ON x.transaction ${EQUALS} t.transactionid
    WHERE l.pid IS NULL`;
}
