/** What a use case may touch, made from what the command line may touch. */

import { diskFiles } from "../migration/disk_files.ts";
import type { Context } from "../run/context.ts";
import type { Report } from "./command.ts";
import type { Environment } from "./read_options.ts";
import type { World } from "./world.ts";

/**
 * The database is found and connected to only when the use case asks for it: that loads the driver, or a whole
 * PostgreSQL.
 */
export function buildContext(options: {
  readonly world: World;
  /** With what the file of `--env-file` adds. */
  readonly env: Environment;
  readonly databaseUrl: string | null;
  /** How long to wait for a database that is still starting. */
  readonly waitMs: number;
  readonly report: Report;
}): Context {
  const { world, env, databaseUrl, waitMs, report } = options;
  return {
    now: world.now,
    random: Math.random,
    files: diskFiles(),
    report,
    signal: world.signal,
    async connect(purpose, elsewhere = {}) {
      const { reach } = await import("../database/reach.ts");
      const os = world.platform === "windows" ? "windows" : "other";
      const { signal } = world;
      return await reach({ url: databaseUrl ?? undefined, env, os, signal, waitMs, report }, { purpose, elsewhere });
    },
  };
}
