import assert from "node:assert/strict";
import { Failure } from "../errors/failure.ts";
import type { Event, Finding, LintResult } from "../events.ts";
import { sarifRenderer } from "./sarif.ts";

const OPTIONS = {
  color: { stdout: false, stderr: false },
  live: false,
  quiet: false,
  verbose: false,
  columns: null,
  migrations: "m",
};

const RULE = {
  id: "add-fk-valid",
  severity: "warning",
  fires: "a foreign key",
  why: "It waits.",
  instead: "Do not.",
  source: "https://www.postgresql.org/docs/current/sql-altertable.html",
} as const;

const ANSWER: LintResult = {
  command: "lint",
  files: 1,
  unreadable: 0,
  findings: { error: 0, warning: 1, info: 0 },
  fixed: [],
  mended: 0,
  fixable: 0,
  rules: [RULE],
};

function finding(file: string, sourceLine = "x"): Finding {
  const span = { file, line: 2, column: 4, endLine: 3, endColumn: 8, sourceLine };
  return { event: "finding", rule: RULE.id, severity: "warning", span, message: "It waits.", safeForm: "SELECT 1;" };
}

function render(events: readonly Event[], exitCode = 7) {
  const renderer = sarifRenderer(OPTIONS);
  const result: Event = { event: "result", command: "lint", ok: false, exitCode, answer: ANSWER };
  const writes = [...events, result].flatMap(renderer);
  const text = (stream: string) => writes.filter((one) => one.stream === stream).map((one) => one.text).join("");
  return { document: JSON.parse(text("stdout")), stdout: text("stdout"), stderr: text("stderr") };
}

Deno.test("sarifRenderer() writes one document of one run", () => {
  const { document, stderr } = render([finding("m/1_a.sql")]);
  const [run] = document.runs;
  assert.equal(stderr, "");
  assert.deepEqual(run.tool.driver.rules[0], {
    id: RULE.id,
    shortDescription: { text: "a foreign key" },
    fullDescription: { text: "It waits." },
    help: {
      text: "It waits.\n\nDo not.\n\nMore: docs/rules/add-fk-valid.md",
      markdown: "It waits.\n\n**Instead:** Do not.\n\nMore: `docs/rules/add-fk-valid.md`",
    },
    helpUri: RULE.source,
    defaultConfiguration: { level: "warning" },
  });
  const [{ partialFingerprints: _, ...result }] = run.results;
  assert.deepEqual(result, {
    ruleId: RULE.id,
    ruleIndex: 0,
    level: "warning",
    message: { text: "It waits.\n\nInstead:\n\nSELECT 1;" },
    locations: [{
      physicalLocation: {
        artifactLocation: { uri: "m/1_a.sql", uriBaseId: "%SRCROOT%" },
        region: { startLine: 2, startColumn: 4, endLine: 3, endColumn: 8, snippet: { text: "x" } },
      },
    }],
  });
});

Deno.test("sarifRenderer() gives findings of one kind in one place different fingerprints, wherever their lines are", () => {
  const prints = (...findings: Finding[]) =>
    render(findings).document.runs[0].results.map((one: { partialFingerprints: object }) =>
      JSON.stringify(one.partialFingerprints)
    );
  const [first, second, third] = prints(finding("m/1_a.sql"), finding("m/1_a.sql"), finding("m/2_b.sql"));
  assert.equal(new Set([first, second, third]).size, 3);
  const moved = finding("m/1_a.sql", "  x");
  assert.deepEqual(prints({ ...moved, span: { ...moved.span, line: 9 } }), [first]);
});

Deno.test("sarifRenderer() writes paths as URIs", () => {
  const uris = ["./m/1 a.sql", "m\\1_é.sql", "/home/x/1_a.sql", "C:\\x\\1_a.sql"].map((file) =>
    render([finding(file)]).document.runs[0].results[0].locations[0].physicalLocation.artifactLocation.uri
  );
  assert.deepEqual(uris, ["m/1%20a.sql", "m/1_%C3%A9.sql", "file:///home/x/1_a.sql", "file:///C:/x/1_a.sql"]);
});

Deno.test("sarifRenderer() takes an error with a place for a result, and one without for trouble of the tool", () => {
  const place = { file: "m/1_a.sql", line: 1, column: 3, sourceLine: "SELEC" };
  const { document, stderr } = render([
    { event: "error", failure: new Failure("syntax-error", 7, "Syntax error", { place, hint: "Mend it." }) },
    { event: "error", failure: new Failure("file-unreadable", 2, "Cannot read x") },
  ], 2);
  const [{ results, invocations, tool }] = document.runs;
  assert.equal(results[0].message.text, "Syntax error\n\nMend it.");
  assert.equal(tool.driver.rules[results[0].ruleIndex].id, "syntax-error");
  assert.deepEqual(invocations, [{
    executionSuccessful: false,
    exitCode: 2,
    toolExecutionNotifications: [
      { level: "error", message: { text: "Cannot read x" }, descriptor: { id: "file-unreadable" } },
    ],
  }]);
  assert.match(stderr, /^error: Syntax error\n.*error: Cannot read x\n$/s);
});

Deno.test("sarifRenderer() shows nothing of a password, and nothing that a CI server acts on", () => {
  const { stdout } = render([finding("m/1_##[error]x.sql", "CREATE ROLE a PASSWORD 'hunter2' \x1b[2J ##[error]")]);
  assert.doesNotMatch(stdout, /hunter2|\p{Cc}(?<!\n)|##\[/u);
});
