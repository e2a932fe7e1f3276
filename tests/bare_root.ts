/**
 * Runs the executable in a root directory that holds it, its C library and migrations, and nothing else: no shell, no
 * /tmp, no /etc. On the embedded database, and on a server over TCP. Only root may do that.
 */

import { dirname } from "node:path";
import { sharedServer } from "./servers/mod.ts";

const root = await Deno.makeTempDir({ prefix: "pgmigrate-root-" });
try {
  await place("dist/pgmigrate", "/pgmigrate");
  for (const library of await libraries("dist/pgmigrate")) await place(library, library);
  // Where an executable finds itself; every container has a /proc, but mounting one is not always allowed.
  await Deno.mkdir(`${root}/proc/self`, { recursive: true });
  await Deno.symlink("/pgmigrate", `${root}/proc/self/exe`);
  for await (const { name } of Deno.readDir("migrations")) await place(`migrations/${name}`, `/migrations/${name}`);

  await run(["--version"]);
  await run(["up", "--database-url", "embedded:"]);
  await run(["up", "--database-url", "embedded:/data"]);
  await run(["verify", "--strict", "--database-url", "embedded:/data"]);
  const server = await sharedServer();
  await using database = await server.createDatabase();
  await run(["up", "--database-url", database.url]);
  await run(["verify", "--strict", "--database-url", database.url]);
} finally {
  await Deno.remove(root, { recursive: true });
}

async function place(from: string, to: string): Promise<void> {
  await Deno.mkdir(dirname(root + to), { recursive: true });
  await Deno.copyFile(from, root + to);
}

/** The paths of the C library, its parts and the loader, as the loader finds them. */
async function libraries(executable: string): Promise<readonly string[]> {
  const { stdout } = await new Deno.Command("ldd", { args: [executable] }).output();
  return [...new TextDecoder().decode(stdout).matchAll(/(\/\S+) \(0x/g)].map(([, path]) => path!);
}

async function run(args: readonly string[]): Promise<void> {
  console.log(`$ pgmigrate ${args.join(" ")}`);
  const { code } = await new Deno.Command("chroot", {
    args: [root, "/pgmigrate", ...args],
    clearEnv: true,
    stdin: "null",
  }).spawn().status;
  if (code !== 0) throw new Error(`pgmigrate ${args[0]} ended with exit code ${code}`);
}
