import assert from "node:assert/strict";
import { hold } from "./lifecycle.ts";
import { assertDone, createProject, linesOf } from "./pgmigrate.ts";
import { sharedServer, sharedServers, startServer } from "./servers/mod.ts";

const FILES = { "001_a.sql": "CREATE TABLE a ();\n", "002_b.sql": "CREATE TABLE b ();\n" };

/** What keeps a command from the tracker, as it is told. */
function told(stdout: string) {
  const [error] = linesOf(stdout, "error");
  assert.ok(error !== undefined, stdout);
  return { code: error.code, message: error.message, items: error.items as readonly string[] };
}

for (const server of await sharedServers()) {
  Deno.test(`failures 4: a tracker that another session has locked is not waited for without end, on server ${server.version}`, async () => {
    await using project = await createProject(server, FILES);
    assertDone(await project.run(["up", "--to", "1"]));
    await using holder = await hold(project, "LOCK TABLE schema_migrations");
    const commands = [["up", "--lock-timeout", "100ms"], ["up", "--dry-run", "--lock-timeout", "100ms"], ["status"], [
      "verify",
    ], ["plan"]];
    await Promise.all(commands.map(async (command) => {
      const { code, stdout } = await project.run([...command, "--json"]);
      assert.equal(code, 5, `${command}: ${stdout}`);
      const { items, ...error } = told(stdout);
      assert.deepEqual(error, {
        code: "lock-timeout",
        message: "The tracker public.schema_migrations is locked by another transaction: canceling statement due to " +
          "lock timeout",
      });
      assert.equal(items.length, 1);
      assert.match(
        items[0]!,
        new RegExp(
          `^held by pid ${holder.pid} \\(app another client, user ${server.role}, idle in transaction for \\d+ s` +
            "(, from [0-9a-f.:]+)?\\): .*$",
        ),
      );
    }));
    await holder.release();
    assertDone(await project.run(["up"]));
    assert.deepEqual(await project.applied(), ["1", "2"]);
  });
}

Deno.test("a tracker that lacks columns, and that others read, tells who they are", async () => {
  await using project = await createProject(await sharedServer("18"), FILES);
  await project.query("CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, name TEXT, applied_at TIMESTAMP)");
  await using holder = await hold(project, "SELECT * FROM schema_migrations");
  const { code, stdout } = await project.run(["up", "--json", "--lock-timeout", "100ms"]);
  assert.equal(code, 5, stdout);
  const { code: word, items } = told(stdout);
  assert.equal(word, "lock-timeout");
  assert.match(items.join("\n"), new RegExp(`^held by pid ${holder.pid} \\(app another client, .*\\): .*$`));
});

Deno.test("a tracker that a prepared transaction has locked tells its name", async () => {
  await using server = await startServer("15", { settings: { max_prepared_transactions: "5" } });
  await using project = await createProject(server, FILES);
  assertDone(await project.run(["up", "--to", "1"]));
  await project.query("BEGIN; LOCK TABLE schema_migrations; PREPARE TRANSACTION 'left over'");
  const { code, stdout } = await project.run(["up", "--json", "--lock-timeout", "100ms"]);
  await project.query("ROLLBACK PREPARED 'left over'");
  assert.equal(code, 5, stdout);
  assert.match(
    told(stdout).items.join("\n"),
    /^held by prepared transaction left over \(user postgres, prepared for \d+ s\)$/,
  );
});
