import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { Failure } from "../errors/failure.ts";
import { directoryMissing } from "../errors/migration_files.ts";
import { checksum } from "./checksum.ts";
import type { Files } from "./files.ts";
import { pathOf, readMigrations, readMigrationsToRun } from "./read_migrations.ts";

/** Files by their names; null for a directory, or a link that leads nowhere. */
type Contents = Readonly<Record<string, string | Uint8Array | null>>;

/** Odd, so that characters are cut. */
const PIECE_BYTES = 100_003;

function filesOf(contents: Contents): Files {
  return {
    isPlainName: () => true,
    list: () => Promise.resolve(Object.entries(contents).map(([name, file]) => ({ name, isFile: file !== null }))),
    read: (path, maxBytes) => Promise.resolve(bytesOf(path).length > maxBytes ? null : bytesOf(path)),
    async *stream(path) {
      const bytes = bytesOf(path);
      for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
        yield await Promise.resolve(bytes.slice(at, at + PIECE_BYTES));
      }
    },
    create: () => Promise.reject(new Error("Reading writes nothing")),
    replace: () => Promise.reject(new Error("Reading writes nothing")),
  };

  function bytesOf(path: string): Uint8Array {
    const content = contents[path.slice("m/".length)];
    assert.ok(content !== null && content !== undefined, `${path} is read and is no file`);
    return typeof content === "string" ? new TextEncoder().encode(content) : content;
  }
}

const read = (contents: Contents) => readMigrations(filesOf(contents), "m");

async function failureOf(reading: Promise<unknown>): Promise<Failure> {
  const error = await reading.then(() => null, (error: unknown) => error);
  assert.ok(error instanceof Failure, String(error));
  assert.equal(error.exitCode, 2);
  return error;
}

/** All failures that a reading ends with, each as its code and the file that it is about. */
async function problemsOf(contents: Contents): Promise<readonly (readonly [string, string | undefined])[]> {
  const failure = await failureOf(read(contents));
  return [failure, ...failure.details.others ?? []].map(({ code, details }) => [
    code,
    details.file ?? details.place?.file,
  ]);
}

Deno.test("readMigrations() gives migrations in order of their versions as numbers", async () => {
  const { migrations } = await read({
    "10_c.sql": "",
    "9_b.sql": "",
    "0001_a.sql": "",
    "20261122151000_e.sql": "",
    "011_d.sql": "",
    "9223372036854775807_g.sql": "",
    "9223372036854775806_f.sql": "",
  });
  assert.deepEqual(
    migrations.map(({ name }) => name.replace(/^\d+_/, "")),
    [..."abcdefg"].map((name) => `${name}.sql`),
  );
});

Deno.test("readMigrations() gives each migration as a value, its text without a BOM and with its line ends", async () => {
  const bytes = new TextEncoder().encode("\uFEFF-- pgmigrate: no-transaction\r\nSELECT 'é';\r\n");
  assert.deepEqual((await read({ "007_bond.sql": bytes })).migrations, [{
    version: 7n,
    name: "007_bond.sql",
    path: "m/007_bond.sql",
    checksum: checksum(bytes),
    text: "-- pgmigrate: no-transaction\r\nSELECT 'é';\r\n",
    directives: { noTransaction: true },
  }]);
});

Deno.test("readMigrations() drops one BOM from a file's text, and no second one", async () => {
  const { migrations } = await read({ "1_a.sql": "\uFEFF\uFEFFSELECT 1;", "2_b.sql": "SELECT '\uFEFF';" });
  assert.deepEqual(migrations.map(({ text }) => text), ["\uFEFFSELECT 1;", "SELECT '\uFEFF';"]);
});

Deno.test("readMigrations() lists other names as ignored, sorted, and reads none of them", async () => {
  const { migrations, ignored } = await read({
    "readme.md": null,
    "schema_migrations.sql": new Uint8Array([0xff]),
    "001_a.sql": "",
    ".001_a.sql.swp": new Uint8Array([0]),
  });
  assert.deepEqual(migrations.map(({ name }) => name), ["001_a.sql"]);
  assert.deepEqual(ignored, [".001_a.sql.swp", "readme.md", "schema_migrations.sql"]);
});

