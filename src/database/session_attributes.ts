/** Which server will do: what target_session_attrs says, and what a command needs. */

import { invalidConnectionParameter, replicaWanted } from "../errors/database_url.ts";
import type { ServerFacts } from "./session.ts";
import type { Setting } from "./settings.ts";
import type { ServersTarget, SessionAttributes } from "./target.ts";

/** What a command does with the database. */
export type Purpose = "read" | "write";

/** `prefer-read-write` is libpq's prefer-standby the other way round. */
export type Wanted = SessionAttributes | "prefer-read-write";

const VALUES = [
  "any",
  "read-write",
  "read-only",
  "primary",
  "standby",
  "prefer-standby",
] as const satisfies readonly SessionAttributes[];

/** Reads target_session_attrs. @throws {Failure} exit code 2 */
export function sessionAttributes(setting: Setting | undefined): SessionAttributes | null {
  if (setting === undefined || setting.value === "") return null;
  const value = VALUES.find((name) => name === setting.value);
  if (value === undefined) throw invalidConnectionParameter(setting.origin, `one of ${VALUES.join(", ")}`);
  return value;
}

/**
 * Which server a command wants. A migration needs one that can be written to. Where several are named and nothing is
 * said, that is libpq's read-write; a single server may be read-only by default, for each migration asks for READ WRITE
 * itself. A command that reads would rather have the server that `up` would choose, since a replica may lag behind.
 *
 * @throws {Failure} when a command that writes is told to look for a replica
 */
export function wantedServer(
  { servers, sessionAttributes }: Pick<ServersTarget, "servers" | "sessionAttributes">,
  purpose: Purpose,
): Wanted {
  if (purpose === "read") return sessionAttributes ?? (servers.length > 1 ? "prefer-read-write" : "any");
  switch (sessionAttributes) {
    case "read-write":
    case "primary":
      return sessionAttributes;
    case null:
    case "any":
      return servers.length > 1 ? "read-write" : "primary";
    default:
      throw replicaWanted(sessionAttributes);
  }
}

/** What is against a server: the end of the sentence "HOST …"; null when it will do. */
export function objection(
  { inRecovery, readOnlyByDefault }: Pick<ServerFacts, "inRecovery" | "readOnlyByDefault">,
  wanted: Wanted,
): "is a replica" | "is no replica" | "is read-only by default" | "is not read-only" | null {
  switch (wanted) {
    case "any":
      return null;
    case "read-only":
      return inRecovery || readOnlyByDefault ? null : "is not read-only";
    case "standby":
    case "prefer-standby":
      return inRecovery ? null : "is no replica";
    case "primary":
      return inRecovery ? "is a replica" : null;
    case "read-write":
    case "prefer-read-write":
      return inRecovery ? "is a replica" : readOnlyByDefault ? "is read-only by default" : null;
  }
}
