import assert from "node:assert/strict";
import { jsonLines } from "./pgmigrate.ts";
import { runProgram } from "./program.ts";

const COMMANDS = ["up", "status", "verify", "new", "check"];

for (const command of COMMANDS) {
  Deno.test(`pgmigrate ${command} --help explains the command on stdout, with examples`, async () => {
    const { code, stdout, stderr } = await runProgram([command, "--help"]);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    assert.match(stdout, new RegExp(`^pgmigrate ${command}: `));
    assert.match(stdout, new RegExp(`\\nExamples:\\n {2}pgmigrate ${command}`));
    assert.match(stdout, /\n +-d, --database-url URL /);
    const longest = Math.max(...stdout.split("\n").map((line) => line.length));
    assert.ok(longest <= 110, `a line of ${longest} characters`);
  });
}

Deno.test("pgmigrate --help lists the commands on stdout", async () => {
  const { code, stdout, stderr } = await runProgram(["-h"]);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  for (const command of COMMANDS) assert.match(stdout, new RegExp(`\\n {2}${command}\\b`));
});

Deno.test("pgmigrate alone prints its help and exits with 2", async () => {
  const { code, stdout, stderr } = await runProgram([]);
  assert.deepEqual({ code, stdout }, { code: 2, stdout: "" });
  assert.match(stderr, /^pgmigrate runs PostgreSQL migrations/);
});

Deno.test("pgmigrate --version prints one line", async () => {
  const { code, stdout, stderr } = await runProgram(["--version"]);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  assert.match(stdout, /^pgmigrate \d+\.\d+\.\d+\n$/);
});

const MISTAKES: readonly (readonly [readonly string[], RegExp])[] = [
  [["stauts"], /^error: Unknown command: "stauts"\nhint: Did you mean status\?\n$/],
  [["migrate-all-the-things"], /^error: Unknown command: .*\nhint: pgmigrate --help lists the commands\.\n$/],
  [["up", "--dry-rnu"], /^error: Unknown option: --dry-rnu\nhint: Did you mean --dry-run\?\n$/],
  [["up", "--strict"], /^error: pgmigrate up has no option --strict\nhint: It belongs to pgmigrate verify\b.*\.\n$/],
  [["up", "--format", "jsno"], /^error: --format cannot be "jsno"\nhint: Did you mean json\?/],
  [["up", "--to"], /^error: --to needs a value\n/],
  [["up", "--to", "four"], /^error: --to is not a version: "four"\n/],
  [["up", "--lock-wait", "5"], /^error: --lock-wait is not a duration: "5"\n/],
  [["up", "--lock-attempts", "0"], /^error: --lock-attempts is not a number of attempts: "0"\nhint: .*from 1/],
  [["up", "extra"], /^error: pgmigrate up does not know what to do with "extra"\n/],
  [["new"], /^error: pgmigrate new needs a NAME\n/],
  [["up", "--dry-run=yes"], /^error: --dry-run takes no value\n/],
  [["up", "--table", "a.b.c"], /^error: --table is not a table name: "a\.b\.c"/],
];

for (const [args, message] of MISTAKES) {
  Deno.test(`pgmigrate ${args.join(" ")} is a mistake that is explained on stderr, with exit code 2`, async () => {
    const { code, stdout, stderr } = await runProgram(args);
    assert.deepEqual({ code, stdout }, { code: 2, stdout: "" });
    assert.match(stderr, message);
  });
}

Deno.test("a mistake is told in JSON where JSON was asked for", async () => {
  const { code, stdout, stderr } = await runProgram(["up", "--json", "--dry-rnu"]);
  assert.deepEqual({ code, stderr }, { code: 2, stderr: "" });
  assert.deepEqual(jsonLines(stdout), [
    { event: "error", code: "unknown-option", message: "Unknown option: --dry-rnu", hint: "Did you mean --dry-run?" },
    { event: "result", command: "up", ok: false, exit_code: 2 },
  ]);
});

Deno.test("pgmigrate alone has a result in JSON too", async () => {
  const { code, stdout } = await runProgram(["--json"]);
  assert.equal(code, 2);
  assert.deepEqual(jsonLines(stdout).map(({ event }) => event), ["error", "result"]);
});