Deno.test("readMigrations() takes an empty directory and empty files", async () => {
  assert.deepEqual(await read({}), { migrations: [], ignored: [], misplaced: [] });
  assert.deepEqual((await read({ "1_a.sql": "" })).migrations.map(({ text }) => text), [""]);
});

Deno.test("readMigrations() refuses two files with one version, however it is written, and names them", async () => {
  const failure = await failureOf(read({ "1_a.sql": "", "001_b.sql": "", "2_c.sql": "", "01_d.sql": "" }));
  assert.equal(failure.code, "duplicate-version");
  assert.deepEqual(failure.details.items, ["m/001_b.sql", "m/01_d.sql", "m/1_a.sql"]);
  assert.equal(failure.details.others, undefined);
});

Deno.test("readMigrations() refuses versions that BIGINT or the words rule out, and takes the first and the last", async () => {
  for (const name of ["0_a.sql", "000_a.sql", "9223372036854775808_a.sql", `${"9".repeat(200)}_a.sql`]) {
    assert.deepEqual(await problemsOf({ [name]: "" }), [["bad-version", `m/${name}`]], name);
  }
  assert.equal((await read({ "1_a.sql": "", "9223372036854775807_z.sql": "" })).migrations.length, 2);
});

Deno.test("readMigrations() refuses what is named like a migration and is no file", async () => {
  assert.deepEqual(await problemsOf({ "001_a.sql": null, "002_b.sql": "" }), [["not-a-file", "m/001_a.sql"]]);
});

Deno.test("readMigrations() finds every bad name at once, before it reads a file", async () => {
  const files = filesOf({ "0_a.sql": "", "1_b.sql": "", "01_c.sql": "", "2_d.sql": null });
  const failure = await failureOf(readMigrations({ ...files, read: () => assert.fail("a file was read") }, "m"));
  assert.deepEqual(
    [failure, ...failure.details.others!].map(({ code }) => code),
    ["bad-version", "not-a-file", "duplicate-version"],
  );
});

Deno.test("readMigrations() finds every bad file at once", async () => {
  const problems = await problemsOf({
    "1_a.sql": "a\0b",
    "2_b.sql": new Uint8Array([0x61, 0xff]),
    "3_c.sql": "-- pgmigrate: nonsense\n-- pgmigrate: no-transaction=1\n",
    "4_d.sql": "SELECT 1;",
    "5_e.sql": "SELECT 1;\n-- pgmigrate: no-transaction\n",
  });
  assert.deepEqual(problems, [
    ["nul-byte", "m/1_a.sql"],
    ["not-utf8", "m/2_b.sql"],
    ["bad-directive", "m/3_c.sql"],
    ["bad-directive", "m/3_c.sql"],
  ]);
});

Deno.test("readMigrations() tells of a directive that counts for nothing, and takes the file", async () => {
  const { migrations, misplaced } = await read({ "1_a.sql": "SELECT 1;\r\n\r\n  -- pgmigrate: no-transaction\r\n" });
  assert.deepEqual(misplaced, [{ file: "m/1_a.sql", comment: "-- pgmigrate: no-transaction", line: 3 }]);
  assert.deepEqual(migrations.map(({ directives }) => directives), [{ noTransaction: false }]);
});

Deno.test("readMigrations() gives a bad directive its line and column", async () => {
  const failure = await failureOf(read({ "1_a.sql": "\uFEFF-- 🎉\r\n\r\n /* 🎉 */ -- pgmigrate: nonsense\r\n" }));
  assert.deepEqual(failure.details.place, {
    file: "m/1_a.sql",
    line: 3,
    column: 10,
    sourceLine: " /* 🎉 */ -- pgmigrate: nonsense",
  });
});

Deno.test("readMigrations() counts the offset of a NUL byte from the start of the file, a BOM included", async () => {
  const failure = await failureOf(read({ "1_a.sql": "\uFEFFé\0\0" }));
  assert.match(failure.message, /offset 5$/);
});

/** A file in another encoding than UTF-8, and the offset of its first byte that is not UTF-8. */
const NOT_UTF8: readonly (readonly [string, readonly number[], number])[] = [
  ["a lone continuation byte", [0x61, 0x80, 0x61], 1],
  ["a byte that UTF-8 never has", [0xff, 0x61], 0],
  ["an overlong encoding", [0x61, 0xc0, 0xaf], 1],
  ["after a BOM", [0xef, 0xbb, 0xbf, 0x61, 0xff], 4],
  ["after a BOM and a second one", [0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf, 0xff], 6],
];

