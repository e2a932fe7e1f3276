/** Databases that a use case asks for beside the one that the user named: a scratch database, a copy. */

import type { ServerTarget, Target } from "./target.ts";

/** What is left out is as the user named it. */
export interface Elsewhere {
  /** In place of the user's URL: `embedded:`, or the URL of a copy. What it leaves out comes from the environment. */
  readonly url?: string;
  /** Another database on the same server. The embedded one has no others. */
  readonly database?: string;
  /** What its sessions begin with, by name, as `ALTER DATABASE … SET` would have it. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** The target with another database, or with settings for its sessions. */
export function withDatabase(target: Target, { database, settings = {} }: Elsewhere): Target {
  if (target.kind !== "servers") return target;
  const change = (server: ServerTarget): ServerTarget => {
    const options = [...server.options === undefined ? [] : [server.options], ...startupOptions(settings)].join(" ");
    return { ...server, ...database === undefined ? {} : { database }, ...options === "" ? {} : { options } };
  };
  const [first, ...others] = target.servers;
  return { ...target, servers: [change(first), ...others.map(change)] };
}

/** In the startup message a space ends an option, unless a backslash stands before it (PGOPTIONS). */
function startupOptions(settings: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(settings).map(([name, value]) => `-c ${name}=${value.replaceAll(/[\\\s]/g, "\\$&")}`);
}
