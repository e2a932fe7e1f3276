/** Who runs the server: PostgreSQL refuses to be run by root. */

/** Numeric ids, as `Deno.Command` takes them. */
export interface User {
  readonly uid: number;
  readonly gid: number;
}

/** The user to change to for a server; null to stay who we are. */
export function serverUser(): User | null {
  return Deno.uid() === 0 ? nobody() : null;
}

/** Makes a directory that belongs to the server's user alone. */
export async function ownDirectory(path: string, user: User | null): Promise<void> {
  await Deno.mkdir(path, { mode: 0o700 });
  if (user !== null) await Deno.chown(path, user.uid, user.gid);
}

/** Writes a file that only the server's user can read, as PostgreSQL demands of keys and passwords. */
export async function writeOwned(path: string, { text, user }: { text: string; user: User | null }): Promise<void> {
  await Deno.writeTextFile(path, text, { mode: 0o600 });
  if (user !== null) await Deno.chown(path, user.uid, user.gid);
}

function nobody(): User {
  const line = Deno.readTextFileSync("/etc/passwd").split("\n").find((line) => line.startsWith("nobody:"));
  if (line === undefined) throw new Error("Cannot start PostgreSQL as root: there is no user nobody to run it as");
  const [, , uid, gid] = line.split(":");
  return { uid: Number(uid), gid: Number(gid) };
}
