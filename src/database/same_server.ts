/** Whether two sessions have come to one server. */

import type { ServerFacts } from "./session.ts";

/** One server that has run all the time between. */
export function isSameServer(one: ServerFacts, other: ServerFacts): boolean {
  return one.startedAt === other.startedAt && one.systemIdentifier === other.systemIdentifier;
}

/**
 * One history of transactions: one server, restarted or not, or a primary and what was promoted from one of its replicas.
 * Where the identifier is not known, a restarted server cannot be told from another one.
 */
export function isSameHistory(one: ServerFacts, other: ServerFacts): boolean {
  return one.systemIdentifier === null ? isSameServer(one, other) : one.systemIdentifier === other.systemIdentifier;
}
