/**
 * What pgmigrate may do, from its sources and as an executable, and nothing else: it never asks for more. Importing is
 * denied by name, since Deno allows some hosts without being asked to.
 */
export const PERMISSIONS = [
  "--allow-net",
  "--allow-env",
  "--allow-read",
  "--allow-write",
  "--deny-import",
  "--no-prompt",
] as const;
