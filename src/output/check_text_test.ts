import assert from "node:assert/strict";
import type { CheckResult, Event, MigrationChecked } from "../events.ts";
import { checkClosing, checkedLine } from "./check_text.ts";
import { githubRenderer } from "./github.ts";
import { humanRenderer } from "./human.ts";
import { jsonRenderer } from "./json.ts";
import { ProofText } from "./proof_text.ts";
import { Failure } from "../errors/failure.ts";
import { sarifRenderer } from "./sarif.ts";
import { style } from "./style.ts";

function checked(state: MigrationChecked["state"], rest: Partial<MigrationChecked> = {}): MigrationChecked {
  return { event: "migration_checked", version: 2n, name: "2_b.sql", state, reason: null, line: null, ...rest };
}

function answer(rest: Partial<CheckResult> = {}): CheckResult {
  return {
    command: "check",
    versions: { passed: [1n, 2n], failed: [], inconclusive: [] },
    findings: { error: 0, warning: 0, info: 0 },
    durationMs: 1200,
    rules: [],
    linted: 2,
    postgresVersion: "18.3",
    embedded: true,
    sums: null,
    failure: null,
    ...rest,
  };
}

const OPTIONS = {
  color: { stdout: false, stderr: false },
  live: false,
  quiet: true,
  verbose: false,
  columns: null,
  migrations: "db",
};

Deno.test("check tells the state of a migration in a column, and why it is not known", () => {
  const plain = style(false);
  assert.equal(checkedLine(checked("passed"), plain), "passed        2_b.sql");
  assert.equal(
    checkedLine(checked("inconclusive", { reason: "needs\nthe role web", line: 3 }), plain),
    "inconclusive  2_b.sql: needs\\nthe role web (line 3)",
  );
  assert.equal(
    checkedLine(checked("inconclusive", { reason: "1_a.sql failed" }), style(true)),
    "\x1b[33minconclusive\x1b[39m  2_b.sql: 1_a.sql failed",
  );
});

Deno.test("check closes with how many passed and where, and with what to do about the others", () => {
  assert.deepEqual(checkClosing(answer()), ["2 migrations passed on PostgreSQL 18.3 (embedded) in 1.2 s."]);
  assert.deepEqual(checkClosing(answer({ versions: { passed: [1n], failed: [], inconclusive: [2n] } })), [
    "1 of 2 migrations passed on PostgreSQL 18.3 (embedded) in 1.2 s; 1 is inconclusive.",
    "Nothing is known of what is inconclusive. To try it on a server: pgmigrate check --database-url URL",
  ]);
  const findings = { error: 1, warning: 2, info: 0 };
  assert.equal(
    checkClosing(answer({ findings }))[0],
    "lint: 1 error and 2 warnings. If some of these files were applied already: with --base or --sums, only new ones " +
      "are linted.",
  );
  assert.equal(checkClosing(answer({ findings, linted: 1 }))[0], "lint: 1 error and 2 warnings.");
  const failed = { passed: [1n], failed: [2n, 4n], inconclusive: [3n, 5n] };
  assert.deepEqual(checkClosing(answer({ versions: failed, embedded: false, sums: "main.sums" })), [
    "1 of 5 migrations passed on PostgreSQL 18.3 in 1.2 s; 2 failed and 2 are inconclusive.",
    "Wrote the checksums of 5 migrations to main.sums",
  ]);
});

Deno.test("check -q tells what did not pass, and the closing sentence", () => {
  const events: readonly Event[] = [
    checked("passed"),
    checked("failed"),
    { event: "result", command: "check", ok: true, exitCode: 0, answer: answer() },
  ];
  const render = humanRenderer(OPTIONS, new ProofText(OPTIONS));
  assert.deepEqual(events.flatMap((event) => render(event)).map(({ text }) => text), [
    "failed        2_b.sql\n",
    "2 migrations passed on PostgreSQL 18.3 (embedded) in 1.2 s.\n",
  ]);
});

