import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { check, type Event, Failure, lint, plan, rehearse, status, up, verify } from "../src/mod.ts";
import { createDirectory, type FileContents } from "./directory.ts";
import { sharedServer } from "./servers/mod.ts";

const server = await sharedServer();

const FILES: FileContents = {
  "001_a.sql": "CREATE TABLE a (n int);\n",
  "002_b.sql": "DO $$ BEGIN RAISE NOTICE 'careful'; END $$;\n",
  "003_fails.sql": "SELECT 1 / 0;\n",
  "004_d.sql": "CREATE TABLE d ();\n",
  "005_e.sql": "CREATE TABLE e ();\n",
};

/** The library, as a string of a script. */
const MODULE = JSON.stringify(new URL("../src/mod.ts", import.meta.url).href);

/** Runs a program that uses the library. */
async function runProgram(script: string, options: Pick<Deno.CommandOptions, "cwd" | "env">) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--quiet", `--config=${fileURLToPath(new URL("../deno.json", import.meta.url))}`, script],
    stdin: "null",
    ...options,
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** The URL of an empty database: `embedded:` in memory, or one on a server. */
async function withUrls(test: (url: string) => Promise<void>): Promise<void> {
  await test("embedded:");
  await using database = await server.createDatabase();
  await test(database.url);
}

Deno.test("up() returns what became of every pending migration, in order, and the failure", async () => {
  await using directory = await createDirectory(FILES);
  await withUrls(async (databaseUrl) => {
    const result = await up({ databaseUrl, migrations: `${directory.path}/migrations` });
    assert.deepEqual(
      result.migrations.map(({ version, name, outcome, durationMs }) => [version, name, outcome, durationMs !== null]),
      [
        [1n, "001_a.sql", "applied", true],
        [2n, "002_b.sql", "applied", true],
        [3n, "003_fails.sql", "failed", true],
        [4n, "004_d.sql", "not_run", false],
        [5n, "005_e.sql", "not_run", false],
      ],
    );
    assert.deepEqual([result.applied, result.pending, result.version], [[1n, 2n], [3n, 4n, 5n], 2n]);
    assert.ok(result.failure instanceof Failure);
    assert.deepEqual([result.failure.code, result.failure.details.sqlstate], ["migration-failed", "22012"]);
  });
});

Deno.test("up() counts migrations past the target as not run, without a failure", async () => {
  await using directory = await createDirectory(FILES);
  await withUrls(async (databaseUrl) => {
    const result = await up({ databaseUrl, migrations: `${directory.path}/migrations`, to: 2n });
    assert.deepEqual(result.migrations.map(({ outcome }) => outcome), [
      "applied",
      "applied",
      "not_run",
      "not_run",
      "not_run",
    ]);
    assert.equal(result.failure, null);
  });
});

Deno.test("up() runs nothing where a file does not parse, and returns all as not run", async () => {
  await using directory = await createDirectory({
    "001_a.sql": "CREATE TABLE a ();",
    "002_b.sql": "CREATE TABEL b ();",
  });
  await withUrls(async (databaseUrl) => {
    const { migrations, failure } = await up({ databaseUrl, migrations: `${directory.path}/migrations` });
    assert.deepEqual(migrations.map(({ outcome }) => outcome), ["not_run", "not_run"]);
    assert.equal(failure?.code, "syntax-error");
  });
});

Deno.test("up() reports each step to the callback as it happens", async () => {
  await using directory = await createDirectory(FILES);
  await withUrls(async (databaseUrl) => {
    const events: Event[] = [];
    await up({ databaseUrl, migrations: `${directory.path}/migrations`, onEvent: (event) => events.push(event) });
    const steps = events.filter(({ event }) => event.startsWith("migration_") || event === "notice");
    assert.deepEqual(steps.map((event) => `${event.event} ${"version" in event ? event.version : ""}`), [
      "migration_started 1",
      "migration_applied 1",
      "migration_started 2",
      "notice 2",
      "migration_applied 2",
      "migration_started 3",
      "migration_failed 3",
    ]);
  });
});

Deno.test("status() and verify() return versions by state, and write nothing", async () => {
  await using directory = await createDirectory(FILES);
  await using database = await server.createDatabase();
  const options = { databaseUrl: database.url, migrations: `${directory.path}/migrations` };
  assert.deepEqual((await status(options)).versions.pending, [1n, 2n, 3n, 4n, 5n]);
  assert.deepEqual(await database.query("SELECT to_regclass('schema_migrations') AS tracker"), [{ tracker: null }]);
  await up({ ...options, to: 2n });
  await directory.write("001_a.sql", "CREATE TABLE a (n text);\n");
  const { versions, stateDigest } = await verify(options);
  assert.deepEqual([versions.applied, versions.edited], [[2n], [1n]]);
  assert.match(stateDigest, /^[0-9a-f]{64}$/);
});

Deno.test("up() throws a failure when it does not come to know what is pending", async () => {
  await using directory = await createDirectory({});
  const migrations = `${directory.path}/migrations`;
  const rejects = (options: Parameters<typeof up>[0], code: string) =>
    assert.rejects(up(options), (error) => error instanceof Failure && error.code === code);
  await rejects({ databaseUrl: "embedded:", migrations }, "no-migrations");
  await rejects({ databaseUrl: "embedded:", migrations: `${migrations}/none` }, "directory-missing");
  await directory.write("001_a.sql", "");
  await rejects({ databaseUrl: server.url().replace(`:${server.password}@`, ":wrong@"), migrations }, "login-refused");
});

