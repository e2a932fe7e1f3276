import assert from "node:assert/strict";
import { Failure } from "../errors/failure.ts";
import type { Event, MigrationListed, State } from "../events.ts";
import { githubRenderer } from "./github.ts";
import type { RenderOptions } from "./renderer.ts";

const OPTIONS: RenderOptions = {
  color: { stdout: false, stderr: false },
  live: true,
  quiet: false,
  verbose: false,
  columns: 80,
  migrations: "./db/migrations/",
};

/** The lines that a series of events writes to stdout, and all of stderr. */
function render(events: readonly Event[], options: Partial<RenderOptions> = {}) {
  const renderer = githubRenderer({ ...OPTIONS, ...options });
  const written = { stdout: "", stderr: "" };
  for (const event of events) for (const { stream, text } of renderer(event)) written[stream] += text;
  return { commands: written.stdout.split("\n").filter((line) => line.startsWith("::")), ...written };
}

function listed(state: State, rest: Partial<MigrationListed> = {}): MigrationListed {
  return { event: "migration", version: 2n, name: "2_x.sql", state, appliedAt: null, checksum: null, ...rest };
}

function result(ok: boolean): Event {
  return { event: "result", command: "verify", ok, exitCode: ok ? 0 : 3, answer: null };
}

Deno.test("github: an error is annotated at its place, and told to people as well", () => {
  const failure = new Failure("migration-failed", 1, 'column "x" does not exist', {
    sqlstate: "42703",
    place: { file: "./db/migrations/2_x.sql", line: 7, column: 31, sourceLine: "SELECT x" },
    hint: "100% sure",
    state: "Nothing was kept.",
  });
  const { commands, stderr } = render([{ event: "error", failure }]);
  assert.deepEqual(commands, [
    "::error file=db/migrations/2_x.sql,line=7,col=31,title=pgmigrate%3A migration-failed::" +
    'column "x" does not exist [42703]%0A100%25 sure%0ANothing was kept.',
  ]);
  assert.match(stderr, /^error: column "x" does not exist \[42703\]\n {2}--> /);
});

Deno.test("github: what verify finds is an error where the command failed, and else a warning", () => {
  const events = [
    listed("edited", { edit: { kind: "sql", lines: [] } }),
    listed("missing"),
    listed("applied"),
    listed("pending"),
  ];
  assert.deepEqual(render([...events, result(false)]).commands, [
    "::error file=db/migrations/2_x.sql,title=pgmigrate%3A edited::2_x.sql was edited after it was applied: the SQL changed",
    "::error title=pgmigrate%3A missing::2_x.sql was applied, and its file is missing",
  ]);
  assert.match(render([listed("unrecorded"), result(true)]).commands.join(), /^::warning file=db/);
  assert.match(
    render([listed("applied", { renamedFrom: "2_y.sql" }), result(true)]).commands.join(),
    /applied as 2_y\.sql$/,
  );
});

Deno.test("github: warnings of ours and of the server are annotations, notices are not", () => {
  const events: readonly Event[] = [
    { event: "warning", code: "renamed", message: "renamed", file: "db/migrations/2_x.sql" },
    { event: "notice", severity: "WARNING", message: "careful", version: 2n, name: "2_x.sql" },
    { event: "notice", severity: "NOTICE", message: "skipping" },
  ];
  assert.deepEqual(render(events).commands, [
    "::warning file=db/migrations/2_x.sql,title=pgmigrate%3A renamed::renamed",
    "::warning file=db/migrations/2_x.sql,title=pgmigrate%3A warning of the server::careful",
  ]);
  assert.deepEqual(render(events, { quiet: true }).commands, []);
});

Deno.test("github: hostile text can neither end a command nor begin one", () => {
  const hostile = "a%0A\r\n::add-mask::b,line=1::c\x1b[2J\u202e ##[error]d\n   ::stop-commands::e";
  const failure = new Failure("x", 1, hostile, { file: hostile, items: [hostile], detail: hostile });
  const events: readonly Event[] = [
    { event: "error", failure },
    { event: "notice", severity: "WARNING", message: hostile, name: hostile },
    listed("edited", { name: hostile }),
    result(false),
  ];
  const { stdout, stderr, commands } = render(events);
  assert.equal(commands.length, 3);
  for (const command of commands) {
    const properties = command.replace(/^::\w+ /, "").split("::")[0]!;
    const keys = properties.split(",").map((property) => property.split("=")[0]);
    assert(keys.every((key) => key === "file" || key === "title"), properties);
    assert.doesNotMatch(command, /%(?!25|0A|0D|3A|2C)/);
    assert.doesNotMatch(command, /[\p{Cc}\u202e]/u);
  }
  for (const line of `${stdout}${stderr}`.split("\n")) {
    assert(commands.includes(line) || !line.trim().startsWith("::"), line);
    assert(commands.includes(line) || !line.includes("##["), line);
  }
});

Deno.test("github: there is no live line in a log", () => {
  const { stderr } = render([{ event: "migration_started", version: 1n, name: "1_a.sql", index: 1, total: 1 }]);
  assert.equal(stderr, "");
});
