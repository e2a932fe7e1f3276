import assert from "node:assert/strict";
import { createDirectory, type Directory } from "./directory.ts";
import { assertDone, linesOf, resultOf } from "./pgmigrate.ts";
import { runProgram } from "./program.ts";
import { sharedServer } from "./servers/mod.ts";

const server = await sharedServer("18");

const BASE = {
  "001_a.sql": "CREATE TABLE a (n int);\n",
  "002_b.sql": "CREATE TABLE b (n int);\n",
  "003_c.sql": "CREATE TABLE c (n int);\n",
  "005_e.sql": "CREATE TABLE e (n int);\n",
};

/** On a server: a database there is made sooner than the embedded one starts. */
function check(directory: Directory, ...args: readonly string[]) {
  return runProgram(["check", "--database-url", server.url(), ...args], { cwd: directory.path });
}

/** The base is in `main` beside `migrations`, and everything is changed that may not be. */
async function changed(): Promise<Directory> {
  const directory = await createDirectory(BASE);
  await Deno.mkdir(`${directory.path}/main`);
  for (const [name, text] of Object.entries(BASE)) await Deno.writeTextFile(`${directory.path}/main/${name}`, text);
  return directory;
}

async function changeAll(directory: Directory): Promise<void> {
  await directory.write("001_a.sql", "CREATE TABLE a (n bigint);\n");
  await directory.remove("002_b.sql");
  await directory.write("002_better.sql", BASE["002_b.sql"]);
  await directory.remove("003_c.sql");
  await directory.write("004_new.sql", "CREATE TABLE new ();\n");
  await directory.write("006_later.sql", "CREATE TABLE later ();\n");
}

const FAULTS = [
  ["base-edited", "migrations/001_a.sql", /^001_a\.sql is in main, and was edited/],
  ["base-renamed", "migrations/002_better.sql", /^002_b\.sql is in main, and was renamed: it is 002_better\.sql now$/],
  ["base-removed", "migrations/003_c.sql", /^003_c\.sql is in main, and was removed$/],
  ["numbered-around", "migrations/004_new.sql", /^004_new\.sql is new, and main is at 005_e\.sql already$/],
] as const;

function assertFaults(stdout: string, base: string): void {
  const found = linesOf(stdout, "error");
  assert.deepEqual(found.map(({ code, file }) => [code, file]), FAULTS.map(([code, file]) => [code, file]));
  for (const [index, [, , message]] of FAULTS.entries()) {
    assert.match(String(found[index]!.message).replaceAll(base, "main"), message);
    assert.ok(found[index]!.hint);
  }
}

Deno.test("check --base DIR tells every file that was edited, renamed, removed or numbered around", async () => {
  await using directory = await changed();
  assertDone(await check(directory, "--base", "main"));
  await changeAll(directory);
  const json = await check(directory, "--base", "main", "--json");
  assert.equal(json.code, 7);
  assertFaults(json.stdout, "main");
  assert.match(String(linesOf(json.stdout, "error")[0]!.message), /was edited: the SQL changed$/);
  assert.equal(linesOf(json.stdout, "error")[0]!.detail, "-  CREATE TABLE a (n int);\n+  CREATE TABLE a (n bigint);");
  assert.deepEqual(
    resultOf(json.stdout).passed,
    ["1", "2", "4", "5", "6"],
    "the files themselves are tried all the same",
  );
});

Deno.test("check --base takes line ends and a BOM as the checksum does, and says when only comments changed", async () => {
  await using directory = await changed();
  await directory.write("001_a.sql", "\uFEFFCREATE TABLE a (n int);\r\n");
  assertDone(await check(directory, "--base", "main"));
  await directory.write("001_a.sql", "-- why\nCREATE TABLE a (n int);\n");
  const { code, stderr } = await check(directory, "--base", "main");
  assert.equal(code, 7);
  assert.match(stderr, /error: 001_a\.sql is in main, and was edited: only comments or white space changed\n/);
  assert.match(stderr, /\nhint: Take the edit back, and make the change in a new migration: pgmigrate new NAME\n/);
});

Deno.test({
  name: "check --write-sums writes what sha256sum checks, and --sums and --base hold the files to it",
  // Elsewhere there is no GNU coreutils, or no such name.
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using directory = await createDirectory({
      ...BASE,
      "007_back\\slash.sql": "SELECT 7;\n",
      "008_line\nend.sql": "SELECT 8;\n",
      "009_ two  spaces.sql": "SELECT 9;\n",
    });
    const sums = "migrations/main.sums";
    const wrote = await check(directory, "--write-sums", sums);
    assertDone(wrote);
    assert.match(wrote.stdout, /\nWrote the checksums of 7 migrations to migrations\/main\.sums\n$/);
    const coreutils = await new Deno.Command("sha256sum", {
      args: ["--check", "--strict", "--quiet", "main.sums"],
      cwd: `${directory.path}/migrations`,
    }).output();
    assert.equal(coreutils.code, 0, new TextDecoder().decode(coreutils.stderr));
    assertDone(await check(directory, "--sums", sums));
    for (const name of ["007_back\\slash.sql", "008_line\nend.sql", "009_ two  spaces.sql"]) {
      await directory.remove(name);
    }
    await Deno.remove(`${directory.path}/${sums}`);
    assertDone(await check(directory, "--write-sums", "main"));
    await changeAll(directory);
    const before = await Deno.readTextFile(`${directory.path}/main`);
    for (const option of ["--sums", "--base"]) {
      const { code, stdout } = await check(directory, option, "main", "--write-sums", "main", "--json");
      assert.equal(code, 7);
      assertFaults(stdout, "main");
      assert.equal(await Deno.readTextFile(`${directory.path}/main`), before, "the proof is not written over");
    }
  },
});

