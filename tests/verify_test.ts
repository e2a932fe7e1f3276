import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { assertDone, createProject, linesOf, resultOf } from "./pgmigrate.ts";
import { sharedServer, sharedServers } from "./servers/mod.ts";

const server = await sharedServer("18");

const FILES = {
  "001_a.sql": "CREATE TABLE a (n int);\n",
  "002_b.sql": "ALTER TABLE a ADD COLUMN email text;\n-- done\n",
  "003_c.sql": "CREATE TABLE c ();\n",
};

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

const DIGEST = sha256(
  Object.values(FILES).map((text, index) => `${index + 1} ${sha256(text)}\n`).join(""),
);

for (const server of await sharedServers()) {
  Deno.test(`verify proves that nothing was edited, and shows what was, on server ${server.version}`, async () => {
    await using project = await createProject(server, FILES);
    assertDone(await project.run(["up"]));
    assert.deepEqual(await project.run(["verify"]), {
      code: 0,
      stdout: `All 3 applied migrations are unchanged.\nState digest: ${DIGEST}\n`,
      stderr: "",
    });

    await project.directory.write("001_a.sql", "CREATE TABLE a (n int);\n\n-- a comment\n");
    await project.directory.write("002_b.sql", "ALTER TABLE a ADD COLUMN email varchar;\n-- done\n");
    const edited = await project.run(["verify"]);
    assert.deepEqual({ code: edited.code, stderr: edited.stderr }, { code: 3, stderr: "" });
    assert.deepEqual(edited.stdout.split("\n").map((line) => line.replace(/^(\w+) +/, "$1 ")), [
      "edited 001_a.sql: only comments or white space changed",
      "  +",
      "  +  -- a comment",
      "edited 002_b.sql: the SQL changed",
      "  -  ALTER TABLE a ADD COLUMN email text;",
      "  +  ALTER TABLE a ADD COLUMN email varchar;",
      "2 of 3 applied migrations were edited. Take the edit back, and make the change in a new migration: pgmigrate new",
      `State digest: ${DIGEST}`,
      "",
    ]);
  });
}

Deno.test("verify takes CRLF and a BOM for no edit, and another literal for one", async () => {
  await using project = await createProject(server, { "001_a.sql": "SELECT 'one';\nSELECT 2;\n" });
  assertDone(await project.run(["up"]));
  await project.directory.write("001_a.sql", "\ufeffSELECT 'one';\r\nSELECT 2;\r\n");
  assertDone(await project.run(["verify"]));
  await project.directory.write("001_a.sql", "SELECT 'two';\nSELECT 2;\n");
  const { code, stdout } = await project.run(["verify", "--json"]);
  assert.equal(code, 3);
  assert.deepEqual(linesOf(stdout, "migration")[0]!.edit, {
    kind: "sql",
    lines: [{ kind: "removed", text: "SELECT 'one';" }, { kind: "added", text: "SELECT 'two';" }],
  });
});

Deno.test("verify lists what is missing, renamed, pending and out of order in JSON, a list for every state", async () => {
  await using project = await createProject(server, FILES);
  assertDone(await project.run(["up"]));
  await project.directory.remove("001_a.sql");
  await project.directory.remove("003_c.sql");
  await project.directory.write("0003_renamed.sql", FILES["003_c.sql"]);
  await project.directory.write("004_d.sql", "SELECT 1;");
  const { code, stdout, stderr } = await project.run(["verify", "--json"]);
  assert.deepEqual({ code, stderr }, { code: 3, stderr: "" });
  assert.deepEqual(
    linesOf(stdout, "migration").map(({ version, name, state, renamed_from, checksum, applied_at }) => ({
      version,
      name,
      state,
      renamed_from,
      checksum,
      at: typeof applied_at,
    })),
    [
      {
        version: "1",
        name: "001_a.sql",
        state: "missing",
        renamed_from: undefined,
        checksum: sha256(FILES["001_a.sql"]),
        at: "string",
      },
      {
        version: "2",
        name: "002_b.sql",
        state: "applied",
        renamed_from: undefined,
        checksum: sha256(FILES["002_b.sql"]),
        at: "string",
      },
      {
        version: "3",
        name: "0003_renamed.sql",
        state: "applied",
        renamed_from: "003_c.sql",
        checksum: sha256(FILES["003_c.sql"]),
        at: "string",
      },
      {
        version: "4",
        name: "004_d.sql",
        state: "pending",
        renamed_from: undefined,
        checksum: sha256("SELECT 1;"),
        at: "object",
      },
    ],
  );
  assert.deepEqual(resultOf(stdout), {
    event: "result",
    command: "verify",
    ok: false,
    exit_code: 3,
    state_digest: DIGEST,
    recorded: [],
    restored: [],
    restorable: ["1"],
    applied: ["2", "3"],
    pending: ["4"],
    edited: [],
    missing: ["1"],
    out_of_order: [],
    unrecorded: [],
    unfinished: [],
  });
});

