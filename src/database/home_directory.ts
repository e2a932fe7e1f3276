/** Where libpq looks for the files of a user. */

import type { Environment } from "./environment.ts";

/**
 * @returns on Windows `%APPDATA%\postgresql`, elsewhere the home directory, to which libpq adds `.postgresql` for
 * certificates; undefined when the environment does not tell
 */
export function homeDirectory(
  { env, os }: { readonly env: Environment; readonly os: "windows" | "other" },
): string | undefined {
  const base = os === "windows" ? env["APPDATA"] : env["HOME"];
  if (base === undefined || base === "") return undefined;
  return os === "windows" ? `${base}\\postgresql` : base;
}
