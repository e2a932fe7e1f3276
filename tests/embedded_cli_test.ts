import assert from "node:assert/strict";
import { createDirectory, type FileContents } from "./directory.ts";
import { assertDone, jsonLines, linesOf, resultOf } from "./pgmigrate.ts";
import { programCommand, runProgram } from "./program.ts";
import { waitUntil } from "./wait_until.ts";

const FILES = {
  "001_a.sql": "CREATE TABLE a (n int);\n",
  "002_b.sql": "-- pgmigrate: no-transaction\nCREATE INDEX CONCURRENTLY a_n ON a (n);\n",
  "003_c.sql": "CREATE EXTENSION citext;\nCREATE TABLE c (t citext);\nDO $$ BEGIN RAISE NOTICE 'made'; END $$;\n",
};

async function embedded(files: FileContents) {
  const directory = await createDirectory(files);
  return {
    directory,
    run: (...args: readonly string[]) =>
      runProgram(args, { cwd: directory.path, env: { DATABASE_URL: "embedded:data/db" } }),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

Deno.test("up, status and verify work on an embedded database that is kept in a directory", async () => {
  await using project = await embedded(FILES);
  const up = await project.run("up");
  assertDone(up);
  assert.match(up.stdout, /^Applied 3 migrations in .* The database is at version 3\.\n$/);
  assert.match(up.stderr, /\nnotice: 003_c\.sql: made\n/);
  assert.equal((await project.run("up")).stdout, "Nothing to do. The database is at version 3.\n");
  const status = await project.run("status", "--json");
  assertDone(status);
  assert.deepEqual(resultOf(status.stdout).applied, ["1", "2", "3"]);
  await project.directory.write("001_a.sql", "CREATE TABLE a (n bigint);\n");
  const verify = await project.run("verify");
  assert.equal(verify.code, 3);
  assert.match(verify.stdout, /^edited +001_a\.sql: the SQL changed\n/);
});

Deno.test("status, verify, plan and up --dry-run make nothing where no embedded database is kept yet", async () => {
  await using project = await embedded(FILES);
  const status = await project.run("status", "--json");
  assertDone(status);
  assert.deepEqual(resultOf(status.stdout).pending, ["1", "2", "3"]);
  for (const args of [["verify"], ["plan"], ["up", "--dry-run"]]) assertDone(await project.run(...args));
  await assert.rejects(Deno.lstat(`${project.directory.path}/data`), Deno.errors.NotFound);
  assertDone(await project.run("up"));
  assert.deepEqual(resultOf((await project.run("status", "--json")).stdout).applied, ["1", "2", "3"]);
});

Deno.test("a directory in which no lock can be taken is refused as one that cannot be used, by who reads it too", async () => {
  await using project = await embedded(FILES);
  assertDone(await project.run("up"));
  // Root may write to any directory, but not to a directory as if it were a file.
  const lock = `${project.directory.path}/data/db/pgmigrate.lock`;
  await Deno.remove(lock);
  await Deno.mkdir(lock);
  for (const command of ["up", "status"]) {
    const { code, stdout, stderr } = await project.run(command);
    assert.deepEqual({ code, stdout }, { code: 2, stdout: "" });
    assert.match(
      stderr,
      /^error: Cannot use the directory .*data\/db: .*\nhint: Give the user that runs pgmigrate the right/,
    );
  }
});

Deno.test("a migration that fails on an embedded database is rolled back and shown where it failed", async () => {
  await using project = await embedded({
    "001_a.sql": "CREATE TABLE a ();\n",
    "002_b.sql": "CREATE TABLE b ();\nSELECT nothing;\n",
  });
  const { code, stdout, stderr } = await project.run("up");
  assert.deepEqual({ code, stdout }, { code: 1, stdout: "" });
  assert.match(stderr, /error: column "nothing" does not exist \[42703\]\n +--> migrations\/002_b\.sql:2:8\n/);
  assert.match(stderr, /\nNothing of 002_b\.sql was kept\. The database is at version 1; 1 migration is pending\.\n$/);
  await project.directory.write("002_b.sql", "CREATE TABLE b ();\n");
  assert.match((await project.run("up")).stdout, /^Applied 1 migration in /);
});

Deno.test({
  name: "the directory of an embedded database is for its owner alone, and those above it are not touched",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using directory = await createDirectory({ "001_a.sql": "CREATE TABLE a ();\n" });
    assertDone(await runProgram(["up", "-d", "embedded:deep/data"], { cwd: directory.path }));
    const modeOf = async (path: string) => (await Deno.stat(`${directory.path}/${path}`)).mode! & 0o777;
    assert.equal(await modeOf("deep/data"), 0o700);
    assert.notEqual(await modeOf("deep"), 0o700);
  },
});

Deno.test("an embedded database in memory begins empty every time and leaves no file", async () => {
  await using directory = await createDirectory(FILES);
  for (let round = 0; round < 2; round++) {
    const { code, stdout } = await runProgram(["up", "--json", "-d", "embedded:"], { cwd: directory.path });
    assert.equal(code, 0, stdout);
    assert.deepEqual(resultOf(stdout).applied, ["1", "2", "3"]);
  }
  assert.deepEqual(Array.from(Deno.readDirSync(directory.path), ({ name }) => name), ["migrations"]);
});

Deno.test({
  name: "one process at a time opens an embedded directory: a second gets exit code 5, and an interrupt frees it",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using project = await embedded({
      "001_a.sql": "CREATE TABLE a ();\n",
      "002_slow.sql": "SELECT pg_sleep(600);\n",
    });
    const first = programCommand(["up", "--json"], {
      cwd: project.directory.path,
      env: { DATABASE_URL: "embedded:data/db" },
    })
      .spawn();
    const reader = first.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    await waitUntil("the second migration", async () => {
      text += (await reader.read()).value ?? "";
      return /"migration_started","version":"2"/.test(text) ? text : null;
    });
    for (const command of ["up", "status", "verify"]) {
      const second = await project.run(command);
      assert.deepEqual({ code: second.code, stdout: second.stdout }, { code: 5, stdout: "" });
      assert.match(
        second.stderr,
        new RegExp(`^error: The database in data/db is in use by process ${first.pid}\\nhint: One process at a time`),
      );
    }
    const json = await project.run("up", "--json");
    assert.deepEqual(linesOf(json.stdout, "error").map(({ code }) => code), ["directory-locked"]);

    first.kill("SIGINT");
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      text += value;
    }
    await first.stderr.cancel();
    assert.equal((await first.status).code, 130);
    assert.deepEqual(resultOf(text).applied, ["1"]);
    const status = await project.run("status", "--json");
    assert.deepEqual(jsonLines(status.stdout).filter(({ event }) => event === "migration").map(({ state }) => state), [
      "applied",
      "pending",
    ]);
  },
});