/** Sequences that start well and do not end: the byte that starts them is the one to look at. */
const CUT_SHORT: readonly (readonly [string, readonly number[], number])[] = [
  ["é of Latin-1 before a quote", [0x27, 0xe9, 0x27], 1],
  ["ä of Latin-1 before a letter, after two characters", [0xc3, 0xa4, 0x61, 0xe4, 0x6e], 3],
  ["a sequence of three, cut off by the end", [0x61, 0xe2, 0x82], 1],
  ["a sequence of four, cut off by a letter", [0xf0, 0x9f, 0x8e, 0x61], 0],
  ["half of a surrogate pair", [0x61, 0xed, 0xa0, 0x80], 1],
];

async function assertOffsets(cases: typeof NOT_UTF8): Promise<void> {
  for (const [what, bytes, offset] of cases) {
    const failure = await failureOf(read({ "1_a.sql": Uint8Array.from(bytes) }));
    assert.equal(failure.code, "not-utf8", what);
    assert.match(failure.message, new RegExp(`offset ${offset}$`), what);
  }
}

Deno.test("readMigrations() counts the offset of a byte that is not UTF-8 from the start of the file", async () => {
  await assertOffsets(NOT_UTF8);
});

Deno.test("readMigrations() points at the byte with which a broken character starts, not at the one after it", async () => {
  await assertOffsets(CUT_SHORT);
});

Deno.test("readMigrations() takes a file if and only if it is UTF-8 without a NUL byte", async () => {
  const bytes = fc.array(
    fc.oneof(
      fc.constantFrom(0x00, 0x61, 0x7f, 0x80, 0xbf, 0xc2, 0xe0, 0xed, 0xf0, 0xf4, 0xff),
      fc.nat(255),
    ),
    { maxLength: 5 },
  ).map((bytes) => Uint8Array.from(bytes));
  await fc.assert(fc.asyncProperty(bytes, async (bytes) => {
    // A text that comes back as the bytes it was made of is UTF-8.
    const again = new TextEncoder().encode(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes));
    const valid = !bytes.includes(0) && Buffer.from(again).equals(bytes);
    const taken = await read({ "1_a.sql": bytes }).then(() => true, () => false);
    assert.equal(taken, valid);
  }));
});

Deno.test("readMigrations() reads many files, each once", async () => {
  const contents = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`${index + 1}_a.sql`, `${index}`]));
  const files = filesOf(contents);
  const seen: string[] = [];
  const { migrations } = await readMigrations({
    ...files,
    read(path, maxBytes) {
      seen.push(path);
      return files.read(path, maxBytes);
    },
  }, "m");
  assert.deepEqual(migrations.map(({ text }) => text), Array.from({ length: 100 }, (_, index) => `${index}`));
  assert.deepEqual([new Set(seen).size, seen.length], [100, 100]);
});

Deno.test("readMigrations() lets the failures of the file system through", async () => {
  const files = filesOf({});
  const missing = { ...files, list: (directory: string) => Promise.reject(directoryMissing(directory)) };
  assert.equal((await failureOf(readMigrations(missing, "m"))).code, "directory-missing");
});

Deno.test("readMigrationsToRun() refuses a directory without migrations, and names what it ignored", async () => {
  const failure = await failureOf(readMigrationsToRun(filesOf({ "a.sql": "", "V1__b.sql": "" }), "m"));
  assert.equal(failure.code, "no-migrations");
  assert.deepEqual(failure.details.items, ["ignored: V1__b.sql", "ignored: a.sql"]);
  assert.equal((await failureOf(readMigrationsToRun(filesOf({}), "m"))).details.items, undefined);
  assert.equal((await readMigrationsToRun(filesOf({ "1_a.sql": "" }), "m")).migrations.length, 1);
});

Deno.test("pathOf() joins a directory and a name as the user would write it", () => {
  assert.equal(pathOf("migrations", "1_a.sql"), "migrations/1_a.sql");
  assert.equal(pathOf("migrations/", "1_a.sql"), "migrations/1_a.sql");
  assert.equal(pathOf("/", "1_a.sql"), "/1_a.sql");
  assert.equal(pathOf("../my files", "1_a.sql"), "../my files/1_a.sql");
});
