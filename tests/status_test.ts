import assert from "node:assert/strict";
import { assertDone, createProject, linesOf, resultOf, steady } from "./pgmigrate.ts";
import { sharedServer } from "./servers/mod.ts";

const server = await sharedServer("14");

const FILES = {
  "001_a.sql": "CREATE TABLE a ();\n",
  "003_c.sql": "CREATE TABLE c ();\n",
  "005_e.sql": "CREATE TABLE e ();\n",
};

Deno.test("status lists every migration with its state and when it was applied", async () => {
  await using project = await createProject(server, FILES);
  assertDone(await project.run(["up"]));
  await project.directory.write("001_a.sql", "CREATE TABLE a (n int);\n");
  await project.directory.remove("003_c.sql");
  await project.directory.write("004_d.sql", "SELECT 1;\n");
  await project.directory.write("006_größe.sql", "SELECT 1;\n");
  await project.query("UPDATE schema_migrations SET applied_at = '2026-01-02 03:04:05.678+00'");
  const human = await project.run(["status"]);
  assert.deepEqual({ ...human, stdout: human.stdout.split("\n") }, {
    code: 0,
    stdout: [
      "edited        001_a.sql      2026-01-02 03:04:05 UTC",
      "missing       003_c.sql      2026-01-02 03:04:05 UTC",
      "out of order  004_d.sql",
      "applied       005_e.sql      2026-01-02 03:04:05 UTC",
      "pending       006_größe.sql",
      "5 migrations: 1 applied, 1 edited, 1 missing, 1 pending and 1 out of order. The database is at version 5.",
      "",
    ],
    stderr: "",
  });

  const json = await project.run(["status", "--json"]);
  assert.deepEqual({ code: json.code, stderr: json.stderr }, { code: 0, stderr: "" });
  assert.deepEqual(
    linesOf(json.stdout, "migration").map(({ version, state, applied_at }) => [version, state, applied_at]),
    [
      ["1", "edited", "2026-01-02T03:04:05.678Z"],
      ["3", "missing", "2026-01-02T03:04:05.678Z"],
      ["4", "out_of_order", null],
      ["5", "applied", "2026-01-02T03:04:05.678Z"],
      ["6", "pending", null],
    ],
  );
  assert.deepEqual(resultOf(json.stdout), {
    event: "result",
    command: "status",
    ok: true,
    exit_code: 0,
    version: "5",
    applied: ["5"],
    pending: ["6"],
    edited: ["1"],
    missing: ["3"],
    out_of_order: ["4"],
    unrecorded: [],
    unfinished: [],
  });
});

Deno.test("status --exit-code is 6 while migrations are pending, and 0 afterwards", async () => {
  await using project = await createProject(server, FILES);
  const before = await project.run(["status", "--exit-code", "--json"]);
  assert.equal(before.code, 6);
  const { ok, exit_code, pending } = resultOf(before.stdout);
  assert.deepEqual({ ok, exit_code, pending }, { ok: false, exit_code: 6, pending: ["1", "3", "5"] });
  assertDone(await project.run(["up"]));
  assertDone(await project.run(["status", "--exit-code"]));
});

Deno.test("status --verbose tells which files it ignored, and --quiet leaves out what is applied", async () => {
  await using project = await createProject(server, { ...FILES, "notes.txt": "", "schema_migrations.sql": "" });
  assertDone(await project.run(["up", "--to", "3"]));
  const verbose = await project.run(["status", "-v"]);
  assert.match(verbose.stderr, /Ignored notes\.txt: /);
  assert.match(verbose.stderr, /Ignored schema_migrations\.sql: /);
  const quiet = await project.run(["status", "-q"]);
  assert.deepEqual(quiet.stderr, "");
  assert.match(steady(quiet.stdout), /^pending +005_e\.sql\n3 migrations: 2 applied and 1 pending\. .*\n$/);
});

Deno.test("--color always colours, and neither NO_COLOR nor a pipe does", async () => {
  await using project = await createProject(server, FILES);
  // deno-lint-ignore no-control-regex -- the colours
  const colour = /\x1b\[\d+m/;
  assert.match((await project.run(["status", "--color", "always"])).stdout, colour);
  assert.doesNotMatch((await project.run(["status"])).stdout, colour);
  assert.doesNotMatch((await project.run(["status"], { env: { NO_COLOR: "1" } })).stdout, colour);
});

Deno.test("a role that may not read the tracker is told which rights it needs", async () => {
  await using project = await createProject(server, { "001_a.sql": "CREATE TABLE a ();\n" });
  assertDone(await project.run(["up"]));
  const role = `stranger_${crypto.randomUUID().replaceAll("-", "")}`;
  await project.query(`CREATE ROLE ${role} LOGIN PASSWORD 'stranger'`);
  const url = new URL(project.url);
  [url.username, url.password] = [role, "stranger"];
  try {
    const { code, stderr } = await project.run(["status"], { env: { DATABASE_URL: url.href } });
    assert.equal(code, 1, stderr);
    assert.match(stderr, /permission denied for table schema_migrations\w* \[42501\]/);
    assert.match(
      stderr.replaceAll(/\s+/g, " "),
      /hint: The role needs USAGE on .* GRANT SELECT ON schema_migrations, schema_migrations_unfinished TO ROLE/,
    );
  } finally {
    await project.query(`DROP ROLE ${role}`);
  }
});
