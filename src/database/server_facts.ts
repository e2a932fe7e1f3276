/** What a server says of itself when a session opens. */

import { type Row, ServerError, type ServerFacts, type Session } from "./session.ts";

const FACTS = "SELECT pg_catalog.pg_backend_pid() AS pid, pg_catalog.pg_is_in_recovery() AS in_recovery, " +
  "pg_catalog.current_setting('default_transaction_read_only') AS read_only, " +
  "pg_catalog.current_setting('idle_session_timeout', true) AS idle_timeout, " +
  "pg_catalog.current_setting('server_version_num') AS version, pg_catalog.version() AS build, " +
  "pg_catalog.date_part('epoch', pg_catalog.pg_postmaster_start_time()) AS started_at, pg_catalog.current_schema() AS schema";

const IDENTIFIER = ", (SELECT system_identifier FROM pg_catalog.pg_control_system()) AS system_identifier";

/** insufficient_privilege, undefined_function: the role may not know, or the server is no PostgreSQL of its own. */
const NO_IDENTIFIER = ["42501", "42883"];

/** What is known before the server was asked. */
export const UNKNOWN_FACTS: ServerFacts = {
  versionNumber: 0,
  inRecovery: false,
  readOnlyByDefault: false,
  startedAt: "",
  systemIdentifier: null,
  schema: null,
  watchesClient: false,
  serverPid: 0,
  idlesOut: false,
};

/** Asks the server who it is, in one query. @throws {ServerError} @throws {SessionLost} */
export async function askFacts(session: Pick<Session, "query">): Promise<ServerFacts> {
  const [row] = await query(session);
  return {
    versionNumber: Number(row!.version),
    inRecovery: row!.in_recovery === "t",
    readOnlyByDefault: row!.read_only === "on",
    startedAt: row!.started_at!,
    systemIdentifier: row!.system_identifier ?? null,
    schema: row!.schema ?? null,
    watchesClient: row!.build!.includes("linux"),
    serverPid: Number(row!.pid),
    idlesOut: row!.idle_timeout !== null && row!.idle_timeout !== "0",
  };
}

async function query(session: Pick<Session, "query">): Promise<readonly Row[]> {
  try {
    return await session.query(FACTS + IDENTIFIER);
  } catch (error) {
    if (!(error instanceof ServerError) || !NO_IDENTIFIER.includes(error.server.sqlstate)) throw error;
    return await session.query(FACTS);
  }
}
