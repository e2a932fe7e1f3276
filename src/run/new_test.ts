import assert from "node:assert/strict";
import { Failure } from "../errors/failure.ts";
import { directoryMissing, fileExists } from "../errors/migration_files.ts";
import type { Event } from "../events.ts";
import type { Files } from "../migration/files.ts";
import { newMigration } from "./new.ts";
import type { NewOptions } from "./options.ts";

type Contents = Readonly<Record<string, string>>;

/** A directory `m` in memory, null where it does not exist; `unlisted` came into it after it was listed. */
function directory(contents: Contents | null, unlisted: Contents = {}) {
  const files = new Map(Object.entries({ ...contents, ...unlisted }));
  const events: Event[] = [];
  const access: Files = {
    isPlainName: () => true,
    list: (path) =>
      contents === null ? Promise.reject(directoryMissing(path)) : Promise.resolve(
        [...files.keys()].filter((name) => !(name in unlisted)).map((name) => ({ name, isFile: true })),
      ),
    replace: () => Promise.reject(new Error("A new file replaces none")),
    stream: () => {
      throw new Error("Files that are held are not streamed");
    },
    read: (path) => Promise.resolve(new TextEncoder().encode(files.get(path.replace("m/", "")))),
    create(path, text) {
      const name = path.replace("m/", "");
      if (files.has(name)) return Promise.reject(fileExists(path));
      files.set(name, text);
      return Promise.resolve();
    },
  };
  const now = () => new Date("2026-11-22T15:10:00.999Z");
  const make = (options: Partial<NewOptions>) =>
    newMigration({ files: access, now, report: (event) => events.push(event) }, {
      migrations: "m",
      title: null,
      timestamp: false,
      revert: null,
      ...options,
    });
  return { files, events, make };
}

async function rejects(made: Promise<unknown>, code: string): Promise<void> {
  await assert.rejects(made, (error) => error instanceof Failure && error.code === code && error.exitCode === 2);
}

Deno.test("newMigration() makes the first file of a directory that does not exist", async () => {
  const { files, make } = directory(null);
  assert.deepEqual(await make({ title: "Create users" }), { command: "new", file: "m/001_create_users.sql" });
  assert.match(files.get("001_create_users.sql") ?? "", /^-- Migration "Create users"\n/);
});

Deno.test("newMigration() numbers after the newest file", async () => {
  const { make } = directory({ "0009_a.sql": "", "notes.txt": "" });
  assert.equal((await make({ title: "b" })).file, "m/0010_b.sql");
  assert.equal((await make({ title: "b" })).file, "m/0011_b.sql");
});

Deno.test("newMigration() numbers by UTC time with --timestamp, and refuses a version that is taken", async () => {
  const { make, events } = directory({ "003_a.sql": "" });
  assert.equal((await make({ title: "b", timestamp: true })).file, "m/20261122151000_b.sql");
  await rejects(make({ title: "c", timestamp: true }), "version-taken");
  assert.deepEqual(events, []);
});

Deno.test("newMigration() warns when the time is before the newest version", async () => {
  const { make, events } = directory({ "20991231000000_a.sql": "" });
  await make({ title: "b", timestamp: true });
  assert.equal(events.length, 1);
  assert.ok(events[0]?.event === "warning" && events[0].code === "not-the-newest");
});

Deno.test("newMigration() never writes over a file that came after it looked", async () => {
  const { make, files } = directory({}, { "001_b.sql": "kept" });
  await rejects(make({ title: "b" }), "file-exists");
  assert.equal(files.get("001_b.sql"), "kept");
});

Deno.test("newMigration() takes a migration back by its version as a number", async () => {
  const { make, files } = directory({ "0002_Add Email.sql": "\ufeffALTER TABLE users ADD email text;", "3_b.sql": "" });
  const { file } = await make({ revert: 2n });
  assert.equal(file, "m/4_revert_Add Email.sql");
  const text = files.get("4_revert_Add Email.sql") ?? "";
  assert.ok(text.endsWith("\n-- ALTER TABLE users ADD email text;\nALTER TABLE users DROP COLUMN email;\n"), text);
});

Deno.test("newMigration() takes a file back that cannot be parsed", async () => {
  const { make, files } = directory({ "1_a.sql": "selec 1" });
  await make({ revert: 1n, title: "Oops" });
  assert.ok(files.get("2_oops.sql")?.endsWith("\n-- selec 1\n-- undo by hand:\n"));
});

Deno.test("newMigration() fails for an unknown version, a missing directory and an empty name, and writes nothing", async () => {
  const { make, files } = directory({ "1_a.sql": "" });
  await rejects(make({ revert: 7n }), "unknown-version");
  await rejects(make({ title: "" }), "empty-name");
  await rejects(directory(null).make({ revert: 1n }), "directory-missing");
  assert.deepEqual([...files.keys()], ["1_a.sql"]);
});
