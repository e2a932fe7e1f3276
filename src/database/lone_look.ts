/** Looks after a session whose lock is gone, and with it the connection that would look otherwise. */

import { Failure } from "../errors/failure.ts";
import { AS_LOGIN } from "./as_login.ts";
import type { Database } from "./database.ts";
import { pause } from "./pause.ts";
import { readLook } from "./look.ts";
import { type Backend, lookSql } from "./look_sql.ts";
import { isSameServer } from "./same_server.ts";
import type { Session } from "./session.ts";

/** Between two looks, and for how long one may take. */
const LOOK_MS = 5_000;

/** So much must speak against a session, look after look, before it is given up. */
const ENOUGH = 4;

/** What each look adds: that the backend has nothing to do, or is gone; that nobody can be asked. */
const SILENT = 2;
const UNREACHABLE = 1;

/**
 * Looks over connections of its own, one after the other, until the session has nothing to wait for any more: its server
 * has answered and the answer does not come, or the server is out of reach. Then the session is given up.
 *
 * @param options.backend what runs the migration; null while that is not known
 * @param options.stop ends it
 */
export async function giveUpUnheard(
  database: Database,
  session: Session,
  { backend, stop }: { readonly backend: () => Backend | null; readonly stop: AbortSignal },
): Promise<void> {
  let against = 0;
  while (!stop.aborted && session.alive) {
    const weight = await look(database, session, { backend: backend(), stop });
    against = weight === 0 ? 0 : against + weight;
    if (stop.aborted) return;
    if (against >= ENOUGH) return session.giveUp("nothing is heard of the server any more");
    await pause(LOOK_MS, stop).catch(() => {});
  }
}

async function look(
  database: Database,
  session: Session,
  { backend, stop }: { readonly backend: Backend | null; readonly stop: AbortSignal },
): Promise<number> {
  if (backend === null) return 0;
  try {
    await using own = await database.openAnywhere(AbortSignal.any([stop, AbortSignal.timeout(LOOK_MS)]));
    if (!isSameServer(own.facts, session.facts)) return SILENT;
    const rows = await own.query(
      ["BEGIN READ ONLY", "SET LOCAL search_path = pg_catalog, pg_temp", AS_LOGIN, lookSql(backend), "ROLLBACK"].join(
        "; ",
      ),
    );
    return readLook(rows[0]!.look!).silent ? SILENT : 0;
  } catch (error) {
    // A server that lets nobody in is there.
    return error instanceof Failure && error.code === "login-refused" ? 0 : UNREACHABLE;
  }
}
