import assert from "node:assert/strict";
import type { Duplex } from "node:stream";
import { V8_FLAGS } from "../scripts/v8_flags.ts";
import { type EmbeddedDatabase, openEmbedded } from "../src/database/embedded.ts";
import { Failure } from "../src/errors/failure.ts";
import { ask, exchange, message, startup } from "./embedded_client.ts";

const CHILD = new URL("./embedded_child.ts", import.meta.url);
const KILLS = 30;

async function connect(database: EmbeddedDatabase): Promise<Duplex> {
  const socket = await database.dial();
  await exchange(socket, startup());
  return socket;
}

async function withDirectory(test: (directory: string) => Promise<void>): Promise<void> {
  const parent = await Deno.makeTempDir();
  try {
    await test(`${parent}/new/data`);
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
}

function failsWith(code: string, exitCode: number) {
  return (error: unknown) => error instanceof Failure && error.code === code && error.exitCode === exitCode;
}

Deno.test("openEmbedded() in memory serves one connection after the other, each with a new session", async () => {
  await using database = await openEmbedded({ kind: "embedded", directory: null });
  const first = await connect(database);
  await assert.rejects(database.dial(), failsWith("embedded-busy", 4));
  await ask(first, "SET work_mem = '1MB'; CREATE TEMP TABLE t(); PREPARE p AS SELECT 1; BEGIN; CREATE TABLE lost()");
  await ask(first, "SET SESSION AUTHORIZATION pg_monitor");
  first.destroy();
  const second = await connect(database);
  assert.deepEqual(
    await ask(second, "SELECT current_user, current_setting('work_mem'), to_regclass('t'), to_regclass('lost')"),
    ["postgres|4MB|null|null"],
  );
  assert.deepEqual(await ask(second, "EXECUTE p"), ["error 26000"]);
});

Deno.test("openEmbedded() has the extensions that PGlite brings", async () => {
  await using database = await openEmbedded({ kind: "embedded", directory: null });
  const socket = await connect(database);
  await ask(socket, 'CREATE EXTENSION citext; CREATE EXTENSION pgcrypto; CREATE EXTENSION "uuid-ossp"');
  assert.deepEqual(
    await ask(socket, "SELECT 'A'::citext = 'a', length(digest('x', 'sha256')), length(uuid_generate_v4()::text)"),
    ["t|32|36"],
  );
});

Deno.test("openEmbedded() takes the data of COPY FROM stdin, and survives bad data and a client that leaves", async () => {
  await using database = await openEmbedded({ kind: "embedded", directory: null });
  const first = await connect(database);
  await ask(first, "CREATE TABLE t(a int)");
  await exchange(first, message("Q", "COPY t FROM stdin\0"), "G");
  first.write(message("d", "1\n2\n"));
  await exchange(first, message("c", ""));
  await exchange(first, message("Q", "COPY t FROM stdin\0"), "G");
  first.write(message("d", "no number\n"));
  await exchange(first, message("c", ""));
  assert.deepEqual(await ask(first, "SELECT count(*) FROM t"), ["2"]);
  await exchange(first, message("Q", "COPY t FROM stdin\0"), "G");
  first.write(message("d", "3\n"));
  first.destroy();
  assert.deepEqual(await ask(await connect(database), "SELECT count(*) FROM t"), ["2"]);
});

Deno.test("openEmbedded() refuses a directory that holds something else, and touches nothing", async () => {
  await withDirectory(async (directory) => {
    await Deno.mkdir(directory, { recursive: true });
    await Deno.writeTextFile(`${directory}/notes.txt`, "mine");
    await assert.rejects(
      openEmbedded({ kind: "embedded", directory }),
      failsWith("directory-not-a-database", 2),
    );
    assert.deepEqual(Array.from(Deno.readDirSync(directory), ({ name }) => name), ["notes.txt"]);
    await assert.rejects(
      openEmbedded({ kind: "embedded", directory: `${directory}/notes.txt` }),
      failsWith("directory-not-a-database", 2),
    );
  });
});

Deno.test("openEmbedded() starts over where a creation was interrupted, and keeps what was closed", async () => {
  await withDirectory(async (directory) => {
    await Deno.mkdir(`${directory}/base/1`, { recursive: true });
    await Deno.writeTextFile(`${directory}/pgmigrate.unfinished`, "");
    await Deno.writeTextFile(`${directory}/PG_VERSION`, "");
    {
      await using database = await openEmbedded({ kind: "embedded", directory });
      await ask(await connect(database), "CREATE TABLE kept AS SELECT 1 AS a");
    }
    await using database = await openEmbedded({ kind: "embedded", directory });
    assert.deepEqual(await ask(await connect(database), "SELECT a FROM kept"), ["1"]);
  });
});

Deno.test("openEmbedded() refuses a directory of another version, or of a server", async () => {
  await withDirectory(async (directory) => {
    await Deno.mkdir(`${directory}/global`, { recursive: true });
    await Deno.writeTextFile(`${directory}/PG_VERSION`, "17\n");
    await assert.rejects(
      openEmbedded({ kind: "embedded", directory }),
      failsWith("directory-of-another-version", 2),
    );
    await Deno.writeTextFile(`${directory}/postmaster.opts`, "");
    await assert.rejects(openEmbedded({ kind: "embedded", directory }), failsWith("directory-of-a-server", 2));
  });
});

Deno.test("openEmbedded() keeps a directory to one process, and every transaction whole through many kills", async () => {
  await withDirectory(async (directory) => {
    {
      await using database = await openEmbedded({ kind: "embedded", directory });
      await ask(await connect(database), "CREATE TABLE batch(batch int, g int); INSERT INTO batch VALUES (0, 0)");
    }
    for (let kill = 0; kill < KILLS; kill++) {
      const child = new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", V8_FLAGS, CHILD.href, directory],
        stdout: "piped",
      }).spawn();
      const reader = child.stdout.getReader();
      await reader.read();
      if (kill === 0) {
        await assert.rejects(openEmbedded({ kind: "embedded", directory }), (error) => {
          assert.ok(failsWith("directory-locked", 5)(error));
          assert.match((error as Failure).message, new RegExp(`process ${child.pid}$`));
          return true;
        });
      }
      // Not a wait for something to happen: the kill is meant to come at any moment.
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 100));
      child.kill("SIGKILL");
      await child.status;
      await reader.cancel();
    }
    await using database = await openEmbedded({ kind: "embedded", directory });
    const socket = await connect(database);
    assert.deepEqual(
      await ask(socket, "SELECT batch FROM batch WHERE batch > 0 GROUP BY batch HAVING count(*) <> 20"),
      [],
    );
    assert.deepEqual(await ask(socket, "SELECT max(batch) > 0, max(batch) = count(DISTINCT batch) - 1 FROM batch"), [
      "t|t",
    ]);
  });
});
