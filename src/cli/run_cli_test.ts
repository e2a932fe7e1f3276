import assert from "node:assert/strict";
import { interrupted } from "../errors/program.ts";
import { PROGRAM_VERSION } from "./program_version.ts";
import { runCli } from "./run_cli.ts";
import type { World } from "./world.ts";

/** Runs a command line in a world of its own, which has no database and no files but those given. */
async function run(
  args: readonly string[],
  { env = {}, files = {}, ...rest }: Partial<World> & { readonly files?: Readonly<Record<string, string>> } = {},
) {
  const written = { stdout: "", stderr: "" };
  const stream = (name: keyof typeof written) => ({
    isTerminal: false,
    write: (text: string) => void (written[name] += text),
  });
  const exitCode = await runCli(args, {
    env,
    stdout: stream("stdout"),
    stderr: stream("stderr"),
    columns: null,
    platform: "linux",
    runtime: "Deno 0.0.0",
    readTextFile: (path) =>
      Object.hasOwn(files, path) ? Promise.resolve(files[path]!) : Promise.reject(new Error(`No such file: ${path}`)),
    readInput: () => Promise.resolve(""),
    now: () => new Date(0),
    signal: new AbortController().signal,
    uncaught: new Promise(() => {}),
    ...rest,
  });
  return { exitCode, ...written };
}

/** The lines of a JSON output. */
function parsed(stdout: string): readonly Record<string, unknown>[] {
  return stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
}

async function withDirectory(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await use(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("pgmigrate alone prints the help on stderr and exits with 2", async () => {
  const { exitCode, stdout, stderr } = await run([]);
  assert.equal(exitCode, 2);
  assert.equal(stdout, "");
  assert.match(stderr, /^pgmigrate runs PostgreSQL migrations/);
});

Deno.test("a terminal that says it has no columns is not written to as a narrow one", async () => {
  await withDirectory(async (directory) => {
    const line = `SELECT ${"1, ".repeat(25)}1; COMMIT;`;
    await Deno.writeTextFile(`${directory}/001_a.sql`, `${line}\n`);
    const text = async (columns: number | null) => {
      const { stdout, stderr } = await run(["lint", "-m", directory], { columns });
      return stdout + stderr;
    };
    assert.ok((await text(0)).includes(line));
    assert.ok(!(await text(60)).includes(line));
  });
});

Deno.test("of an option that may be given more than once all count, of any other the last", async () => {
  await withDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/001_a.sql`, "CREATE TABLE a (n int);\nCOMMIT;\n");
    const lint = async (...args: readonly string[]) =>
      (await run(["lint", "-m", directory, "--json", ...args])).exitCode;
    assert.equal(await lint("--rule", "transaction-in-file", "--rule", "unused-ignore"), 7);
    assert.equal(await lint("--rule", "unused-ignore"), 0);
    assert.equal(await lint("--postgres-version", "99", "--postgres-version", "15"), 7);
  });
});

Deno.test("a list on stdin is read where the command line says so, and nowhere else", async () => {
  await withDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/001_a.sql`, "CREATE TABLE a (n int);\nCOMMIT;\n");
    const readInput = () => Promise.resolve(`${directory}/001_a.sql\n`);
    assert.equal((await run(["lint", "-m", "nowhere", "-"], { readInput })).exitCode, 7);
    const never = () => Promise.reject(new Error("nobody asked for stdin"));
    assert.equal((await run(["lint", "-m", directory], { readInput: never })).exitCode, 7);
  });
});

Deno.test("help is an answer, however it is asked for, and whatever else is wrong", async () => {
  const general = await run(["--help"]);
  assert.deepEqual({ ...general, stdout: "" }, { exitCode: 0, stdout: "", stderr: "" });
  assert.deepEqual(await run(["help"]), general);
  assert.deepEqual(await run(["-h", "--env-file", "missing"]), general);
  const up = await run(["up", "--help"]);
  assert.match(up.stdout, /^pgmigrate up: /);
  for (const args of [["help", "up"], ["-h", "up"], ["up", "--nonsense", "-h"]]) assert.deepEqual(await run(args), up);
});

Deno.test("--version prints the version, and with --verbose what it runs on", async () => {
  assert.deepEqual(await run(["--version"]), { exitCode: 0, stdout: `pgmigrate ${PROGRAM_VERSION}\n`, stderr: "" });
  assert.match((await run(["-v", "--version"])).stdout, /^pgmigrate \S+\nDeno 0\.0\.0\n$/);
});