Deno.test("up() throws the reason of a signal that has aborted, and applies nothing", async () => {
  await using directory = await createDirectory(FILES);
  await using database = await server.createDatabase();
  const reason = new Error("enough");
  const options = { databaseUrl: database.url, migrations: `${directory.path}/migrations` };
  await assert.rejects(up({ ...options, signal: AbortSignal.abort(reason) }), (error) => error === reason);
  assert.deepEqual(await database.query("SELECT to_regclass('a') AS a"), [{ a: null }]);
});

Deno.test("the library prints nothing and does not end the process, whatever happens", async () => {
  await using directory = await createDirectory(FILES);
  await using database = await server.createDatabase();
  const calls = ["embedded:", database.url].map((url) => `await call(${JSON.stringify(url)});`).join("\n");
  const script = `
    const { newMigration, status, up, verify } = await import(${MODULE});
    async function call(databaseUrl) {
      const options = { databaseUrl, migrations: "migrations" };
      for (const use of [up, up, status, verify]) await use(options).catch(() => {});
      await up({ ...options, migrations: "none" }).catch(() => {});
    }
    ${calls}
    await newMigration({ migrations: "migrations", title: "made here" });
    console.log("the end");`;
  assert.deepEqual(await runProgram(script, { cwd: directory.path }), { code: 0, stdout: "the end\n", stderr: "" });
  assert.ok((await directory.names()).includes("006_made_here.sql"));
});

Deno.test("a program's own PGTARGETSESSIONATTRS is left alone, and counts only when it is passed on", async () => {
  await using directory = await createDirectory(FILES);
  await using database = await server.createDatabase();
  const options = { databaseUrl: database.url, migrations: "migrations" };
  // In a program of its own: the environment is that of the process, and so of the test files beside this one too.
  const script = `
    const { status } = await import(${MODULE});
    const { version } = await status(${JSON.stringify(options)});
    console.log(version, Deno.env.get("PGTARGETSESSIONATTRS"));`;
  for (const value of ["any", "standby", "nonsense"]) {
    const outcome = await runProgram(script, { cwd: directory.path, env: { PGTARGETSESSIONATTRS: value } });
    assert.deepEqual(outcome, { code: 0, stdout: `null ${value}\n`, stderr: "" });
  }
  const env = { PGTARGETSESSIONATTRS: "standby" };
  const passedOn = { ...options, migrations: `${directory.path}/migrations`, env };
  await assert.rejects(status(passedOn), /No server that is standby/);
});

Deno.test("check() returns the versions by state and the failure, and takes no environment variable", async () => {
  await using directory = await createDirectory(FILES);
  const events: Event[] = [];
  const migrations = `${directory.path}/migrations`;
  const result = await check({ migrations, onEvent: (event) => events.push(event) });
  assert.deepEqual(result.versions, { passed: [1n, 2n], failed: [3n], inconclusive: [4n, 5n] });
  assert.deepEqual([result.embedded, result.failure?.code, result.failure?.exitCode], [true, "migration-failed", 7]);
  assert.deepEqual(
    events.flatMap((event) => event.event === "migration_checked" ? [event.state] : []),
    ["passed", "passed", "failed", "inconclusive", "inconclusive"],
  );
});

Deno.test("lint() reports each finding, and returns how many there are", async () => {
  await using directory = await createDirectory({ "001_a.sql": "CREATE TABLE a (n int);\nCOMMIT;\n" });
  const events: Event[] = [];
  const options = { migrations: `${directory.path}/migrations`, onEvent: (event: Event) => events.push(event) };
  const { files, findings } = await lint(options);
  assert.deepEqual([files, findings.error], [1, 1]);
  assert.deepEqual(events.map((event) => event.event === "finding" && event.rule), ["transaction-in-file"]);
  assert.equal((await lint({ ...options, rules: ["unused-ignore"] })).findings.error, 0);
  await assert.rejects(lint({ ...options, rules: ["nonsense"] }), { code: "unknown-rule" });
});

Deno.test("plan() reports each pending statement, and returns how many have each verdict", async () => {
  await using directory = await createDirectory({ "001_a.sql": "CREATE TABLE a (n int);\nDO 'BEGIN END';\n" });
  const events: Event[] = [];
  const options = { migrations: `${directory.path}/migrations`, databaseUrl: "embedded:" };
  const { pending, verdicts } = await plan({ ...options, onEvent: (event) => events.push(event) });
  assert.deepEqual({ pending, verdicts }, { pending: [1n], verdicts: { instant: 1, short: 0, long: 0, dangerous: 1 } });
  assert.deepEqual(
    events.map((event) => event.event === "statement" ? [event.statement, event.verdict] : event),
    [["CREATE TABLE", "instant"], ["DO", "dangerous"]],
  );
});

Deno.test("rehearse() measures each pending statement, and returns what it rehearsed", async () => {
  await using directory = await createDirectory({
    "001_a.sql": "CREATE TABLE a (n int);\nINSERT INTO a VALUES (1), (2);\n",
  });
  const events: Event[] = [];
  const place = { kind: "in-place" } as const;
  const options = { migrations: `${directory.path}/migrations`, databaseUrl: "embedded:", place };
  await assert.rejects(rehearse(options), { code: "in-place-without-timeout" });
  const onEvent = (event: Event) => events.push(event);
  const { rehearsed, verdicts, failure } = await rehearse({ ...options, statementTimeoutMs: 30_000, onEvent });
  assert.deepEqual({ rehearsed, failure }, { rehearsed: [1n], failure: null });
  assert.deepEqual(verdicts, { instant: 2, short: 0, long: 0, dangerous: 0 });
  assert.deepEqual(
    events.flatMap((event) => event.event === "statement" ? [[event.statement, event.measured?.rows]] : []),
    [["CREATE TABLE", 0], ["INSERT", 2]],
  );
});
