import assert from "node:assert/strict";
import { createDirectory, type FileContents } from "./directory.ts";
import { assertDone, jsonLines, linesOf, resultOf } from "./pgmigrate.ts";
import { runProgram } from "./program.ts";

/** A file in which `lint` finds an error, and one in which it finds a mere note. */
const COMMITS = "CREATE TABLE a (id int);\nCOMMIT;\nCREATE TABLE b (id int);\n";
const PAIRED = "BEGIN;\nCREATE TABLE c (id int);\nCOMMIT;\n";
const RULE = "transaction-in-file";

async function withFiles(files: FileContents, use: (directory: Directory) => Promise<void>) {
  await using directory = await createDirectory(files);
  const lint = (args: readonly string[], input?: string) =>
    runProgram(["lint", ...args], {
      cwd: directory.path,
      // Nothing listens there: lint must not care.
      env: { DATABASE_URL: "postgres://localhost:1/nowhere" },
      ...input === undefined ? {} : { script: `printf %b ${JSON.stringify(input)} | "$@"` },
    });
  await use({ ...directory, lint });
}

type Directory = Awaited<ReturnType<typeof createDirectory>> & {
  readonly lint: (args: readonly string[], input?: string) => ReturnType<typeof runProgram>;
};

/** The files in which something was found, in order. */
function filesOf(stdout: string): readonly unknown[] {
  return linesOf(stdout, "finding").map(({ file }) => file);
}

Deno.test("lint exits with 7 for an error, and says in JSON where it is and what to write instead", async () => {
  await withFiles({ "001_a.sql": COMMITS }, async ({ lint }) => {
    const { code, stdout, stderr } = await lint(["--json"]);
    assert.deepEqual({ code, stderr }, { code: 7, stderr: "" });
    const [finding, result] = jsonLines(stdout);
    const { message, safe_form, ...rest } = finding!;
    assert.deepEqual(rest, {
      event: "finding",
      rule: RULE,
      severity: "error",
      file: "migrations/001_a.sql",
      line: 2,
      column: 1,
      end_line: 2,
      end_column: 7,
    });
    assert.match(String(message), /^COMMIT ends .*\.$/);
    assert.match(String(safe_form), /CREATE TABLE a .*CREATE TABLE b /s);
    assert.deepEqual(result, {
      event: "result",
      command: "lint",
      ok: false,
      exit_code: 7,
      files: 1,
      unreadable: 0,
      findings: { error: 1, warning: 0, info: 0 },
      fixable: 0,
      mended: 0,
      fixed: [],
    });
  });
});

Deno.test("lint exits with 0 for notes, with --strict for warnings too with 7", async () => {
  await withFiles({ "001_c.sql": PAIRED }, async ({ lint, write }) => {
    assert.equal((await lint(["--strict"])).code, 0);
    await write("002_d.sql", `-- pgmigrate: ignore=${RULE} it was once\nSELECT 1;\n`);
    assert.equal((await lint([])).code, 0);
    const { code, stdout } = await lint(["--strict"]);
    assert.equal(code, 7);
    assert.match(stdout, /^warning\[unused-ignore\]: .*\n {2}--> migrations\/002_d\.sql:1:1\n/m);
    assert.match(stdout, /^1 warning and 2 notes in 2 files\./m);
  });
});

Deno.test("lint looks only at the files that are named, in the directory or elsewhere", async () => {
  await withFiles({ "001_a.sql": COMMITS, "002_c.sql": PAIRED }, async ({ lint, path }) => {
    await Deno.writeTextFile(`${path}/draft.sql`, COMMITS);
    assert.deepEqual(filesOf((await lint(["--json", "./migrations/002_c.sql"])).stdout), [
      "migrations/002_c.sql",
      "migrations/002_c.sql",
    ]);
    assert.deepEqual(filesOf((await lint(["--json", `${path}/migrations/001_a.sql`, "draft.sql"])).stdout), [
      "migrations/001_a.sql",
      "draft.sql",
    ]);
    assert.deepEqual(filesOf((await lint(["--json", "-m", "nowhere", "draft.sql"])).stdout), ["draft.sql"]);
    const folder = await lint(["migrations"]);
    assert.equal(folder.code, 2);
    assert.match(folder.stderr, /^error: migrations is a directory, .*\n.*\nhint: .*--migrations migrations\n$/);
    const missing = await lint(["missing.sql"]);
    assert.equal(missing.code, 2);
    assert.match(missing.stderr, /^error: Cannot read missing\.sql/);
  });
});

