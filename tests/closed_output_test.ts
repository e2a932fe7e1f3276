import assert from "node:assert/strict";
import { createProject } from "./pgmigrate.ts";
import { sharedServer } from "./servers/mod.ts";

const server = await sharedServer("18");

const FILES = {
  "001_a.sql": "CREATE TABLE a ();\n",
  "002_b.sql": "DO $$ BEGIN FOR n IN 1..200 LOOP RAISE NOTICE '%', repeat('x', 1000); END LOOP; END $$;\n",
  "003_c.sql": "CREATE TABLE c ();\n",
};

/** Where the output goes, and what the shell tells of the program: its exit code. */
const OUTPUTS: readonly (readonly [string, string])[] = [
  ["a stdout whose reader has gone", `"$@" | head -n 1; exit "\${PIPESTATUS[0]}"`],
  ["a stderr whose reader has gone", `"$@" 2>&1 >/dev/null | head -n 1; exit "\${PIPESTATUS[0]}"`],
  ["a closed stdout and stderr", `"$@" >&- 2>&-`],
  ["a full disk", `"$@" >/dev/full 2>/dev/full`],
];

for (const [what, script] of OUTPUTS) {
  Deno.test({
    name: `failures 32: ${what} neither stops a run nor changes its exit code`,
    ignore: Deno.build.os !== "linux",
    async fn() {
      for (const format of ["human", "json"]) {
        await using project = await createProject(server, FILES);
        const args = ["up", "--verbose", "--format", format];
        assert.equal((await project.run(args, { script })).code, 0, format);
        assert.deepEqual(await project.applied(), ["1", "2", "3"]);
        assert.equal((await project.run(["status", "--exit-code", "--format", format], { script })).code, 0);

        await project.directory.write("004_fails.sql", "SELECT 1 / 0;\n");
        assert.equal((await project.run(args, { script })).code, 1, format);
        assert.equal((await project.run(["status", "--exit-code", "--format", format], { script })).code, 6);
        assert.deepEqual(await project.applied(), ["1", "2", "3"]);
      }
    },
  });
}
