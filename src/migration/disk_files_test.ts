import assert from "node:assert/strict";
import { Failure } from "../errors/failure.ts";
import { diskFiles } from "./disk_files.ts";

const { list, read, isPlainName, create, replace } = diskFiles();

async function inDirectory(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "pgmigrate-files-" });
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function rejects(promise: Promise<unknown>, code: string, path: string): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof Failure, String(error));
    assert.deepEqual([error.code, error.exitCode], [code, 2]);
    assert.ok(error.message.includes(path), error.message);
    return true;
  });
}

/** Root may read everything, so what may not be read cannot be tried as root. */
const mayReadAll = Deno.build.os === "windows" || Deno.uid() === 0;

Deno.test("list() tells files from directories, follows links, and takes a link to nowhere or in a circle for no file", async () => {
  await inDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/1_file.sql`, "");
    await Deno.mkdir(`${directory}/2_directory.sql`);
    await Deno.symlink("1_file.sql", `${directory}/3_link.sql`);
    await Deno.symlink("2_directory.sql", `${directory}/4_link_to_directory.sql`);
    await Deno.symlink("nothing", `${directory}/5_link_to_nowhere.sql`);
    await Deno.symlink("6_loop.sql", `${directory}/6_loop.sql`);
    await Deno.writeTextFile(`${directory}/7 it's "odd"\n🎉.sql`, "");
    const entries = [...await list(directory)].sort((a, b) => a.name < b.name ? -1 : 1);
    assert.deepEqual(entries, [
      { name: "1_file.sql", isFile: true },
      { name: "2_directory.sql", isFile: false },
      { name: "3_link.sql", isFile: true },
      { name: "4_link_to_directory.sql", isFile: false },
      { name: "5_link_to_nowhere.sql", isFile: false },
      { name: "6_loop.sql", isFile: false },
      { name: '7 it\'s "odd"\n🎉.sql', isFile: true },
    ]);
  });
});

Deno.test("list() follows a link to a directory, and says what is wrong with a path that is none", async () => {
  await inDirectory(async (directory) => {
    await Deno.mkdir(`${directory}/real`);
    await Deno.writeTextFile(`${directory}/real/1_a.sql`, "");
    await Deno.symlink("real", `${directory}/link`);
    await Deno.symlink("loop", `${directory}/loop`);
    assert.deepEqual(await list(`${directory}/link`), [{ name: "1_a.sql", isFile: true }]);
    await rejects(list(`${directory}/none`), "directory-missing", `${directory}/none`);
    await rejects(list(`${directory}/real/1_a.sql`), "directory-is-a-file", `${directory}/real/1_a.sql`);
    await rejects(list(`${directory}/loop`), "directory-unreadable", `${directory}/loop`);
  });
});

Deno.test({
  name: "list() and read() say so where they may not read",
  ignore: mayReadAll,
  async fn() {
    await inDirectory(async (directory) => {
      await Deno.mkdir(`${directory}/closed`, { mode: 0o000 });
      await Deno.writeTextFile(`${directory}/1_a.sql`, "", { mode: 0o000 });
      await rejects(list(`${directory}/closed`), "directory-unreadable", `${directory}/closed`);
      await rejects(read(`${directory}/1_a.sql`, 100), "file-unreadable", `${directory}/1_a.sql`);
    });
  },
});

Deno.test("read() gives a file's bytes as they are, and fails on what is no file", async () => {
  await inDirectory(async (directory) => {
    const bytes = Uint8Array.from([0xef, 0xbb, 0xbf, 0x0d, 0x0a, 0x00, 0xff]);
    await Deno.writeFile(`${directory}/1_a.sql`, bytes);
    assert.deepEqual(await read(`${directory}/1_a.sql`, 100), bytes);
    await rejects(read(directory, 100), "file-unreadable", directory);
    await rejects(read(`${directory}/none.sql`, 100), "file-unreadable", `${directory}/none.sql`);
  });
});

Deno.test("read() gives a file of any size up to a limit, and null for a larger one", async () => {
  await inDirectory(async (directory) => {
    for (const size of [0, 1, 65_535, 65_536, 65_537, 200_000]) {
      const bytes = Uint8Array.from({ length: size }, (_, index) => index % 251);
      await Deno.writeFile(`${directory}/1_a.sql`, bytes);
      assert.deepEqual(await read(`${directory}/1_a.sql`, 200_000), bytes);
    }
    assert.equal(await read(`${directory}/1_a.sql`, 199_999), null);
  });
});

Deno.test("create() writes a file and the directories above it, and never over one that is there", async () => {
  await inDirectory(async (directory) => {
    const path = `${directory}/new/migrations/001_a.sql`;
    await create(path, "SELECT 'é';\r\n");
    assert.equal(await Deno.readTextFile(path), "SELECT 'é';\r\n");
    await rejects(create(path, "other"), "file-exists", path);
    assert.equal(await Deno.readTextFile(path), "SELECT 'é';\r\n");
  });
});

Deno.test("create() writes over no link either, be it one that leads nowhere", async () => {
  await inDirectory(async (directory) => {
    await Deno.symlink(`${directory}/target`, `${directory}/001_a.sql`);
    await rejects(create(`${directory}/001_a.sql`, "text"), "file-exists", `${directory}/001_a.sql`);
    await assert.rejects(Deno.stat(`${directory}/target`), Deno.errors.NotFound);
  });
});

Deno.test("create() says of a path below a file that it cannot be written", async () => {
  await inDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/migrations`, "");
    const path = `${directory}/migrations/001_a.sql`;
    await rejects(create(path, "text"), "cannot-write", path);
  });
});

Deno.test("replace() writes a file in place of one that is there, through a link, and leaves nothing else behind", async () => {
  await inDirectory(async (directory) => {
    await replace(`${directory}/a`, "first");
    await Deno.symlink("a", `${directory}/link`);
    await replace(`${directory}/link`, "second");
    assert.equal(await Deno.readTextFile(`${directory}/a`), "second");
    assert.ok((await Deno.lstat(`${directory}/link`)).isSymlink);
    assert.deepEqual(Array.from(Deno.readDirSync(directory), ({ name }) => name).sort(), ["a", "link"]);
  });
});

Deno.test("replace() says of a directory that it cannot be written, and leaves nothing behind", async () => {
  await inDirectory(async (directory) => {
    await Deno.mkdir(`${directory}/there/below`, { recursive: true });
    await rejects(replace(`${directory}/there`, "text"), "cannot-write", "there");
    await rejects(replace(`${directory}/missing/file`, "text"), "cannot-write", "missing/file");
    assert.deepEqual(Array.from(Deno.readDirSync(directory), ({ name }) => name), ["there"]);
  });
});

Deno.test("isPlainName() takes every name that a file can have here, and nothing that leads out of its directory", () => {
  for (const name of ["1_a.sql", "1_größe \n\x1b.sql"]) assert.ok(isPlainName(name), name);
  for (const name of ["../1_a.sql", "/1_a.sql", "1_a/b.sql", "1_a\0.sql"]) assert.ok(!isPlainName(name), name);
  for (const name of ["1_a\\b.sql", "1_a:b.sql"]) assert.equal(isPlainName(name), Deno.build.os !== "windows", name);
});