Deno.test("lint - takes the files from stdin, and passes over what is no migration or not there", async () => {
  await withFiles({ "001_a.sql": COMMITS, "002_c.sql": PAIRED }, async ({ lint }) => {
    const listed = "README.md\nmigrations/009_gone.sql\nmigrations/001_a.sql\n";
    const { code, stdout, stderr } = await lint(["-", "--json"], listed);
    assert.equal(code, 7);
    assert.equal(stderr, "");
    assert.deepEqual(filesOf(stdout), ["migrations/001_a.sql"]);
    assert.deepEqual(linesOf(stdout, "note").map(({ message }) => String(message).split(":")[0]), [
      "Skipped README.md",
      "Skipped migrations/009_gone.sql",
    ]);
    const none = await lint(["-"], "");
    assert.deepEqual(none, { code: 0, stdout: "No findings in 0 files.\n", stderr: "" });
  });
});

Deno.test("lint applies the rules that are chosen, and knows no others", async () => {
  await withFiles({ "001_a.sql": COMMITS }, async ({ lint }) => {
    assert.equal((await lint(["--disable", RULE])).code, 0);
    assert.equal((await lint(["--rule", "unused-ignore", "--rule", RULE])).code, 7);
    assert.equal((await lint(["--rule", "unused-ignore", "--rule", "unknown-rule"])).code, 0);
    for (const option of ["--rule", "--disable"]) {
      const { code, stderr } = await lint([option, "transaction-in-fiel"]);
      assert.equal(code, 2);
      assert.match(stderr, new RegExp(`^error: There is no rule .*\nhint: Did you mean ${RULE}\\?`));
    }
    const none = await lint(["--rule", RULE, "--disable", RULE]);
    assert.equal(none.code, 2);
    assert.match(none.stderr, /^error: No rule is left to apply/);
    const version = await lint(["--postgres-version", "19"]);
    assert.equal(version.code, 2);
    // Another number is no slip of the finger.
    assert.match(version.stderr, /hint: It may be 14, 15, 16, 17, 18\.\n/);
    assert.equal((await lint(["--postgres-version", "18"])).code, 7);
  });
});

Deno.test("lint reports what the parser refuses as an error with its place, and lints the other files", async () => {
  const files = { "001_a.sql": COMMITS, "002_b.sql": "CREATE TABEL x ();\n", "003_c.sql": "\\set x 1\n" };
  await withFiles(files, async ({ lint }) => {
    const { code, stdout } = await lint(["--json"]);
    assert.equal(code, 7);
    assert.deepEqual(linesOf(stdout, "error").map(({ code, file, line, column }) => [code, file, line, column]), [
      ["syntax-error", "migrations/002_b.sql", 1, 8],
      ["psql-command", "migrations/003_c.sql", 1, 1],
    ]);
    assert.deepEqual(filesOf(stdout), ["migrations/001_a.sql"]);
    assert.equal(resultOf(stdout)["unreadable"], 2);
    assert.equal((await lint(["migrations/002_b.sql"])).code, 7);
  });
  await withFiles({ "1_a.sql": "SELECT 1;", "001_b.sql": "SELECT 1;" }, async ({ lint }) => {
    assert.equal((await lint([])).code, 2);
  });
  await withFiles({}, async ({ lint }) => assert.equal((await lint([])).code, 2));
});

Deno.test("lint --fix writes the safe form, leaves what nobody asked about, and finds no more of it", async () => {
  await withFiles({ "001_c.sql": PAIRED, "002_c.sql": PAIRED.replaceAll("\n", "\r\n") }, async ({ lint, read }) => {
    const { code, stdout } = await lint(["--fix", "--json", "migrations/002_c.sql"]);
    assert.equal(code, 0);
    assert.deepEqual(filesOf(stdout), []);
    const { mended, fixed } = resultOf(stdout);
    assert.deepEqual({ mended, fixed }, { mended: 2, fixed: ["migrations/002_c.sql"] });
    assert.equal(await read("001_c.sql"), PAIRED);
    assert.equal(await read("002_c.sql"), "CREATE TABLE c (id int);\r\n");
  });
});