Deno.test("check tells some of many migrations that stand behind one that failed, and how many more there are", () => {
  const render = humanRenderer(OPTIONS, new ProofText(OPTIONS));
  const behind = checked("inconclusive", { reason: "1_a.sql failed" });
  const error: Event = { event: "error", failure: new Failure("migration-failed", 7, "It failed") };
  const writes = [checked("failed"), ...Array.from({ length: 7 }, () => behind), error].flatMap((event) =>
    render(event)
  );
  assert.deepEqual(writes.filter(({ stream }) => stream === "stdout").map(({ text }) => text), [
    "failed        2_b.sql\n",
    ...Array.from({ length: 3 }, () => "inconclusive  2_b.sql: 1_a.sql failed\n"),
    "              … and 4 more that could not be tried\n",
  ]);
});

Deno.test("check warns on GitHub at the line for which a migration is inconclusive, and not of those behind it", () => {
  const render = githubRenderer({ ...OPTIONS, quiet: false });
  const events = [
    checked("inconclusive", { reason: "needs the role web", line: 3 }),
    checked("inconclusive", { reason: "1_a.sql failed" }),
  ];
  const commands = events.flatMap((event) => render(event)).filter(({ text }) => text.startsWith("::"));
  assert.deepEqual(commands.map(({ text }) => text), [
    "::warning file=db/2_b.sql,line=3,title=pgmigrate%3A inconclusive::2_b.sql is inconclusive: needs the role web\n",
  ]);
});

Deno.test("check has a line of JSON for each migration, and the versions by state in its result", () => {
  const render = jsonRenderer({ verbose: false });
  const lines = [
    checked("inconclusive", { reason: "needs the role web", line: 3 }),
    { event: "result", command: "check", ok: true, exitCode: 0, answer: answer({ sums: "s" }) } as const,
  ].flatMap((event) => render(event)).map(({ text }) => JSON.parse(text));
  assert.deepEqual(lines, [
    {
      event: "migration",
      version: "2",
      name: "2_b.sql",
      state: "inconclusive",
      reason: "needs the role web",
      line: 3,
    },
    {
      event: "result",
      command: "check",
      ok: true,
      exit_code: 0,
      passed: ["1", "2"],
      failed: [],
      inconclusive: [],
      linted: 2,
      findings: { error: 0, warning: 0, info: 0 },
      postgres_version: "18.3",
      embedded: true,
      sums: "s",
      duration_ms: 1200,
    },
  ]);
});

Deno.test("check writes SARIF of files as a whole, and of the lines for which a migration is inconclusive", () => {
  const render = sarifRenderer(OPTIONS);
  const events: readonly Event[] = [
    checked("inconclusive", { reason: "needs the role web", line: 3 }),
    checked("inconclusive", { reason: "1_a.sql failed" }),
    { event: "error", failure: new Failure("base-edited", 7, "1_a.sql was edited", { file: "db/1_a.sql" }) },
    { event: "result", command: "check", ok: false, exitCode: 7, answer: answer() },
  ];
  const text = events.flatMap((event) => render(event)).filter(({ stream }) => stream === "stdout")[0]!.text;
  const [{ results, invocations }] = JSON.parse(text).runs;
  assert.deepEqual(invocations[0].toolExecutionNotifications, []);
  assert.deepEqual(
    results.map((
      { ruleId, level, message, locations }: Record<string, unknown>,
    ) => [ruleId, level, message, locations]),
    [
      ["inconclusive", "note", { text: "2_b.sql is inconclusive: needs the role web" }, [{
        physicalLocation: {
          artifactLocation: { uri: "db/2_b.sql", uriBaseId: "%SRCROOT%" },
          region: { startLine: 3 },
        },
      }]],
      ["base-edited", "error", { text: "1_a.sql was edited" }, [{
        physicalLocation: { artifactLocation: { uri: "db/1_a.sql", uriBaseId: "%SRCROOT%" } },
      }]],
    ],
  );
});