Deno.test("verify --restore writes missing files as they were applied, never over one that is there", async () => {
  await using project = await createProject(server, { ...FILES, "002_b.sql": "\ufeff-- größe\r\nSELECT 'é';\r\n" });
  assertDone(await project.run(["up"]));
  await project.directory.remove("001_a.sql");
  await project.directory.remove("002_b.sql");
  await project.directory.write("003_c.sql", "-- mine\n");
  const { code, stdout } = await project.run(["verify", "--restore"]);
  assert.equal(code, 3);
  assert.match(stdout, /^restored +migrations\/001_a\.sql\nrestored +migrations\/002_b\.sql\n/m);
  assert.equal(await project.directory.read("001_a.sql"), FILES["001_a.sql"]);
  assert.equal(await project.directory.read("003_c.sql"), "-- mine\n");
  await project.directory.write("003_c.sql", FILES["003_c.sql"]);
  assertDone(await project.run(["verify"]));
});

Deno.test("verify --restore does not follow a name out of the directory", async () => {
  await using project = await createProject(server, { "001_a.sql": "SELECT 1;\n" });
  assertDone(await project.run(["up"]));
  for (
    const name of [
      "../1_escaped.sql",
      "/tmp/1_escaped.sql",
      "2_other_version.sql",
      "1_a\n/b.sql",
      "CON",
      "",
      "1_a.sql ",
    ]
  ) {
    await project.query(`UPDATE schema_migrations SET name = '${name}'`);
    await Deno.remove(`${project.directory.path}/migrations/001_a.sql`).catch(() => {});
    const { code, stdout, stderr } = await project.run(["verify", "--restore"]);
    assert.equal(code, 3, name);
    assert.match(stderr, /^warning: Cannot restore version 1: the tracker's name for it is not a file name:.*\n$/);
    assert.match(stdout, /from version control: the tracker cannot give them\n/);
    assert.deepEqual(await project.directory.names(), []);
  }
});

Deno.test("verify --restore brings back a file whatever its name is, and shows the name on one line", async () => {
  const name = "1_a\n\x1b[2J\u202e\\:.sql";
  await using project = await createProject(server, { [name]: "SELECT 1;\n" });
  assertDone(await project.run(["up"]));
  await project.directory.remove(name);
  const restored = await project.run(["verify", "--restore"]);
  assertDone(restored);
  assert.match(restored.stdout, /^restored +migrations\/1_a\\n\\u\{1b\}\[2J\\u\{202e\}\\:\.sql\n/);
  assert.equal(await project.directory.read(name), "SELECT 1;\n");
  assertDone(await project.run(["verify"]));
});

Deno.test("verify --restore writes through no link, and leaves what a link leads to as it is", async () => {
  await using project = await createProject(server, { "001_a.sql": "SELECT 1;\n" });
  assertDone(await project.run(["up"]));
  await project.directory.remove("001_a.sql");
  const outside = `${project.directory.path}/outside`;
  // A link that leads nowhere would be made a file by who writes through it; pgmigrate takes it for a bad file.
  await Deno.symlink(outside, `${project.directory.path}/migrations/001_a.sql`);
  assert.equal((await project.run(["verify", "--restore"])).code, 2);
  await assert.rejects(Deno.lstat(outside), Deno.errors.NotFound);
  await Deno.writeTextFile(outside, "SELECT 2;\n");
  assert.equal((await project.run(["verify", "--restore"])).code, 3);
  assert.equal(await Deno.readTextFile(outside), "SELECT 2;\n");
});

Deno.test("verify --restore says which file it cannot bring back", async () => {
  await using project = await createProject(server, { "001_large.sql": `-- ${"x".repeat(1024 * 1024)}\nSELECT 1;\n` });
  assertDone(await project.run(["up"]));
  assert.deepEqual(await project.query("SELECT source, length(checksum) AS length FROM schema_migrations"), [
    { source: null, length: 64 },
  ]);
  await project.directory.remove("001_large.sql");
  const { code, stdout, stderr } = await project.run(["verify", "--restore"]);
  assert.equal(code, 3);
  assert.match(stdout, /1 of 1 applied migration is missing\. Bring files back from version control/);
  assert.match(stderr, /^warning: Cannot restore 001_large\.sql: the tracker does not hold its text\n/);
});

Deno.test("verify says of a file with COPY what changed: its data, its comments, or its SQL", async () => {
  const text = "CREATE TABLE a (n int);\nCOPY a FROM stdin;\n1\n\\.\n";
  await using project = await createProject(server, { "001_a.sql": text });
  assertDone(await project.run(["up"]));
  const edits = [
    [text.replace("1\n", "2\n"), "the data of COPY changed"],
    [`-- rows\n${text}`, "only comments or white space changed"],
    [text.replace("CREATE", "CREAT"), "the SQL changed"],
  ] as const;
  for (const [edited, sentence] of edits) {
    await project.directory.write("001_a.sql", edited);
    const { code, stdout } = await project.run(["verify"]);
    assert.equal(code, 3);
    assert.match(stdout, new RegExp(`^edited +001_a\\.sql: ${sentence}\n`));
  }
});

Deno.test("up does not advise to delete an edited file of which the tracker has no text", async () => {
  const text = `-- ${"x".repeat(1024 * 1024)}\nSELECT 1;\n`;
  await using project = await createProject(server, { "001_large.sql": text });
  assertDone(await project.run(["up"]));
  await project.directory.write("001_large.sql", `${text}SELECT 2;\n`);
  const { code, stderr } = await project.run(["up"]);
  assert.equal(code, 3);
  assert.match(stderr, /hint: .*\(the file as it was applied is in version control\)/);
  assert.doesNotMatch(stderr, /--restore/);
});

Deno.test("verify puts an annotation at every edited and missing file for GitHub", async () => {
  await using project = await createProject(server, FILES);
  assertDone(await project.run(["up"]));
  await project.directory.write("001_a.sql", "CREATE TABLE a ();\n");
  await project.directory.remove("003_c.sql");
  const { code, stdout } = await project.run(["verify", "--format", "github"]);
  assert.equal(code, 3);
  const commands = stdout.split("\n").filter((line) => line.startsWith("::"));
  assert.equal(commands.length, 2, stdout);
  assert.match(
    commands[0]!,
    /^::error file=migrations\/001_a\.sql,title=[^:]*::001_a\.sql was edited after it was applied: the SQL changed/,
  );
  assert.match(commands[1]!, /^::error .*title=[^:]*::003_c\.sql was applied, and its file is missing/);
});

Deno.test("verify and status of a database without a tracker write nothing", async () => {
  await using project = await createProject(server, FILES);
  const verify = await project.run(["verify"]);
  assertDone(verify);
  assert.match(verify.stdout, /^No migration has been applied: there is nothing to verify\.\n/);
  assertDone(await project.run(["status"]));
  assert.deepEqual(await project.query("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"), []);
});

Deno.test("two databases with the same migrations have the same state digest, and others have not", async () => {
  await using one = await createProject(server, FILES);
  await using other = await createProject(await sharedServer("14"), FILES);
  assertDone(await one.run(["up"]));
  assertDone(await other.run(["up", "--to", "2"]));
  assertDone(await other.run(["up"]));
  const digest = async (run: typeof one.run) => resultOf((await run(["verify", "--json"])).stdout).state_digest;
  assert.equal(await digest(one.run), await digest(other.run));
  await other.directory.write("004_d.sql", "SELECT 1;\n");
  assertDone(await other.run(["up"]));
  assert.notEqual(await digest(one.run), await digest(other.run));
});
