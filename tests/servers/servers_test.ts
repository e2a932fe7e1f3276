import assert from "node:assert/strict";
import { sharedServers, startServer } from "./mod.ts";

for (const server of await sharedServers()) {
  Deno.test(`a database on server ${server.version} is empty, its own, and gone afterwards`, async () => {
    let name: string;
    {
      await using database = await server.createDatabase();
      name = database.name;
      await database.query("CREATE TABLE t (n int); INSERT INTO t VALUES (1)");
      assert.deepEqual(await database.query("SELECT n FROM t"), [{ n: 1 }]);
    }
    assert.deepEqual(await server.query(server.url(), `SELECT 1 FROM pg_database WHERE datname = '${name}'`), []);
  });
}

Deno.test({
  name: "startServer() runs with its own settings, files and authentication, and leaves nothing behind",
  ignore: Deno.build.os !== "linux" || Deno.build.arch !== "x86_64",
  async fn() {
    let directory: string;
    {
      await using server = await startServer("15", {
        settings: { work_mem: "7MB" },
        files: { "note.txt": "hello" },
        authentication: ["host all nobody all reject"],
      });
      directory = server.directory;
      const rows = await server.query(
        server.url(),
        "SELECT current_setting('work_mem') AS work_mem, pg_read_file('note.txt') AS note",
      );
      assert.deepEqual(rows, [{ work_mem: "7MB", note: "hello" }]);
      const refused = server.url().replace("//postgres:", "//nobody:");
      await assert.rejects(server.query(refused, "SELECT 1"), /pg_hba.conf rejects connection/);
      const wrong = server.url().replace(`:${server.password}@`, ":wrong@");
      await assert.rejects(server.query(wrong, "SELECT 1"), /password authentication failed/);
    }
    await assert.rejects(Deno.stat(directory), Deno.errors.NotFound);
  },
});

Deno.test({
  name: "startServer() fails with the server's own words when it cannot run",
  ignore: Deno.build.os !== "linux" || Deno.build.arch !== "x86_64",
  async fn() {
    await assert.rejects(startServer("15", { settings: { nonsense_setting: "1" } }), /nonsense_setting/);
  },
});
