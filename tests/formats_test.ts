import assert from "node:assert/strict";
import { assertDone, createProject, jsonLines, type Line } from "./pgmigrate.ts";
import type { Outcome } from "./program.ts";
import { sharedServer } from "./servers/mod.ts";

const server = await sharedServer("15");

const FILES = {
  "001_a.sql": "CREATE TABLE a (n int);\n",
  "002_b.sql": "-- nothing\n",
  "003_c.sql": "SELECT missing FROM a;\n",
};

const KEY = /^[a-z]+(_[a-z]+)*$/;

/** What every line of JSON keeps to, whatever the command. */
function assertWellFormed(command: string, { code, stdout, stderr }: Outcome): readonly Line[] {
  assert.equal(stderr, "", command);
  const lines = jsonLines(stdout);
  for (const line of lines) {
    for (const [key, value] of Object.entries(line)) {
      assert.match(key, KEY, command);
      if (key === "version") assert.ok(value === null || /^\d+$/.test(value as string), `${command}: ${key} ${value}`);
    }
  }
  const results = lines.filter(({ event }) => event === "result");
  assert.deepEqual(results, [lines.at(-1)], `${command}: one result, and it is last`);
  const { ok, exit_code, command: named } = results[0]!;
  assert.deepEqual({ ok, exit_code, named }, { ok: code === 0, exit_code: code, named: command.split(" ")[0] });
  if (code !== 0 && code !== 6 && command !== "verify") {
    const errors = lines.filter(({ event }) => event === "error");
    assert.ok(errors.length > 0, `${command}: an error is told`);
    for (const error of errors) assert.match(String(error.code), /^[a-z]+(-[a-z0-9]+)*$/);
  }
  return lines;
}

Deno.test("every command keeps to the contract of --json, when it succeeds and when it fails", async () => {
  await using project = await createProject(server, FILES);
  const commands: readonly (readonly [string, number])[] = [
    ["status", 0],
    ["status --exit-code", 6],
    ["verify", 0],
    ["up --dry-run", 0],
    ["up", 1],
    ["up --to 2", 0],
    ["verify", 0],
    ["new next", 0],
    ["new --revert 1", 0],
    ["new --revert 99", 2],
    ["status -m nowhere", 2],
    ["verify --table nowhere.t", 2],
  ];
  for (const [command, exitCode] of commands) {
    const outcome = await project.run([...command.split(" "), "--json"]);
    assert.equal(outcome.code, exitCode, `${command}\n${outcome.stdout}`);
    assertWellFormed(command, outcome);
  }
  await project.directory.write("001_a.sql", "CREATE TABLE a ();\n");
  const edited = await project.run(["verify", "--format=json"]);
  assert.equal(edited.code, 3);
  assertWellFormed("verify", edited);
});

Deno.test("--quiet leaves errors and the answer, in every format", async () => {
  await using project = await createProject(server, FILES);
  const human = await project.run(["up", "-q", "--to", "2"]);
  assertDone(human);
  assert.equal(human.stderr, "");
  assert.match(human.stdout, /^Applied 2 migrations in /);
  const github = await project.run(["up", "-q", "--format", "github"]);
  assert.equal(github.code, 1);
  assert.match(github.stderr.trimStart(), /^error: column "missing" does not exist \[42703\]\n/);
  assert.match(github.stdout, /^::error file=migrations\/003_c\.sql,line=1,col=8,[^\n]*\n$/);
});

Deno.test("--format github warns at the file and puts a file outside the root where it is", async () => {
  await using project = await createProject(server, FILES);
  const { code, stdout } = await project.run(["up", "--format", "github", "-m", "./migrations/"]);
  assert.equal(code, 1);
  const commands = stdout.split("\n").filter((line) => line.startsWith("::"));
  assert.equal(commands.length, 2, stdout);
  assert.match(commands[0]!, /^::warning file=migrations\/002_b\.sql,title=[^:]*::/);
  assert.match(commands[1]!, /^::error file=migrations\/003_c\.sql,line=1,col=8,title=[^:]*::/);
});

Deno.test("text of the server or of a file name cannot forge a workflow command, a line of JSON or a colour", async () => {
  const forged = 'x\n::error file=/etc/passwd::forged\r\n{"event":"result"}\x1b[31m';
  await using project = await createProject(server, {
    "001_a.sql": `DO $$ BEGIN RAISE NOTICE '%', '${forged}'; RAISE WARNING '%', '${forged}';\n` +
      `RAISE EXCEPTION '%', '${forged}' USING DETAIL = '${forged}', HINT = '${forged}'; END $$;\n`,
  });
  for (const format of ["human", "github"]) {
    const { code, stdout, stderr } = await project.run(["up", "--format", format]);
    assert.equal(code, 1);
    for (const line of (stdout + stderr).split("\n")) {
      assert.doesNotMatch(line, /^::error file=\/etc|^\{"event"/, format);
      // deno-lint-ignore no-control-regex -- what must not be there
      assert.doesNotMatch(line, /\x1b|\r/, format);
    }
  }
  const json = await project.run(["up", "--json"]);
  assert.equal(jsonLines(json.stdout).filter(({ event }) => event === "result").length, 1);
});
