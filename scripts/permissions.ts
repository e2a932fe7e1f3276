/** What pgmigrate may do, from its sources and as an executable, and nothing else: it never asks for more. */
export const PERMISSIONS = ["--allow-net", "--allow-env", "--allow-read", "--allow-write", "--no-prompt"] as const;
