import assert from "node:assert/strict";
import { atCommitOf, atQuery, once, startProxy } from "./faults/proxy.ts";
import { allGone, begin } from "./lifecycle.ts";
import { assertDone, createProject, linesOf, type Project, resultOf } from "./pgmigrate.ts";
import { sharedServer } from "./servers/mod.ts";
import { waitUntil } from "./wait_until.ts";

const server = await sharedServer("15");

/** Each file leaves a row, so that what ran twice, or not at all, shows. */
const FILES = {
  "001_a.sql": "CREATE TABLE log (version int);\nINSERT INTO log VALUES (1);\n",
  "002_b.sql": "INSERT INTO log VALUES (2);\n",
  "003_c.sql": "INSERT INTO log VALUES (3);\n",
};

const SECOND = "INSERT INTO log VALUES (2)";

/** What ran is recorded, all of it and nothing else, and nothing is begun. @returns the versions */
async function wholeVersions(project: Project): Promise<readonly string[]> {
  await allGone(project); // A server goes on with what it has received.
  const effects = await project.query("SELECT version::text FROM log ORDER BY log.version");
  const applied = await project.applied();
  assert.deepEqual(effects.map(({ version }) => version), applied);
  assert.deepEqual(await project.query("SELECT * FROM schema_migrations_unfinished"), []);
  return applied;
}

/** Whatever stopped a run, the next one goes on where the database is. */
async function assertGoesOn(project: Project): Promise<void> {
  assertDone(await project.run(["up"]));
  assert.deepEqual(await wholeVersions(project), ["1", "2", "3"]);
}

for (
  const [where, fault] of [
    ["before a file is sent", "cut"],
    ["behind a file", "cut-behind"],
  ] as const
) {
  Deno.test(`failures 7: a connection that is cut ${where} stops the run, and is not made again behind its back`, async () => {
    await using project = await createProject(server, FILES);
    await using proxy = startProxy(server, atQuery(/INSERT INTO log VALUES \(2\)/, fault));
    const { code, stdout } = await project.run(["up", "--json"], { env: { DATABASE_URL: proxy.url(project.url) } });
    assert.equal(code, 4);
    const [error] = linesOf(stdout, "error");
    assert.equal(error!.code, "connection-lost");
    assert.match(
      String(error!.state),
      /^Nothing of 002_b\.sql was kept\. The database is at version 1; 2 migrations are pending\.$/,
    );
    // One connection for the lock, one for the migrations, and one that asks what became of them.
    assert.ok(proxy.links <= 3, `${proxy.links} connections`);
    assert.deepEqual(await wholeVersions(project), ["1"]);
    await assertGoesOn(project);
  });
}

for (
  const [what, fault] of [
    ["a connection that is cut before the answer to a file", "swallow-answer"],
    ["a server that closes its side while a file runs", "half-close"],
  ] as const
) {
  Deno.test(`failures 7: ${what} stops the run, which finds out what was kept`, async () => {
    await using project = await createProject(server, FILES);
    await using proxy = startProxy(server, atQuery(/INSERT INTO log VALUES \(2\)/, fault));
    const { code, stdout } = await project.run(["up", "--json"], { env: { DATABASE_URL: proxy.url(project.url) } });
    const applied = resultOf(stdout).applied as string[];
    assert.deepEqual(applied, await wholeVersions(project));
    assert.equal(code, applied.length === 3 ? 0 : 4, stdout);
    await assertGoesOn(project);
  });
}

Deno.test("failures 7: a connection that is cut between two migrations loses neither", async () => {
  await using project = await createProject(server, FILES);
  let committed = false;
  const proxy = startProxy(
    server,
    once("cut-behind", ({ from, type, text }) => {
      if (from === "client" && type === "Q") committed ||= text.includes("INSERT INTO log VALUES (1)");
      return committed && from === "server" && type === "C" && text === "COMMIT";
    }),
  );
  await using _ = proxy;
  const { code, stdout } = await project.run(["up", "--json"], { env: { DATABASE_URL: proxy.url(project.url) } });
  const applied = resultOf(stdout).applied as string[];
  assert.deepEqual(applied, await wholeVersions(project));
  assert.equal(code, applied.length === 3 ? 0 : 4, stdout);
  await assertGoesOn(project);
});

Deno.test("failures 8: a COMMIT whose answer is lost is asked for, and counts as what it was: committed", async () => {
  await using project = await createProject(server, FILES);
  await using proxy = startProxy(server, atCommitOf(SECOND, "swallow-answer"));
  const { code, stdout } = await project.run(["up", "--json"], { env: { DATABASE_URL: proxy.url(project.url) } });
  const applied = linesOf(stdout, "migration_applied").map(({ version }) => version);
  assert.deepEqual(applied.slice(0, 2), ["1", "2"], stdout);
  assert.doesNotMatch(stdout, /rolled back|Nothing of 002_b\.sql was kept/);
  // The third may have been on its way; what became of it is known, too.
  assert.deepEqual(applied, await wholeVersions(project));
  assert.equal(code, applied.length === 3 ? 0 : 4);
  await assertGoesOn(project);
});

Deno.test("failures 8: a COMMIT that never reached the server is asked for, and counts as what it was: rolled back", async () => {
  await using project = await createProject(server, FILES);
  await using proxy = startProxy(server, atCommitOf(SECOND, "cut"));
  const { code, stdout } = await project.run(["up", "--json"], { env: { DATABASE_URL: proxy.url(project.url) } });
  assert.equal(code, 4);
  const [error] = linesOf(stdout, "error");
  assert.equal(error!.code, "connection-lost");
  assert.match(String(error!.state), /^Nothing of 002_b\.sql was kept\./);
  assert.deepEqual(await wholeVersions(project), ["1"]);
  await assertGoesOn(project);
});

Deno.test("failures 8: when nobody can be asked how a COMMIT ended, the outcome is called unknown, and the next run finds out", async () => {
  await using project = await createProject(server, FILES);
  const commit = atCommitOf(SECOND, "swallow-answer");
  let gone = false;
  await using proxy = startProxy(server, async (passing) => {
    const fault = await commit(passing);
    gone ||= fault !== undefined;
    return fault ?? (gone && passing.type === "startup" ? "cut" : undefined);
  });
  await using run = begin(project, ["up", "--json"], { DATABASE_URL: proxy.url(project.url) });
  const links = await waitUntil("the COMMIT", () => Promise.resolve(gone ? proxy.links : null));
  await waitUntil("a question how it ended", () => Promise.resolve(proxy.links > links + 1 ? true : null));
  run.process.kill("SIGINT");
  const { code, stdout } = await run.ended();
  assert.equal(code, 4);
  const [error] = linesOf(stdout, "error");
  assert.equal(error!.code, "outcome-unknown");
  assert.match(String(error!.state), /^Whether 002_b\.sql was committed is not known\./);
  assert.equal((await wholeVersions(project))[1], "2");
  await assertGoesOn(project);
});

Deno.test("failures 9: a COMMIT that the server answers with ROLLBACK is not taken for one", async () => {
  await using project = await createProject(server, FILES);
  await using proxy = startProxy(server, atCommitOf(SECOND, { instead: "ROLLBACK" }));
  const { code, stdout } = await project.run(["up", "--json"], { env: { DATABASE_URL: proxy.url(project.url) } });
  assert.equal(code, 1);
  assert.deepEqual(linesOf(stdout, "migration_applied").map(({ version }) => version), ["1"]);
  assert.deepEqual(await wholeVersions(project), ["1"]);
  await assertGoesOn(project);
});
