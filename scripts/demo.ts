/** Shows the main job on an embedded database, with the migrations of this repository: `deno task demo`. */

import { PERMISSIONS } from "./permissions.ts";

const DIRECTORY = ".pgmigrate/demo";
const DATABASE = `embedded:${DIRECTORY}`;
const COMMANDS = ["up", "status", "verify", "up"] as const;

if (await removeIfThere(DIRECTORY)) console.log(`Starting afresh: removed ${DIRECTORY} of an earlier demo.\n`);
for (const command of COMMANDS) {
  console.log(`$ pgmigrate ${command} --database-url ${DATABASE}`);
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", ...PERMISSIONS, "main.ts", command, "--database-url", DATABASE],
    stdin: "null",
  }).spawn().status;
  if (code !== 0) throw new Error(`pgmigrate ${command} ended with exit code ${code}`);
  console.log();
}
console.log(`The database is kept in ${DIRECTORY}; the migrations are in migrations/.`);

async function removeIfThere(directory: string): Promise<boolean> {
  try {
    await Deno.remove(directory, { recursive: true });
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