Deno.test("lint --fix writes the next migrations, and what it wrote can be applied", async () => {
  const files = {
    "0001_a.sql": "CREATE TABLE a (id int PRIMARY KEY, b int);\n",
    "0002_b.sql": "ALTER TABLE a ADD CONSTRAINT a_b FOREIGN KEY (b) REFERENCES a (id);\nCREATE INDEX a_b ON a (b);\n",
  };
  await withFiles(files, async ({ lint, names, path }) => {
    const { code, stdout } = await lint(["--fix"]);
    assert.equal(
      stdout,
      "wrote  migrations/0002_b.sql\nwrote  migrations/0003_validate_a_b.sql\n" +
        "wrote  migrations/0004_create_index_a_b.sql\nFixed 2 findings.\nNo findings in 4 files.\n",
    );
    assert.equal(code, 0);
    assert.deepEqual(await names(), [
      "0001_a.sql",
      "0002_b.sql",
      "0003_validate_a_b.sql",
      "0004_create_index_a_b.sql",
    ]);
    assertDone(await runProgram(["up", "-d", "embedded:"], { cwd: path }));
    assert.match((await lint(["--fix"])).stdout, /^No findings in 4 files\.$/m);
  });
});

Deno.test("lint --format sarif writes one document with rules, regions and fingerprints", async () => {
  await withFiles({ "001_a b.sql": COMMITS, "002_b.sql": "SELEC 1;" }, async ({ lint }) => {
    const { code, stdout } = await lint(["--format", "sarif"]);
    assert.equal(code, 7);
    const { version, runs: [run] } = JSON.parse(stdout);
    assert.equal(version, "2.1.0");
    const [second, first] = run.results;
    assert.equal(run.tool.driver.rules[first.ruleIndex].id, RULE);
    assert.equal(run.tool.driver.rules[second.ruleIndex].id, "syntax-error");
    assert.deepEqual(first.locations[0].physicalLocation.artifactLocation, {
      uri: "migrations/001_a%20b.sql",
      uriBaseId: "%SRCROOT%",
    });
    const { snippet, ...region } = first.locations[0].physicalLocation.region;
    assert.deepEqual(region, { startLine: 2, startColumn: 1, endLine: 2, endColumn: 7 });
    assert.equal(snippet.text, "COMMIT;");
    assert.match(first.partialFingerprints["pgmigrate/v1"], /^[0-9a-f]{64}$/);
    for (const { helpUri } of run.tool.driver.rules.slice(0, -1)) assert.doesNotThrow(() => new URL(helpUri));
  });
});

Deno.test("only commands that find something write SARIF", async () => {
  await withFiles({}, async ({ path }) => {
    const { code, stdout, stderr } = await runProgram(["new", "x", "--format", "sarif"], { cwd: path });
    assert.deepEqual({ code, stdout }, { code: 2, stdout: "" });
    assert.match(stderr, /^error: pgmigrate new cannot write SARIF\n/);
  });
});

Deno.test("lint --format github puts an annotation at each finding", async () => {
  await withFiles({ "001_a.sql": COMMITS, "002_c.sql": PAIRED }, async ({ lint }) => {
    const { stdout } = await lint(["--format", "github"]);
    const commands = stdout.split("\n").filter((line) => line.startsWith("::")).map((line) => line.split("::")[1]);
    const at = (file: string, line: number, end: number) =>
      `file=migrations/${file},line=${line},endLine=${line},col=1,endColumn=${end},title=pgmigrate%3A ${RULE}`;
    assert.deepEqual(commands, [
      `error ${at("001_a.sql", 2, 6)}`,
      `notice ${at("002_c.sql", 1, 5)}`,
      `notice ${at("002_c.sql", 3, 6)}`,
    ]);
  });
});
