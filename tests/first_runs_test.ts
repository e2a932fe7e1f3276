import assert from "node:assert/strict";
import { up } from "../src/mod.ts";
import { assertDone, createProject, resultOf } from "./pgmigrate.ts";
import { sharedServer } from "./servers/mod.ts";

const server = await sharedServer("15");

/** In one process as a library, and as programs of their own: as many of those as a small machine takes. */
const LIBRARY_RUNS = 84;
const PROGRAM_RUNS = 6;

Deno.test("failures 6: 90 first runs at once on an empty database make one tracker and apply everything exactly once", async () => {
  await using project = await createProject(server, {
    "001_a.sql": "CREATE TABLE log (version int);\nINSERT INTO log VALUES (1);\n",
    "002_b.sql": "INSERT INTO log VALUES (2);\n",
  });
  const options = { databaseUrl: project.url, migrations: `${project.directory.path}/migrations` };
  const programs = Array.from({ length: PROGRAM_RUNS }, () => project.run(["up", "--json"]));
  const results = await Promise.all(Array.from({ length: LIBRARY_RUNS }, () => up(options)));
  for (const { failure } of results) assert.equal(failure, null);
  const applied = results.flatMap((result) => result.applied.map(String));
  for (const outcome of await Promise.all(programs)) {
    assertDone(outcome);
    applied.push(...resultOf(outcome.stdout).applied as string[]);
  }
  assert.deepEqual(applied.sort(), ["1", "2"]);
  assert.deepEqual(await project.query("SELECT version FROM log ORDER BY version"), [{ version: 1 }, { version: 2 }]);
  assert.deepEqual(await project.applied(), ["1", "2"]);
});
