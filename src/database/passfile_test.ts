import assert from "node:assert/strict";
import type { Warning } from "../events.ts";
import { findPassword, type PassfileContext, passwordFromFile } from "./passfile.ts";
import type { FileStatus } from "./setting_files.ts";

const LOGIN = { host: "db", port: 5432, database: "app", user: "ann" };

function context(status: Partial<FileStatus> | null, more: Partial<PassfileContext> = {}) {
  const warnings: Warning[] = [];
  const read: string[] = [];
  return {
    warnings,
    read,
    path: undefined,
    env: { HOME: "/home/ann", APPDATA: "C:\\Data" },
    os: "other" as const,
    files: {
      readText(path: string) {
        read.push(path);
        return Promise.resolve("*:*:*:*:secret");
      },
      stat: () => Promise.resolve(status === null ? null : { isFile: true, mode: 0o600, owner: 1000, ...status }),
    },
    warn: (warning: Warning) => void warnings.push(warning),
    ...more,
  };
}

Deno.test("findPassword() takes the first line that fits", () => {
  const text = "# db:5432:app:ann:comment\n\nbroken\ndb:5433:app:ann:port\ndb:5432:*:ann:first\n*:*:*:*:last\n";
  assert.equal(findPassword(text, LOGIN), "first");
  assert.equal(findPassword(text, { ...LOGIN, user: "eve" }), "last");
  assert.equal(findPassword("db:5432:app:eve:x\n", LOGIN), null);
  assert.equal(findPassword("", LOGIN), null);
});

Deno.test("findPassword() reads \\: and \\\\ as : and \\, and CRLF as a line end", () => {
  const text = "\\:\\:1:5432:a\\\\b:ann:p\\:w\\\\d\r\n";
  assert.equal(findPassword(text, { ...LOGIN, host: "::1", database: "a\\b" }), "p:w\\d");
});

Deno.test("findPassword() takes * as a wildcard only where it stands alone and unescaped", () => {
  assert.equal(findPassword("d*:5432:app:ann:x", LOGIN), null);
  assert.equal(findPassword("\\*:5432:app:ann:x", LOGIN), null);
  assert.equal(findPassword("\\*:5432:app:ann:x", { ...LOGIN, host: "*" }), "x");
});

Deno.test("findPassword() looks for localhost where the host is a usual socket directory, and no other", () => {
  const text = "localhost:5432:app:ann:x";
  assert.equal(findPassword(text, { ...LOGIN, host: "/tmp" }), "x");
  assert.equal(findPassword(text, { ...LOGIN, host: "/var/run/postgresql" }), "x");
  assert.equal(findPassword(text, { ...LOGIN, host: "/elsewhere" }), null);
});

Deno.test("passwordFromFile() looks in the usual place of the system, or where it is told", async () => {
  const unix = context({});
  assert.equal(await passwordFromFile(LOGIN, unix), "secret");
  assert.deepEqual(unix.read, ["/home/ann/.pgpass"]);
  const windows = context({ mode: null }, { os: "windows" });
  assert.equal(await passwordFromFile(LOGIN, windows), "secret");
  assert.deepEqual(windows.read, ["C:\\Data\\postgresql\\pgpass.conf"]);
  const told = context({}, { path: "/run/secrets/pgpass" });
  await passwordFromFile(LOGIN, told);
  assert.deepEqual(told.read, ["/run/secrets/pgpass"]);
});

Deno.test("passwordFromFile() does not use a file that others can read, and warns", async () => {
  for (const status of [{ mode: 0o640 }, { mode: 0o604 }, { isFile: false }]) {
    const world = context(status);
    assert.equal(await passwordFromFile(LOGIN, world), null);
    assert.deepEqual(world.read, []);
    assert.equal(world.warnings[0]?.code, "password-file-not-used");
  }
});

Deno.test("passwordFromFile() goes on in silence without a file or a home directory", async () => {
  for (const world of [context(null), context({}, { env: {} })]) {
    assert.equal(await passwordFromFile(LOGIN, world), null);
    assert.deepEqual(world.warnings, []);
  }
});