Deno.test("what is wrong with a command line exits with 2 and says what to write", async () => {
  const cases: [string[], RegExp][] = [
    [["upp"], /^error: Unknown command: "upp"\nhint: Did you mean up\?\n$/],
    [["rollback"], /Unknown command: "rollback"\nhint: pgmigrate --help lists the commands/],
    [["help", "statsu"], /Did you mean status\?/],
    [["help", "up", "down"], /"down"/],
    [["up", "--dryrun"], /Unknown option: --dryrun\nhint: Did you mean --dry-run\?/],
    [["--constructor", "up"], /Unknown option: --constructor/],
    [["up", "--__proto__=x"], /Unknown option: --__proto__/],
    [["up", "-x"], /Unknown option: -x\nhint: pgmigrate up --help/],
    [["status", "--dry-run"], /pgmigrate status has no option --dry-run\nhint: It belongs to pgmigrate up/],
    [["up", "--to"], /--to needs a value\nhint: Write --to VERSION/],
    [["up", "--to", "--dry-run"], /--to needs a value/],
    [["up", "--to="], /--to needs a value/],
    [["up", "-d", ""], /-d needs a value/],
    [["up", "--dry-run=yes"], /--dry-run takes no value/],
    [["up", "--to", "0"], /--to is not a version: "0"/],
    [["up", "--lock-wait", "5"], /--lock-wait is not a duration: "5"\nhint: .*5s/],
    [["up", "extra"], /pgmigrate up does not know what to do with "extra"/],
    [["new"], /pgmigrate new needs a NAME/],
    [["new", ""], /pgmigrate new needs a NAME/],
    [["new", "add", "email"], /"email"/],
    [["status", "--table", "a.b.c"], /--table is not a table name: "a\.b\.c"/],
    [["status", "--format", "jsn"], /--format cannot be "jsn"\nhint: Did you mean json\?/],
    [["status", "--color=sometimes"], /--color cannot be "sometimes"/],
    [["status", "--env-file", "missing.env"], /missing\.env/],
  ];
  for (const [args, expected] of cases) {
    const { exitCode, stdout, stderr } = await run(args);
    assert.match(stderr, expected);
    assert.deepEqual({ exitCode, stdout }, { exitCode: 2, stdout: "" }, args.join(" "));
  }
});

Deno.test("a wrong value in the environment names its variable", async () => {
  assert.match(
    (await run(["status"], { env: { PGMIGRATE_FORMAT: "xml" } })).stderr,
    /PGMIGRATE_FORMAT cannot be "xml"/,
  );
  assert.match(
    (await run(["status"], { env: { PGMIGRATE_TABLE: "a-b" } })).stderr,
    /PGMIGRATE_TABLE is not a table name/,
  );
});

Deno.test("a password in the wrong place of a command line is not repeated", async () => {
  const url = "postgres://app:hunter2@host/db";
  const lines = [[url], ["up", url], [`--url=${url}`, "up"], ["up", "--to", url], ["status", "--table", url], [
    "-v",
    "up",
    "--color",
    url,
  ]];
  for (const args of lines) {
    for (const format of ["human", "json", "github"]) {
      const { exitCode, stdout, stderr } = await run([...args, "--format", format]);
      assert.equal(exitCode, 2);
      assert.doesNotMatch(stdout + stderr, /hunter2/, args.join(" "));
    }
  }
});

Deno.test("with --json, an error in the command line is JSON too, and the result comes last", async () => {
  for (
    const [args, env, command] of [
      [["up", "--nonsense", "--json"], {}, "up"],
      [["--format=json", "upp"], {}, null],
      [["up", "--to", "x"], { PGMIGRATE_FORMAT: "json" }, "up"],
      [["--json"], {}, null],
    ] as const
  ) {
    const { exitCode, stdout, stderr } = await run(args, { env });
    const [error, result] = parsed(stdout);
    assert.equal(stderr, "");
    assert.equal(error!["event"], "error");
    assert.deepEqual(result, { event: "result", command, ok: false, exit_code: 2 });
    assert.equal(exitCode, 2);
  }
});

