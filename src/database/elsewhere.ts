/** Databases that a use case asks for beside the one that the user named: a scratch database, a copy. */

import type { Target } from "./target.ts";

/** What is left out is as the user named it. */
export interface Elsewhere {
  /** In place of the user's URL: `embedded:`, or the URL of a copy. What it leaves out comes from the environment. */
  readonly url?: string;
  /** Another database on the same server. The embedded one has no others. */
  readonly database?: string;
}

/** The target with another database. */
export function withDatabase(target: Target, { database }: Elsewhere): Target {
  if (database === undefined || target.kind !== "servers") return target;
  const [first, ...others] = target.servers;
  return {
    ...target,
    servers: [{ ...first, database }, ...others.map((server) => ({ ...server, database }))],
  };
}
