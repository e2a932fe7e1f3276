/** PostgreSQL server binaries from the npm registry, installed on first use and pinned by the lock file of `packages`. */

import { fileURLToPath } from "node:url";
import { ownDirectory, type User } from "./user.ts";

/** The versions that the tests run on, oldest first: the first supported, one in the middle, the newest. */
export const SERVER_VERSIONS = ["14", "15", "18"] as const;

export type ServerVersion = typeof SERVER_VERSIONS[number];

const PACKAGES = fileURLToPath(new URL("./packages", import.meta.url));

/** A library that must be linked: npm packages hold no symbolic links, so this one lists them. */
interface Link {
  readonly source: string;
  readonly target: string;
}

/**
 * Puts the binaries of a version into a directory (`bin`, `lib`, `share`), its libraries linked. A copy, since another user can rarely look into the clone of the one who runs the tests.
 * @throws {Error} on other machines than 64-bit Linux, and when the packages cannot be had
 */
export async function copyBinaries(
  directory: string,
  { version, user }: { version: ServerVersion; user: User | null },
): Promise<void> {
  const native = `${PACKAGES}/node_modules/postgresql-${version}/native`;
  await install(`${native}/bin/postgres`);
  await copy(native, { to: directory, user });
  for (const { source, target } of JSON.parse(await Deno.readTextFile(`${native}/pg-symlinks.json`)) as Link[]) {
    // Both name a file of native/lib.
    await Deno.symlink(source.slice("native/lib/".length), `${directory}${target.slice("native".length)}`);
  }
}

let installation: Promise<void> | undefined;

/** Installs all versions at once, and once. */
async function install(binary: string): Promise<void> {
  if (Deno.build.os !== "linux" || Deno.build.arch !== "x86_64") {
    throw new Error(
      `There are no PostgreSQL binaries for ${Deno.build.os} on ${Deno.build.arch} here. ` +
        `Set PGMIGRATE_TEST_URL to a server of your own, as a role that may create databases and roles`,
    );
  }
  if (!await isFile(binary)) await (installation ??= installPackages());
}

async function installPackages(): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["install", "--quiet", "--frozen"],
    cwd: PACKAGES,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`Cannot install the PostgreSQL binaries: ${new TextDecoder().decode(stderr)}`);
}

async function copy(from: string, { to, user }: { to: string; user: User | null }): Promise<void> {
  await ownDirectory(to, user);
  for await (const entry of Deno.readDir(from)) {
    if (entry.isDirectory) await copy(`${from}/${entry.name}`, { to: `${to}/${entry.name}`, user });
    else await Deno.copyFile(`${from}/${entry.name}`, `${to}/${entry.name}`);
  }
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