Deno.test({
  name: "check reads the sums that sha256sum writes, and says which line it cannot read",
  // Elsewhere there is no GNU coreutils, or no such name.
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using directory = await createDirectory({ ...BASE, "006_back\\slash.sql": "SELECT 6;\n" });
    const { stdout } = await new Deno.Command("bash", {
      args: ["-c", "sha256sum --binary ./*.sql | sed 's/$/\\r/'"],
      cwd: `${directory.path}/migrations`,
    }).output();
    await Deno.writeFile(`${directory.path}/sums`, stdout);
    assertDone(await check(directory, "--sums", "sums"));
    for (
      const [text, line] of [
        [`${"0".repeat(64)}  001_a.sql\n<<<<<<< HEAD\n`, "sums:2:1"],
        [`${"0".repeat(63)}  001_a.sql\n`, "sums:1:1"],
        ["", "sums"],
      ] as const
    ) {
      await Deno.writeTextFile(`${directory.path}/sums`, text);
      const { code, stdout, stderr } = await check(directory, "--sums", "sums");
      assert.deepEqual({ code, stdout }, { code: 2, stdout: "" });
      assert.ok(stderr.includes(`--> ${line}\n`), stderr);
    }
    const missing = await check(directory, "--base", "nowhere");
    assert.equal(missing.code, 2);
    assert.match(missing.stderr, /^error: There is nothing at nowhere to compare with\nhint: --base takes /);
  },
});

Deno.test("check --base lints what is new alone", async () => {
  await using directory = await changed();
  const unknown = (table: string) => `-- pgmigrate: ignore=no-such-rule because\nCREATE TABLE ${table} ();\n`;
  for (const folder of ["main", "migrations"]) {
    await Deno.writeTextFile(`${directory.path}/${folder}/006_f.sql`, unknown("f"));
  }
  assert.equal((await check(directory, "-q")).code, 7, "what the base has is linted without --base");
  await directory.write("007_g.sql", unknown("g"));
  const { code, stdout } = await check(directory, "--base", "main", "--json");
  assert.equal(code, 7);
  assert.deepEqual(linesOf(stdout, "finding").map(({ file }) => file), ["migrations/007_g.sql"]);
  await directory.remove("007_g.sql");
  assertDone(await check(directory, "--base", "main", "--strict"));
});

Deno.test("check tells what was changed where the server cannot be reached too", async () => {
  await using directory = await changed();
  await directory.write("001_a.sql", "CREATE TABLE a (n bigint);\n");
  const url = "postgres://nobody@127.0.0.1:1/nothing";
  const { code, stdout } = await runProgram(["check", "--json", "-d", url, "--base", "main"], { cwd: directory.path });
  assert.equal(code, 4);
  assert.deepEqual(linesOf(stdout, "error").map(({ code }) => code), ["cannot-connect", "base-edited"]);
});

Deno.test("check --base of a directory without migrations is a mistake, not a base that every file is held to", async () => {
  await using directory = await createDirectory(BASE);
  await Deno.mkdir(`${directory.path}/main`);
  const { code, stdout } = await check(directory, "--base", "main", "--json");
  assert.equal(code, 2);
  assert.deepEqual(linesOf(stdout, "error").map(({ code, message }) => ({ code, message })), [
    { code: "no-base", message: "There is nothing at main to compare with" },
  ]);
});

Deno.test("check --base of the migrations directory itself is a mistake, for the files agree with themselves", async () => {
  await using directory = await createDirectory(BASE);
  for (const base of ["migrations", "./migrations/", `${directory.path}/migrations`]) {
    const { code, stdout } = await check(directory, "--base", base, "--json");
    assert.equal(code, 2);
    assert.deepEqual(linesOf(stdout, "error").map(({ code }) => code), ["base-is-itself"]);
  }
});

Deno.test("check --sums says where sha256sum is to be run when names are not relative to the directory", async () => {
  await using directory = await createDirectory(BASE);
  await Deno.writeTextFile(`${directory.path}/sums`, `${"a".repeat(64)}  migrations/001_a.sql\n`);
  const { code, stderr } = await check(directory, "--sums", "sums");
  assert.equal(code, 2);
  assert.match(
    stderr,
    /line 1 of sums: its name is not relative to the migrations directory, where sha256sum is to be run/,
  );
});