Deno.test("an error in the command line is coloured as --color says, and a wrong value of it leaves that to the terminal", async () => {
  const cases: readonly [args: readonly string[], colored: boolean][] = [
    [["up", "--nonsense"], false],
    [["up", "--nonsense", "--color", "always"], true],
    [["--color=always", "upp"], true],
    [["upp", "--color=always", "--color=never"], false],
    [["up", "--color=always", "--color=sometimes"], false],
    [["up", "--color=always", "--env-file", "missing.env"], true],
    [["up", "--color=always", "--table", "a.b.c"], true],
  ];
  for (const [args, colored] of cases) {
    const { stderr } = await run(args);
    assert.equal(stderr.includes("\x1b["), colored, args.join(" "));
  }
  const stderr: string[] = [];
  const terminal = { isTerminal: true, write: (text: string) => void stderr.push(text) };
  await run(["up", "--nonsense", "--color", "never"], { stderr: terminal });
  assert.deepEqual(stderr.filter((text) => text.includes("\x1b[")), []);
});

Deno.test("options stand before and after the command, joined or not, and the last of a repeated one counts", async () => {
  await withDirectory(async (directory) => {
    const lines = [
      ["-m", "elsewhere", "new", "a b", "-m", `${directory}/1`],
      [`--migrations=${directory}/1`, "new", "a b"],
      [`-m${directory}/1`, "new", "a b"],
      ["new", `-m=${directory}/1`, "--", "a b"],
    ];
    for (const args of lines) {
      const { exitCode, stdout, stderr } = await run(args);
      assert.deepEqual({ exitCode, stdout, stderr }, {
        exitCode: 0,
        stdout: `${directory}/1/001_a_b.sql\n`,
        stderr: "",
      });
      await Deno.remove(`${directory}/1`, { recursive: true });
    }
  });
});

Deno.test("variables give what options do not, and real ones win over those of --env-file", async () => {
  await withDirectory(async (directory) => {
    const files = { "ci.env": `PGMIGRATE_MIGRATIONS=${directory}/file\nPGMIGRATE_FORMAT=json\n` };
    const fromFile = await run(["--env-file", "ci.env", "new", "x"], { files });
    assert.equal(parsed(fromFile.stdout).at(-1)!["file"], `${directory}/file/001_x.sql`);
    const env = { PGMIGRATE_MIGRATIONS: `${directory}/real`, PGMIGRATE_FORMAT: "human" };
    assert.equal(
      (await run(["--env-file", "ci.env", "new", "x"], { files, env })).stdout,
      `${directory}/real/001_x.sql\n`,
    );
    const option = await run(["new", "x", "-m", `${directory}/option`], { env });
    assert.equal(option.stdout, `${directory}/option/001_x.sql\n`);
  });
});

Deno.test("no database given exits with 2 and shows the ways to give one", async () => {
  const { exitCode, stderr } = await run(["status", "-m", "."], { env: { PGUSER: "app", DATABASE_URL: "" } });
  assert.equal(exitCode, 2);
  assert.match(stderr, /DATABASE_URL=.*--database-url.*embedded:/);
});

Deno.test("what was thrown where no one could catch it is a defect: exit 1, its stack only with --verbose", async () => {
  const thrown = () => Promise.reject(new TypeError("Invalid URL: 'postgres://u:hunter2@h'"));
  const args = ["status", "-m", "."];
  const brief = await run(args, { uncaught: thrown() });
  assert.equal(brief.exitCode, 1);
  assert.match(
    brief.stderr,
    /^error: pgmigrate has a defect: Invalid URL: 'postgres:\/\/u:\*\*\*@h'\nhint: .*--verbose/,
  );
  assert.doesNotMatch(brief.stderr, /hunter2|run_cli_test/);
  const verbose = await run([...args, "--verbose"], { uncaught: thrown() });
  assert.match(verbose.stderr, /run_cli_test/);
  assert.doesNotMatch(verbose.stderr, /hunter2/);
  const json = await run([...args, "--json"], { uncaught: thrown() });
  assert.deepEqual(parsed(json.stdout).map((line) => line["code"] ?? line["exit_code"]), ["internal-error", 1]);
});

Deno.test("whatever breaks after an interrupt counts as the interrupt", async () => {
  for (const [signal, expected] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
    const reason = interrupted(signal);
    const { exitCode, stderr } = await run(["status", "-m", "."], {
      signal: AbortSignal.abort(reason),
      uncaught: Promise.reject(new Error("socket closed")),
    });
    assert.equal(exitCode, expected);
    assert.match(stderr, new RegExp(`Interrupted by ${signal}`));
  }
});
