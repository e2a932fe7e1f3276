/** What the server tells of its work at client_min_messages = debug1, and which of its messages the user asked for. */

import type { ServerMessage } from "./session.ts";

/** Levels of client_min_messages, the talkative ones first; those for debugging arrive under one name. */
const LEVELS = ["debug", "log", "notice", "warning", "error"];

/** Whether a session whose client_min_messages is `level` would have been sent a message. */
export function isWanted({ severity }: ServerMessage, level: string): boolean {
  // INFO is for who asked for it, with VERBOSE; it is always sent.
  const own = LEVELS.indexOf(severity.toLowerCase());
  return own === -1 || own >= LEVELS.indexOf(level.replace(/^debug\d$/, "debug"));
}

/** Something that the server said it does, from its messages of level DEBUG1, which no server translates. */
export type Work =
  | { readonly kind: "scans"; readonly table: string }
  | { readonly kind: "checks-foreign-key"; readonly constraint: string };

const MESSAGES: readonly { readonly pattern: RegExp; readonly work: (name: string) => Work }[] = [
  { pattern: /^building index ".*" on table "(.*)" /, work: (table) => ({ kind: "scans", table }) },
  { pattern: /^(?:verifying|rewriting) table "(.*)"$/, work: (table) => ({ kind: "scans", table }) },
  {
    pattern: /^validating foreign key constraint "(.*)"$/,
    work: (constraint) => ({ kind: "checks-foreign-key", constraint }),
  },
];

/** What a message tells of work on a table's rows; null for any other message. */
export function workOf({ severity, message }: ServerMessage): Work | null {
  if (!severity.startsWith("DEBUG")) return null;
  for (const { pattern, work } of MESSAGES) {
    const name = pattern.exec(message)?.[1];
    if (name !== undefined) return work(name);
  }
  return null;
}
